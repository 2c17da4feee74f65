//! An HTTP answer of Meta's, read as the answer to each of the calls: a status and headers, an empty line, the body.
//! Rules: no error repeats a token; a refusal needs an answer in JSON; only a good answer makes a token alive; a known
//! answer is recognised; the call budget survives a restart; memory is bounded.

#![no_main]

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use perennial::graph_api::fuzzing::{Meanings, meanings};
use perennial::graph_api::{Budget, Description, Error, Inspection, Question, Usage};
use perennial::secret::Secret;
use perennial_fuzz::memory::bounded;
use perennial_fuzz::text::{contains, parted, split};

const APP_ID: &str = "257422819769992";
/// Stands in for a token. Because of the dot, it is never shown as an `fbtrace_id`.
const TOKEN: &str = "EAAcanary.0123456789";
/// An empty object in a list of pages takes this much more in the parser than in the answer.
const MEMORY: usize = 160;

fuzz_target!(|input: &[u8]| {
    let (head, body) = parted(input).unwrap_or((b"200", input));
    let Ok(body) = str::from_utf8(body) else {
        return;
    };
    let (status, headers) = read_head(head);
    let token = Secret::new("EAAb");
    let question = Question {
        token: &token,
        known: None,
    };
    let read = || meanings(status, &headers, body, &question, APP_ID);
    let all = bounded(input.len(), MEMORY, read);
    check_errors(&all, status, body);
    check_secrets(&all);
    check_life(&all, status, &headers, body);
    check_budget(&all.usage);
});

fn read_head(head: &[u8]) -> (u16, HeaderMap) {
    let mut lines = split(head, "\n").into_iter();
    let status = lines.next().and_then(|line| str::from_utf8(line).ok());
    let status = status.and_then(|line| line.trim().parse().ok());
    let headers = lines.filter_map(|line| {
        let at = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..at]).ok()?;
        Some((
            name,
            HeaderValue::from_bytes(line[at + 1..].trim_ascii()).ok()?,
        ))
    });
    (status.unwrap_or(200), headers.collect())
}

fn errors(all: &Meanings) -> Vec<Error> {
    let described = all.described.iter().filter_map(|found| match found {
        Err(error) => Some(error.clone()),
        Ok(Description::Other(inspection, _)) => of_inspection(inspection),
        Ok(Description::Known) => None,
    });
    let used = all.used.iter().filter_map(|found| match found {
        Err(error) => Some(error.clone()),
        Ok(inspection) => of_inspection(inspection),
    });
    let others = [
        all.app.as_ref().err(),
        all.grants[0].as_ref().err(),
        all.grants[1].as_ref().err(),
        all.page_token.as_ref().err(),
        all.pages.as_ref().err(),
        all.permissions.as_ref().err(),
        all.subscribed_fields.as_ref().err(),
        all.profile.as_ref().err(),
    ];
    described
        .chain(used)
        .chain(others.into_iter().flatten().cloned())
        .collect()
}

fn of_inspection(inspection: &Inspection) -> Option<Error> {
    match inspection {
        Inspection::Alive(_) => None,
        Inspection::Refused { rejection, .. } => Some(Error::Refused(rejection.clone())),
        Inspection::Undecided(error) => Some(error.clone()),
    }
}

fn check_errors(all: &Meanings, status: u16, body: &str) {
    let is_object = is_object(body);
    for error in errors(all) {
        let text = format!("{error} {error:?}");
        assert!(!text.contains(TOKEN), "{text}");
        // A page of a proxy must not end a token.
        let refuses = matches!(
            error,
            Error::Refused(_) | Error::App { .. } | Error::Blocked(_)
        );
        assert!(is_object || !refuses, "{status} without JSON: {text}");
        let about_one = error.clone().about_one_token();
        let blames = matches!(about_one, Error::App { .. }) && !error.is_about_version();
        assert!(!blames, "{text} blames the app");
    }
}

fn is_object(body: &str) -> bool {
    let parsed = serde_json::from_str::<&serde_json::value::RawValue>(body);
    parsed.is_ok_and(|value| value.get().starts_with('{'))
}

/// A value that is a token by the call shows in no `Debug`, unless something that is none has the same text.
fn check_secrets(all: &Meanings) {
    for grant in all.grants.iter().flatten() {
        let scopes = grant.scopes.as_str();
        let text = format!("{grant:?}");
        assert!(scopes.contains(TOKEN) || !text.contains(TOKEN), "{text}");
    }
    if let Ok(token) = &all.page_token {
        let text = format!("{token:?}");
        assert!(!text.contains(TOKEN), "{text}");
    }
    if let Ok((pages, next)) = &all.pages {
        let is_open = pages
            .iter()
            .any(|page| page.id.contains('E') || page.name.contains('E'));
        let text = format!("{pages:?}");
        assert!(is_open || !text.contains(TOKEN), "{text}");
        assert!(next.is_none() || !pages.iter().any(|page| page.id.is_empty()));
    }
}

fn check_life(all: &Meanings, status: u16, headers: &HeaderMap, body: &str) {
    for found in all.described.iter().flatten() {
        let Description::Other(inspection, known) = found else {
            panic!("an answer to a new question was taken for a known one");
        };
        let is_alive = matches!(&**inspection, Inspection::Alive(_));
        assert_eq!(is_alive, known.is_some(), "{inspection:?}");
        let Inspection::Alive(facts) = &**inspection else {
            continue;
        };
        assert!(status == 200 && is_object(body), "{status}: {facts:?}");
        assert!(!facts.subject.is_empty(), "{facts:?}");
        let token = Secret::new("EAAb");
        let question = Question {
            token: &token,
            known: *known,
        };
        let again = meanings(status, headers, body, &question, APP_ID);
        assert_eq!(again.described[0], Ok(Description::Known));
    }
    let confirms = all.app.is_ok();
    assert!(!confirms || contains(body.as_bytes(), "is_valid") || contains(body.as_bytes(), "\\u"));
}

fn check_budget(usage: &Usage) {
    let now = Timestamp::from_second(1_773_397_276).expect("a time");
    let mut budget = Budget::default();
    budget.spend(usage, now);
    budget.throttle(usage.regain, now);
    let stored = serde_json::to_string(&budget).expect("JSON");
    let restored: Budget = serde_json::from_str(&stored).expect("what was just written");
    assert_eq!(budget, restored);
    assert!(budget.left(200, now) <= 200);
    let free_at = budget.next_free_at(200, now);
    assert!(free_at.is_none_or(|at| at > now), "{free_at:?}");
}
