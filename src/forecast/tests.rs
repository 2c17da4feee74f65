//! What is foreseen for small fleets, whose days can be counted by hand.

use jiff::Timestamp;

use super::fixtures::*;
use super::{Forecaster, Settings};
use crate::alerts;
use crate::model::{
    Cause, Forecast, ForecastQuestion, ForecastToken, Health, Kind, Outcome, Rotation, Scopes,
    WhatIf,
};

fn usual(tokens: Vec<ForecastToken>) -> Forecast {
    forecast(ForecastQuestion::default(), tokens)
}

fn days_of<T>(list: &[T], at: impl Fn(&T) -> Timestamp) -> Vec<i64> {
    list.iter().map(|entry| day_of(at(entry)) as i64).collect()
}

#[test]
fn a_user_token_needs_a_login_before_each_end() {
    let seen = usual(vec![
        token(Kind::User, Some(20), Some(80)),
        token(Kind::Page, None, Some(80)),
    ]);
    // The login at the second reminder, three days before the end, moves it by 60 days.
    assert_eq!(days_of(&seen.logins, |login| login.by), [20, 77]);
    assert_eq!(
        days_of(&seen.emails, |email| email.at),
        [6, 13, 17, 17, 63, 70, 74, 74]
    );
    assert_eq!((seen.summary.logins, seen.summary.people), (2, 1));
    assert_eq!((seen.summary.lapses, seen.lapses.len()), (0, 0));
    let login = &seen.logins[0];
    assert_eq!(
        (login.name.as_deref(), login.person.as_str()),
        (Some("Ada"), ADA)
    );
    assert_eq!((login.tokens, login.pages, login.round), (1, 1, 1));
    assert_eq!(seen.emails[0].to, ["ada@example.com"]);
    assert_eq!(
        seen.emails[0].subject,
        "Log in to Facebook by 20 Dec: Ada, login for acme"
    );
}

#[test]
fn the_exchange_of_a_user_token_is_not_believed_unless_supposed() {
    let extends = ForecastQuestion {
        exchange_extends: true,
        ..ForecastQuestion::default()
    };
    let tokens = || vec![token(Kind::User, Some(40), None)];
    let seen = usual(tokens());
    assert_eq!(days_of(&seen.logins, |login| login.by), [40]);
    assert_eq!(seen.summary.renewals, 0);
    let seen = forecast(extends, tokens());
    assert_eq!((seen.summary.logins, seen.summary.renewals), (0, 3));
}

#[test]
fn a_system_user_s_token_is_renewed_without_anybody() {
    let seen = usual(vec![token(Kind::SystemUser, Some(40), None)]);
    assert_eq!((seen.summary.logins, seen.summary.emails), (0, 0));
    assert_eq!(seen.summary.renewals, 3);
    let mondays: Vec<String> = seen.renewals.iter().map(|of| of.week.to_string()).collect();
    assert_eq!(mondays, ["2026-12-07", "2027-01-04", "2027-02-08"]);
}

#[test]
fn an_instagram_token_is_renewed_once_it_is_half_over_unless_meta_refused_it() {
    let gram = |outcome: Option<Outcome>| {
        let mut of = token(Kind::InstagramUser, Some(50), None);
        of.token.app = "gram".to_owned();
        let at = now() - days(2);
        of.token.last_rotation = outcome.map(|outcome| Rotation { outcome, at });
        of
    };
    let seen = usual(vec![gram(None)]);
    assert_eq!((seen.summary.renewals, seen.summary.logins), (3, 0));
    let seen = usual(vec![gram(Some(Outcome::Refused))]);
    assert_eq!(days_of(&seen.logins, |login| login.by), [50]);
}

