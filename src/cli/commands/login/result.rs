//! What came of a login, in sentences, and what to do next.

use crate::api::types::{LoginState, LoginView};
use crate::cli::terminal::style;
use crate::cli::terminal::text::{self, all_of, plain};
use crate::cli::{Answer, Error, Terminal};
use crate::model::LoginError;

pub(super) fn answer(view: &LoginView) -> Answer {
    let is_whole = view.state == LoginState::Done
        && view.broken == 0
        && view.fewer.is_empty()
        && view.mismatch.is_none();
    if is_whole { Answer::Yes } else { Answer::No }
}

pub(super) fn print(view: &LoginView, terminal: &mut Terminal) -> Result<(), Error> {
    let style = match answer(view) {
        Answer::Yes => style::GOOD,
        Answer::No => style::WARNING,
    };
    terminal.print(&style::paint(&plain(&outcome(view)), style))?;
    for line in remarks(view) {
        terminal.print(&plain(&line))?;
    }
    if let Some(step) = next_step(view) {
        terminal.warn(&plain(&step));
    }
    Ok(())
}

fn outcome(view: &LoginView) -> String {
    let person = view.person.as_ref();
    let who = person.map_or("Somebody", |person| {
        person.name.as_deref().unwrap_or(person.id.as_str())
    });
    let token = view.token.as_deref().unwrap_or_default();
    match view.state {
        LoginState::Awaited => "Nobody has returned from Facebook yet.".to_owned(),
        LoginState::Asking => "Waiting for Facebook to say what the login grants.".to_owned(),
        LoginState::Expired => "Nobody logged in before the link expired.".to_owned(),
        LoginState::Confirming => format!(
            "{who} logged in; some tokens that depend on {token} are still to be confirmed ({} so far, {}).",
            working(view.working),
            not_working(view.broken)
        ),
        LoginState::Done => format!(
            "{who} logged in: {token}. {}, {}.",
            depending(view.working),
            not_working(view.broken)
        ),
        LoginState::Refused => refusal(view),
    }
}

/// `1 token that depends on this login works`
fn depending(count: u64) -> String {
    match count {
        1 => "1 token that depends on this login works".to_owned(),
        many => format!(
            "{} tokens that depend on this login work",
            text::count(many)
        ),
    }
}

fn working(count: u64) -> String {
    match count {
        1 => "1 works".to_owned(),
        many => format!("{} work", text::count(many)),
    }
}

fn not_working(count: u64) -> String {
    match count {
        1 => "1 does not".to_owned(),
        many => format!("{} do not", text::count(many)),
    }
}

fn refusal(view: &LoginView) -> String {
    let number = view
        .code
        .map_or_else(String::new, |code| format!(" (code {code})"));
    let error = view.error.as_deref().unwrap_or_default();
    let why = match LoginError::from_name(error) {
        Some(error) => error.describe().to_owned(),
        None => wrong_person(view),
    };
    format!("The login failed: {why}{number}. Nothing was changed.")
}

fn wrong_person(view: &LoginView) -> String {
    let expected = view.expected.as_ref();
    let expected = expected.map_or("another person", |expected| {
        expected.name.as_deref().unwrap_or(expected.id.as_str())
    });
    let was = view.mismatch.as_deref();
    format!(
        "{expected} must log in, but {}",
        was.unwrap_or("another person logged in")
    )
}

fn remarks(view: &LoginView) -> Vec<String> {
    let mut remarks = Vec::new();
    if !view.fewer.is_empty() {
        remarks.push(format!(
            "It lacks {}, which the token in use has, so that one stays in use.",
            all_of(&view.fewer)
        ));
    }
    if let Some(mismatch) = view
        .mismatch
        .as_ref()
        .filter(|_| view.state != LoginState::Refused)
    {
        remarks.push(format!("The new token was refused: {mismatch}."));
    }
    if !view.declined.is_empty() {
        remarks.push(format!(
            "Not allowed in the dialog: {}.",
            all_of(&view.declined)
        ));
    }
    if view.left_out_in_all > 0 {
        remarks.push(format!(
            "The login does not include {}: not ticked in the dialog, or no role on it.",
            left_out(view)
        ));
    }
    if !view.still_broken.is_empty() {
        remarks.push(format!("Not working: {}.", view.still_broken.join(", ")));
    }
    remarks
}

