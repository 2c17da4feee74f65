//! Entries and their text, from made-up forecasts.

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};

use super::*;
use crate::model::{
    ForecastLeftOut, ForecastSummary, ForeseenLogin, Lapse, ShownCalendar, VersionEnding,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-12-01T09:00:00Z")
}

fn login(person: &str, by: &str, pages: u64) -> ForeseenLogin {
    ForeseenLogin {
        by: at(by),
        person: person.to_owned(),
        name: Some(format!("Person {person}")),
        app: "acme".to_owned(),
        tokens: pages + 1,
        pages,
        round: 1,
    }
}

fn forecast(logins: Vec<ForeseenLogin>) -> Forecast {
    Forecast {
        from: now(),
        to: now() + (24 * 90).hours(),
        assumes: Vec::new(),
        summary: ForecastSummary::default(),
        logins,
        renewals: Vec::new(),
        emails: Vec::new(),
        calls: Vec::new(),
        version_ends: Vec::new(),
        lapses: Vec::new(),
        single_admin_pages: Vec::new(),
        left_out: ForecastLeftOut::default(),
    }
}

fn first_seen(forecast: &Forecast) -> Vec<Login<'_>> {
    forecast.logins.iter().map(Login::first_seen).collect()
}

#[test]
fn the_day_is_a_week_ahead_then_the_last_day_then_today() {
    for (by, expected) in [
        ("2027-01-15T12:00:00Z", date(2027, 1, 8)),
        ("2026-12-08T00:00:00Z", date(2026, 12, 1)),
        ("2026-12-07T23:59:00Z", date(2026, 12, 6)),
        ("2026-12-02T12:00:00Z", date(2026, 12, 1)),
        ("2026-12-01T12:00:00Z", date(2026, 12, 1)),
        ("2026-11-20T12:00:00Z", date(2026, 12, 1)),
    ] {
        assert_eq!(day_to_log_in(at(by), now()), expected, "{by}");
    }
}

#[test]
fn a_person_reads_what_ends_and_that_an_email_comes() {
    let forecast = forecast(vec![login("7", "2027-01-15T12:00:00Z", 1_842)]);
    let pages: Vec<String> = (1..=25).map(|page| format!("Page {page}")).collect();
    let entries = of_person(&first_seen(&forecast), "Facebook", &pages, now());
    let [entry] = &entries[..] else {
        panic!("{entries:?}");
    };
    assert_eq!(entry.uid, "login-acme-7-1@perennial");
    assert_eq!(entry.summary, "Log in to Facebook for 1,842 pages of acme");
    assert!(entry.description.contains("Page 20\nand 1,822 more\n\n"));
    assert!(entry.description.contains("ends on 2027-01-15"));
    assert!(entry.description.contains("an email with the link comes"));
}

#[test]
fn a_login_without_pages_lists_none() {
    let forecast = forecast(vec![login("7", "2027-01-15T12:00:00Z", 0)]);
    let entries = of_person(&first_seen(&forecast), "Threads", &[], now());
    assert_eq!(entries[0].summary, "Log in to Threads for acme");
    assert!(entries[0].description.starts_with("Access of acme ends on"));
    assert!(!entries[0].description.contains("more"));
}

#[test]
fn more_than_twenty_logins_a_day_are_one_entry_for_each_app() {
    let twenty: Vec<_> = (1..=20)
        .map(|person| login(&person.to_string(), "2027-01-15T12:00:00Z", 2))
        .collect();
    let of_twenty = forecast(twenty.clone());
    let entries = of_operators(&of_twenty, &first_seen(&of_twenty), now());
    assert_eq!(entries.len(), 20);
    assert_eq!(entries[0].summary, "Person 1: log in for 2 pages of acme");
    let mut more = twenty;
    more.push(login("21", "2027-01-15T12:00:00Z", 2));
    more.push(login("22", "2027-01-16T12:00:00Z", 2));
    let more = forecast(more);
    let entries = of_operators(&more, &first_seen(&more), now());
    let uids: Vec<&str> = entries.iter().map(|entry| &*entry.uid).collect();
    assert_eq!(
        uids,
        [
            "logins-acme-2027-01-08@perennial",
            "login-acme-22-1@perennial"
        ]
    );
    assert_eq!(entries[0].summary, "21 people: log in for 42 pages of acme");
    assert!(entries[0].description.contains("Person 20\nand 1 more"));
}