#[test]
fn if_nobody_logs_in_every_end_is_a_lapse() {
    let seen = forecast(
        what_if(WhatIf::NobodyLogsIn),
        vec![
            token(Kind::User, Some(20), Some(50)),
            token(Kind::Page, None, Some(50)),
        ],
    );
    let lapses: Vec<_> = seen
        .lapses
        .iter()
        .map(|lapse| {
            (
                lapse.token.as_str(),
                day_of(lapse.at) as i64,
                lapse.why.as_str(),
            )
        })
        .collect();
    assert_eq!(
        lapses,
        [
            ("acme-user", 20, "It expires, and Ada does not log in"),
            (
                "acme-page",
                50,
                "Its access to data ends, and Ada does not log in"
            ),
        ]
    );
    assert_eq!(days_of(&seen.logins, |login| login.by), [20]);
    // Reminders go on.
    assert!(seen.summary.emails > 20, "{}", seen.summary.emails);
}

#[test]
fn a_token_lapses_once_by_the_first_of_its_clocks() {
    let seen = forecast(
        what_if(WhatIf::NobodyLogsIn),
        vec![token(Kind::User, Some(50), Some(20))],
    );
    assert_eq!(days_of(&seen.lapses, |lapse| lapse.at), [20]);
    assert_eq!(seen.summary.lapses, 1);
}

#[test]
fn an_end_of_data_access_is_foreseen_of_a_token_that_has_another_problem() {
    let healthy = token(Kind::Page, None, Some(50));
    let mut lacking = healthy.clone();
    lacking.token.required_scopes = Scopes::parse("pages_messaging");
    lacking.token.permissions.lost = Scopes::parse("pages_messaging");
    lacking.token.health = Health::Lacking {
        since: now() - days(3),
    };
    for of in [healthy, lacking] {
        let health = of.token.health;
        let seen = forecast(what_if(WhatIf::NobodyLogsIn), vec![of]);
        assert_eq!(days_of(&seen.lapses, |lapse| lapse.at), [50], "{health:?}");
    }
}

#[test]
fn when_a_person_leaves_only_pages_that_another_admin_reaches_survive() {
    let page = |name: &str, has_other_admin| {
        let mut of = token(Kind::Page, None, Some(50));
        of.token.name = name.to_owned();
        of.has_other_admin = has_other_admin;
        of
    };
    let leaves = WhatIf::Leaves {
        person: "Ada".to_owned(),
        on: "2026-12-10".parse().unwrap(),
    };
    let tokens = vec![
        token(Kind::User, Some(20), Some(50)),
        page("alone", false),
        page("shared", true),
        of(BOB, token(Kind::User, Some(30), None)),
    ];
    let seen = forecast(what_if(leaves), tokens);
    let lapsed: Vec<_> = seen
        .lapses
        .iter()
        .map(|lapse| lapse.token.as_str())
        .collect();
    assert_eq!(lapsed, ["acme-user", "alone"]);
    assert_eq!(
        seen.lapses[1].why,
        "Ada leaves, and no other admin reaches it"
    );
    assert_eq!(seen.lapses[1].at, "2026-12-10T00:00:00Z".parse().unwrap());
    let people: Vec<_> = seen
        .logins
        .iter()
        .map(|login| login.person.as_str())
        .collect();
    assert_eq!(people, [BOB, BOB]);
}

#[test]
fn a_token_that_ends_before_anybody_can_act_is_a_lapse() {
    let mut settings = settings(ForecastQuestion::default());
    settings.alerts.operators.clear();
    let mut silent = token(Kind::User, Some(20), None);
    silent.token.owners.clear();
    let seen = made(settings, vec![silent]);
    assert_eq!(days_of(&seen.lapses, |lapse| lapse.at), [20]);
    assert_eq!(seen.summary.emails, 0);
}

fn made(settings: Settings, tokens: Vec<ForecastToken>) -> Forecast {
    let mut forecaster = Forecaster::new(settings);
    tokens.into_iter().for_each(|of| forecaster.add(of));
    forecaster.finish(Vec::new(), Vec::new(), 0)
}