/// The pages that were not ticked, by the names that the dialog shows.
fn left_out(view: &LoginView) -> String {
    let more = view
        .left_out_in_all
        .saturating_sub(view.left_out.len() as u64);
    match more {
        0 => all_of(&view.left_out),
        more => format!(
            "{} and {} more",
            view.left_out.join(", "),
            text::count(more)
        ),
    }
}

fn next_step(view: &LoginView) -> Option<String> {
    let token = view.token.as_deref().unwrap_or("NAME");
    match view.state {
        LoginState::Awaited | LoginState::Asking | LoginState::Confirming => Some(format!(
            "It continues without this command. See the result: perennial {}",
            view.token
                .as_ref()
                .map_or_else(|| "events".to_owned(), |token| format!("show {token}"))
        )),
        LoginState::Expired | LoginState::Refused => {
            Some("Start again with a new link or a new code: perennial login".to_owned())
        }
        LoginState::Done if !view.fewer.is_empty() => Some(format!(
            "If fewer permissions are enough: perennial login --token {token} --accept-fewer"
        )),
        LoginState::Done if view.left_out_in_all > 0 || !view.declined.is_empty() => Some(format!(
            "Log in again{}: perennial login --token {token}",
            what_to_allow(view)
        )),
        LoginState::Done if view.broken > 0 => {
            Some("Why they do not work, and who must act: perennial incidents".to_owned())
        }
        LoginState::Done => None,
    }
}

/// ` and tick Bakery and Deli`
fn what_to_allow(view: &LoginView) -> String {
    let pages = (view.left_out_in_all > 0).then(|| format!(" and tick {}", left_out(view)));
    let declined = &view.declined;
    let scopes = (!declined.is_empty()).then(|| format!(" and allow {}", all_of(declined)));
    [pages, scopes].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn view(more: &serde_json::Value) -> LoginView {
        let mut view = json!({
            "id": "7", "app": "acme", "expected": null, "expires_at": "2026-12-01T12:00:00Z", "state": "done",
            "error": null, "code": null, "person": {"id": "1", "name": "Maria"}, "token": "acme-maria",
            "declined": [], "fewer": [], "mismatch": null, "left_out": [], "left_out_in_all": 0,
            "working": 3, "broken": 0, "still_broken": []
        });
        for (key, value) in more.as_object().unwrap() {
            view[key] = value.clone();
        }
        serde_json::from_value(view).unwrap()
    }

    #[test]
    fn only_a_login_after_which_everything_works_is_a_yes() {
        for (more, expected) in [
            (json!({}), Answer::Yes),
            (json!({"broken": 1}), Answer::No),
            (json!({"fewer": ["pages_messaging"]}), Answer::No),
            (json!({"state": "refused", "error": "lost"}), Answer::No),
            (json!({"state": "confirming"}), Answer::No),
            (json!({"declined": ["email"]}), Answer::Yes),
        ] {
            assert_eq!(answer(&view(&more)), expected, "{more}");
        }
    }

    #[test]
    fn a_partial_login_says_what_to_tick_and_counts_in_grammar() {
        let partial = view(&json!({
            "working": 1, "broken": 1, "left_out": ["Bakery", "Deli"], "left_out_in_all": 3,
            "declined": ["pages_messaging"]
        }));
        assert_eq!(
            outcome(&partial),
            "Maria logged in: acme-maria. 1 token that depends on this login works, 1 does not."
        );
        assert_eq!(
            next_step(&partial).as_deref(),
            Some(
                "Log in again and tick Bakery, Deli and 1 more and allow pages_messaging: perennial login --token \
                 acme-maria"
            )
        );
        let whole = outcome(&view(&json!({})));
        assert!(
            whole.ends_with("3 tokens that depend on this login work, 0 do not."),
            "{whole}"
        );
    }

    #[test]
    fn the_result_is_described_in_sentences() {
        let wrong = view(&json!({
            "state": "refused", "error": "wrong_person", "expected": {"id": "1", "name": "Maria"},
            "mismatch": "it was the login of Paul"
        }));
        assert_eq!(
            outcome(&wrong),
            "The login failed: Maria must log in, but it was the login of Paul. Nothing was \
             changed."
        );
        let denied = outcome(&view(
            &json!({"state": "refused", "error": "not_allowed", "code": 200}),
        ));
        assert!(
            denied.contains("(code 200)") && !denied.contains("cancel"),
            "{denied}"
        );
        let fewer = view(&json!({"fewer": ["pages_messaging"]}));
        assert!(
            next_step(&fewer)
                .unwrap()
                .ends_with("--token acme-maria --accept-fewer")
        );
    }
}