#[test]
fn operators_also_see_versions_and_lapses_but_no_token_name() {
    let on: Date = date(2027, 2, 23);
    let lapse = |token: &str, when: &str| Lapse {
        token: token.to_owned(),
        at: at(when),
        why: "nobody can act".to_owned(),
    };
    let forecast = Forecast {
        version_ends: vec![VersionEnding {
            app: "acme".to_owned(),
            api: "marketing".to_owned(),
            version: "v25.0".to_owned(),
            on,
        }],
        lapses: vec![
            lapse("acme-canary-1", "2027-01-02T01:00:00Z"),
            lapse("acme-canary-2", "2027-01-02T02:00:00Z"),
        ],
        ..forecast(Vec::new())
    };
    let entries = of_operators(&forecast, &[], now());
    assert_eq!(entries[0].summary, "Marketing API v25.0 ends (acme)");
    assert_eq!(entries[0].on, on);
    assert_eq!(entries[1].summary, "2 tokens would lapse");
    assert_eq!(entries[1].on, date(2027, 1, 2));
    assert!(!of_forecast(&forecast).contains("canary"));
}

#[test]
fn a_forecast_is_a_file() {
    let mut umlauts = login("7", "2027-01-15T12:00:00Z", 12);
    umlauts.name = Some("Jürgen Müller, Köln; 🥨".to_owned());
    insta::assert_snapshot!(of_forecast(&forecast(vec![umlauts])).replace("\r\n", "\n"));
}

/// What a person's calendar shows after what it showed before, and the UIDs in it.
fn shows(
    shown: Option<&ShownCalendar>,
    logins: &[(&str, u32)],
    now: Timestamp,
) -> (ShownCalendar, Vec<String>) {
    let foreseen: Vec<ForeseenLogin> = logins
        .iter()
        .map(|(by, round)| ForeseenLogin {
            round: *round,
            ..login("7", by, 12)
        })
        .collect();
    let logins = number(shown, foreseen.iter());
    let entries = of_person(&logins, "Facebook", &[], now);
    let uids = entries.iter().map(|entry| entry.uid.clone()).collect();
    (revise(shown, &logins, &entries, now), uids)
}

#[test]
fn what_has_not_changed_keeps_its_revision() {
    let (first, uids) = shows(None, &[("2027-01-15T12:00:00Z", 1)], now());
    assert_eq!((first.sequence, first.modified_at), (0, now()));
    assert_eq!(uids, ["login-acme-7-1@perennial"]);
    let later = now() + 24.hours();
    let (second, _) = shows(Some(&first), &[("2027-01-15T12:00:00Z", 1)], later);
    assert_eq!(second, first);
}

#[test]
fn a_small_move_is_the_same_login_on_another_day() {
    let (first, _) = shows(None, &[("2027-01-15T12:00:00Z", 1)], now());
    let later = now() + 24.hours();
    for by in ["2027-01-10T12:00:00Z", "2027-02-14T12:00:00Z"] {
        let (moved, uids) = shows(Some(&first), &[(by, 1)], later);
        assert_eq!((moved.sequence, moved.modified_at), (1, later), "{by}");
        assert_eq!(uids, ["login-acme-7-1@perennial"], "{by}");
    }
}

#[test]
fn after_a_login_the_next_one_has_the_uid_that_was_foreseen_for_it() {
    let both = [("2027-01-15T12:00:00Z", 1), ("2027-03-09T12:00:00Z", 2)];
    let (first, uids) = shows(None, &both, now());
    assert_eq!(
        uids,
        ["login-acme-7-1@perennial", "login-acme-7-2@perennial"]
    );
    let later = at("2027-01-09T00:00:00Z");
    let (after, uids) = shows(Some(&first), &[("2027-03-10T00:00:00Z", 1)], later);
    assert_eq!(uids, ["login-acme-7-2@perennial"]);
    assert_eq!((after.sequence, after.logins[0].round), (1, 2));
}

#[test]
fn a_login_that_is_not_foreseen_for_a_while_is_remembered() {
    let (first, _) = shows(None, &[("2027-01-15T12:00:00Z", 1)], now());
    let later = at("2027-01-10T00:00:00Z");
    let (none, uids) = shows(Some(&first), &[], later);
    assert_eq!((none.sequence, uids.len()), (1, 0));
    let (again, uids) = shows(Some(&none), &[("2027-04-09T00:00:00Z", 1)], later);
    assert_eq!(uids, ["login-acme-7-2@perennial"]);
    assert_eq!(again.sequence, 2);
    let much_later = at("2028-06-01T00:00:00Z");
    let (forgotten, _) = shows(Some(&none), &[], much_later);
    assert!(forgotten.logins.is_empty());
}