#[test]
fn a_token_that_is_dead_needs_a_login_now() {
    let mut dead = token(Kind::User, Some(20), None);
    dead.token.health = Health::Dead {
        since: now() - days(2),
        cause: Cause::PasswordChanged,
    };
    let seen = usual(vec![dead]);
    assert_eq!(days_of(&seen.logins, |login| login.by), [0, 66]);
    assert_eq!(seen.summary.lapses, 0);
}

#[test]
fn an_incident_that_is_open_is_not_begun_again() {
    let mut ending = token(Kind::User, Some(5), None);
    ending.token.health = Health::Expiring {
        cause: Cause::ExpiresSoon,
    };
    let mut known = alerts::fixtures::incident(Cause::ExpiresSoon);
    known.incident_key.subject = ADA.to_owned();
    known.notified_at = Some(now() - days(2));
    known.notified_cause = Some(Cause::ExpiresSoon);
    known.review_at = Some(after(2));
    known.deadline = Some(after(5));
    let mut forecaster = Forecaster::new(settings(ForecastQuestion::default()));
    forecaster.prepare(vec![known.clone()]);
    // The next page of tokens may bring the same incidents again.
    forecaster.prepare(vec![known]);
    forecaster.add(ending);
    let seen = forecaster.finish(Vec::new(), Vec::new(), 0);
    // Already seen twice, at 14 and at 7 days: only one of them is known.
    assert_eq!(days_of(&seen.emails, |email| email.at)[..3], [2, 4, 4]);
    assert_eq!(days_of(&seen.logins, |login| login.by), [5, 64]);
}

#[test]
fn people_with_the_same_clocks_have_the_same_timeline_in_their_own_words() {
    let one = |person: &str, name: &str| {
        let mut of = of(person, token(Kind::User, Some(20), Some(80)));
        of.token.subject_name = Some(name.to_owned());
        of.token.name = format!("acme-{name}");
        of.token.owners = vec![format!("{name}@example.com")];
        of
    };
    let seen = usual(vec![one("1", "Ada"), one("2", "Bob")]);
    assert_eq!((seen.summary.people, seen.summary.logins), (2, 4));
    let alone = usual(vec![one("2", "Bob")]);
    let of_bob = |email: &&crate::model::ForeseenEmail| email.to == ["Bob@example.com"];
    let in_both: Vec<_> = seen.emails.iter().filter(of_bob).cloned().collect();
    assert_eq!(in_both, alone.emails);
}

#[test]
fn calls_are_counted_by_day_against_the_budget() {
    let pages = (0..1_000).map(|_| token(Kind::Page, None, None));
    let seen = usual(pages.collect());
    let day = &seen.calls[10 * 2];
    assert_eq!((day.app.as_str(), day.budget), ("acme", 2_400));
    assert!((1_040..=1_060).contains(&day.expected), "{}", day.expected);
    let busiest = seen.summary.busiest_day.unwrap();
    assert_eq!((busiest.app.as_str(), busiest.calls_percent), ("acme", 43));
    let throttled = WhatIf::Throttled {
        app: "acme".to_owned(),
        percent: 50,
    };
    let pages = (0..1_000).map(|_| token(Kind::Page, None, None));
    let seen = forecast(what_if(throttled), pages.collect());
    assert_eq!(seen.summary.busiest_day.unwrap().calls_percent, 87);
}

#[test]
fn many_different_tokens_of_one_person_are_rounded_down() {
    let pages = (0..20_000).map(|number| {
        let mut of = token(Kind::Page, None, Some(40));
        let end = after(40) + jiff::SignedDuration::from_secs(number * 60);
        of.token.facts.as_mut().unwrap().data_access_expires_at = crate::model::Expiry::At(end);
        of
    });
    let seen = forecast(what_if(WhatIf::NobodyLogsIn), pages.collect());
    assert_eq!(seen.summary.lapses, 20_000);
    assert_eq!(seen.lapses.len(), 1_000);
    assert_eq!(seen.left_out.lapses, 19_000);
    assert!(
        seen.assumes.iter().any(|line| line.contains("early")),
        "{:?}",
        seen.assumes
    );
}
