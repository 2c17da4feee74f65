//! What commands print, for people and for programs.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::commands::{incidents, show, status, tokens};
use super::terminal::output::tests::{pipe, terminal};
use super::terminal::output::{Glyphs, TerminalFormat};
use crate::api::types::{IncidentList, StatusReport, TokenDetail, TokenList};
use crate::model::{Cause, Kind};

const STATUS: &str = include_str!("status.json");
const TOKENS: &str = include_str!("tokens.json");
const INCIDENTS: &str = include_str!("incidents.json");

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

/// The detail with some of its fields changed.
fn changed<T: DeserializeOwned>(json: &str, change: Value) -> T {
    let mut value: Value = read(json);
    let Value::Object(change) = change else {
        panic!("{change} is no object");
    };
    value.as_object_mut().unwrap().extend(change);
    serde_json::from_value(value).unwrap()
}

fn now() -> Timestamp {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

fn shown(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn ascii(width: usize) -> TerminalFormat {
    TerminalFormat {
        glyphs: Glyphs::Ascii,
        ..terminal(width)
    }
}

#[test]
fn status_on_a_terminal() {
    insta::assert_snapshot!(shown(&status::render(&read(STATUS), &terminal(120))));
}

#[test]
fn status_in_a_pipe() {
    insta::assert_snapshot!(shown(&status::render(&read(STATUS), &pipe())));
}

#[test]
fn nodes_are_shown_where_there_are_several() {
    let node = |name: &str, seen_at: &str, duties: &[&str]| json!({"name": name, "version": "0.1.0", "seen_at": seen_at, "duties": duties});
    let lima = node("lima", "2026-11-22T08:59:58Z", &["app:acme", "email"]);
    let oslo = node("oslo", "2026-11-22T08:20:00Z", &[]);
    let alone = changed(STATUS, json!({"nodes": [lima]}));
    let alone = status::render(&alone, &pipe());
    assert!(!alone.contains("lima"), "{alone}");
    let both = changed(STATUS, json!({"nodes": [lima, oslo]}));
    let both = status::render(&both, &pipe());
    for line in [
        ["lima", "0.1.0", "app:acme, email"],
        ["oslo", "0.1.0", "none"],
    ] {
        let is_it = |shown: &str| line.iter().all(|part| shown.contains(part));
        assert!(both.lines().any(is_it), "{both}");
    }
}

#[test]
fn the_headline_says_how_it_is() {
    let counts = |unverified: u64, healthy: u64, expiring: u64, failing: u64, dead: u64| {
        let total = unverified + healthy + expiring + failing + dead;
        json!({"total": total, "unverified": unverified, "healthy": healthy, "expiring": expiring,
               "failing": failing, "dead": dead})
    };
    for (counts, ready, expected) in [
        (
            counts(0, 0, 0, 0, 0),
            true,
            "No tokens yet. Add the first one: perennial import",
        ),
        (counts(0, 1, 0, 0, 0), true, "The only token is healthy."),
        (
            counts(0, 1_200, 0, 0, 0),
            true,
            "All 1,200 tokens are healthy.",
        ),
        (
            counts(0, 11, 0, 0, 1),
            true,
            "1 of 12 tokens needs a person.",
        ),
        (
            counts(0, 10, 1, 0, 1),
            true,
            "2 of 12 tokens need a person.",
        ),
        (
            counts(0, 10, 0, 2, 0),
            true,
            "2 of 12 tokens are failing: see perennial tokens --state failing.",
        ),
        (
            counts(1, 10, 0, 1, 1),
            true,
            "1 of 13 tokens needs a person. 1 of 13 tokens is failing: see perennial tokens --state failing. \
             1 of 13 tokens waits for its first check.",
        ),
        (
            counts(0, 12, 0, 0, 0),
            false,
            "The daemon is not ready. All 12 tokens are healthy.",
        ),
    ] {
        let report: StatusReport = changed(STATUS, json!({"tokens": counts, "ready": ready}));
        let page = shown(&status::render(&report, &terminal(80)));
        assert_eq!(page.lines().next(), Some(expected));
    }
}

#[test]
fn an_acknowledged_incident_is_not_counted_twice() {
    for (open, unacknowledged, expected) in [
        (0, 0, "none open"),
        (2, 2, "2 open: perennial incidents"),
        (2, 1, "2 open, 1 of them acknowledged: perennial incidents"),
        (1, 0, "1 open, and it is acknowledged: perennial incidents"),
        (
            3,
            0,
            "3 open, all of them acknowledged: perennial incidents",
        ),
    ] {
        let incidents = json!({"open": open, "unacknowledged": unacknowledged});
        let report: StatusReport = changed(STATUS, json!({"incidents": incidents}));
        let page = shown(&status::render(&report, &terminal(80)));
        assert!(
            page.contains(&format!("incidents   {expected}\n")),
            "{page}"
        );
    }
}

#[test]
fn problems_of_the_daemon_stand_last() {
    let report: StatusReport = changed(STATUS, json!({"problems": ["the disk is full\u{1b}[2J"]}));
    let page = status::render(&report, &terminal(80));
    assert!(
        shown(&page).ends_with("\nProblems\n  the disk is full [2J\n"),
        "{page}"
    );
}

fn tokens_on(format: TerminalFormat, apps: usize) -> String {
    let list: TokenList = read(TOKENS);
    shown(&tokens::Listing::new(apps, now(), format).page(&list.tokens))
}

#[test]
fn tokens_on_a_wide_terminal() {
    insta::assert_snapshot!(tokens_on(terminal(140), 2));
}

#[test]
fn tokens_on_a_narrow_terminal_without_unicode() {
    let page = tokens_on(ascii(80), 1);
    assert!(
        page.lines()
            .all(|line| super::terminal::text::width(line) <= 80),
        "{page}"
    );
    insta::assert_snapshot!(page);
}

#[test]
fn the_totals_stand_below_the_tokens() {
    let list: TokenList = read(TOKENS);
    let mut listing = tokens::Listing::new(1, now(), terminal(80));
    listing.page(&list.tokens);
    assert_eq!(
        listing.totals(),
        "4 tokens: 1 expiring, 1 unverified, 1 failing, 1 dead"
    );
    let mut listing = tokens::Listing::new(1, now(), terminal(80));
    listing.page(&list.tokens[..1]);
    assert_eq!(listing.totals(), "1 token: 1 dead");
}

#[test]
fn tokens_in_a_pipe() {
    insta::assert_snapshot!(tokens_on(pipe(), 1));
}

#[test]
fn a_state_has_its_colour() {
    let list: TokenList = read(TOKENS);
    let page = tokens::Listing::new(1, now(), terminal(80)).page(&list.tokens);
    for word in [
        "\u{1b}[31mdead",
        "\u{1b}[33mexpiring",
        "\u{1b}[35mfailing",
        "\u{1b}[2munverified",
    ] {
        assert!(page.contains(word), "{word:?} in {page:?}");
    }
}

/// The token of this index, as the socket shows it.
fn detail(index: usize) -> TokenDetail {
    let list: Value = read(TOKENS);
    let mut token = list["tokens"][index].clone();
    let fields = token.as_object_mut().unwrap();
    fields.insert(
        "children".to_owned(),
        json!(["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"]),
    );
    fields.insert("login".to_owned(), json!("link"));
    fields.insert("events".to_owned(), json!([
        {"id": "9", "at": "2026-11-22T06:00:00Z", "kind": "changed", "token": "t", "app": "acme",
         "detail": {"from": "healthy", "to": "dead", "cause": "password_changed", "code": 190, "subcode": 460,
                    "fbtrace_id": "AnUyGZoFqN2m50GHVpOQEqr"}},
        {"id": "8", "at": "2026-11-20T08:00:00Z", "kind": "rotated", "token": "t", "app": "acme",
         "detail": {"outcome": "same_expiry", "expires_at": "2026-11-24T21:00:00Z"}},
        {"id": "7", "at": "2026-09-25T21:00:00Z", "kind": "imported", "token": "t", "app": "acme",
         "detail": {"asked_by": "root"}},
    ]));
    serde_json::from_value(token).unwrap()
}

#[test]
fn a_token_on_a_terminal() {
    insta::assert_snapshot!(shown(&show::render(&detail(1), now(), &terminal(120))));
}

#[test]
fn a_dead_page_on_a_narrow_terminal() {
    let page = shown(&show::render(&detail(0), now(), &terminal(60)));
    // Addresses are not wrapped, so that they can be copied.
    let mut wrapped = page.lines().filter(|line| !line.starts_with("docs "));
    assert!(
        wrapped.all(|line| super::terminal::text::width(line) <= 60),
        "{page}"
    );
    insta::assert_snapshot!(page);
}

#[test]
fn a_token_in_a_pipe() {
    insta::assert_snapshot!(shown(&show::render(&detail(2), now(), &pipe())));
}

#[test]
fn a_token_that_nobody_has_asked_about() {
    insta::assert_snapshot!(shown(&show::render(&detail(3), now(), &terminal(80))));
}

#[test]
fn owners_come_from_the_parent_where_there_are_none() {
    let mut page = detail(0);
    page.inherited_owners = vec!["maria@acme.example".to_owned()];
    let owners = |detail: &TokenDetail| {
        let page = shown(&show::render(detail, now(), &pipe()));
        page.lines()
            .find_map(|line| line.strip_prefix("owners       ").map(str::to_owned))
    };
    assert_eq!(owners(&page).as_deref(), Some("paul@acme.example"));
    page.token.owners.clear();
    assert_eq!(
        owners(&page).as_deref(),
        Some("maria@acme.example, from its parent acme-paul")
    );
    page.inherited_owners.clear();
    assert_eq!(
        owners(&page).as_deref(),
        Some("none; the operators are notified")
    );
}

#[test]
fn a_login_that_replaced_the_secret_counts_as_a_renewal() {
    let renewed = |replaced_at: Option<&str>| {
        let mut user = detail(1);
        user.replaced_at = replaced_at.map(|at| at.parse().unwrap());
        let page = shown(&show::render(&user, now(), &pipe()));
        page.lines()
            .find_map(|line| line.strip_prefix("renewed      ").map(str::to_owned))
    };
    let rotated = Some("2026-10-25T21:00:00Z");
    assert_eq!(renewed(None).as_deref(), rotated);
    assert_eq!(renewed(rotated).as_deref(), rotated);
    assert_eq!(
        renewed(Some("2026-11-01T08:00:00Z")).as_deref(),
        Some("2026-11-01T08:00:00Z, replaced by a new token")
    );
}

#[test]
fn a_person_is_sent_to_a_login_where_there_is_one() {
    use crate::api::types::LoginMethod;
    for (index, method, expected) in [
        (
            1,
            Some(LoginMethod::Link),
            "perennial login --token acme-maria",
        ),
        (
            1,
            Some(LoginMethod::Paste),
            "perennial login --token acme-maria --paste",
        ),
        (1, None, "perennial import --replace acme-maria"),
        (
            0,
            Some(LoginMethod::Link),
            "perennial login --token acme-paul",
        ),
        (0, None, "perennial import --replace acme-paul"),
    ] {
        let mut detail = detail(index);
        detail.login = method;
        let step = show::next_step::of(&detail, now(), &terminal(80));
        assert_eq!(step.command.as_deref(), Some(expected));
    }
}

#[test]
fn a_token_that_meta_never_described_may_be_filed_under_the_wrong_app() {
    let mut detail = detail(1);
    detail.token.kind = None;
    detail.token.cause = Some(Cause::Unreadable);
    detail.token.remedy = Some(Cause::Unreadable.remedy());
    let step = show::next_step::of(&detail, now(), &terminal(80));
    assert_eq!(step.command.as_deref(), Some("perennial forget acme-maria"));
    assert!(
        step.text.contains("such as one of Instagram"),
        "{}",
        step.text
    );
}

/// Whatever the cause, the operator reads who must do what.
#[test]
fn every_error_has_its_next_step() {
    let mut steps = String::new();
    for &kind in Kind::ALL {
        let of_tokens = Cause::ALL
            .iter()
            .filter(|cause| !cause.is_about_sink() && !cause.is_about_database());
        for &cause in of_tokens {
            let mut detail = detail(1);
            detail.token.kind = Some(kind);
            detail.token.cause = Some(cause);
            detail.token.remedy = Some(cause.remedy());
            let step = show::next_step::of(&detail, now(), &terminal(80));
            let command = step.command.unwrap_or_default();
            steps.push_str(&format!("{kind} {cause}: {} {command}\n", step.text));
        }
    }
    insta::assert_snapshot!(steps);
}

fn incidents_on(format: &TerminalFormat) -> String {
    let list: IncidentList = read(INCIDENTS);
    shown(&incidents::render(&list.incidents, now(), format))
}

#[test]
fn incidents_on_a_terminal() {
    insta::assert_snapshot!(incidents_on(&terminal(80)));
}

#[test]
fn incidents_in_a_pipe() {
    insta::assert_snapshot!(incidents_on(&pipe()));
}
