//! Tokens and settings for tests.

use jiff::{SignedDuration, Timestamp};

use super::{AppSettings, Forecaster, Settings};
use crate::alerts;
use crate::model::{
    Expiry, Facts, Forecast, ForecastQuestion, ForecastToken, Health, Kind, Permissions, Renewal,
    Scopes, Token, TokenId, WhatIf,
};
use crate::rotation;

pub(super) const ADA: &str = "70";
pub(super) const BOB: &str = "80";

pub(super) fn now() -> Timestamp {
    "2026-11-30T09:00:00Z".parse().unwrap()
}

pub(super) fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

pub(super) fn after(n: i64) -> Timestamp {
    now() + days(n)
}

/// Days from now on, with fractions.
pub(super) fn day_of(at: Timestamp) -> f64 {
    at.duration_since(now()).as_secs_f64() / 86_400.0
}

pub(super) fn rules(renewal: Renewal) -> rotation::Rules {
    rotation::Rules {
        check_every: days(1),
        rotate_before_expiry: days(30),
        retry_after: [1, 5, 30, 120, 360].map(SignedDuration::from_mins).to_vec(),
        warn_before: days(14),
        subscribed_fields: Scopes::default(),
        renewal,
        scopes: Scopes::default(),
    }
}

pub(super) fn settings(question: ForecastQuestion) -> Settings {
    let app = |name: &str, renewal| AppSettings {
        name: name.to_owned(),
        rules: rules(renewal),
        calls_per_hour: 100,
    };
    Settings {
        question,
        from: now(),
        apps: vec![
            app("acme", Renewal::Sometimes),
            app("gram", Renewal::Always(days(60))),
        ],
        alerts: alerts::fixtures::rules(),
        leaving: vec![("acme".to_owned(), ADA.to_owned())],
    }
}

pub(super) fn what_if(what_if: WhatIf) -> ForecastQuestion {
    ForecastQuestion {
        what_if: Some(what_if),
        ..ForecastQuestion::default()
    }
}

/// A living token of Ada, with ends in so many days; `None` means never.
pub(super) fn token(kind: Kind, ends: Option<i64>, data_access_ends: Option<i64>) -> ForecastToken {
    let expiry = |days: Option<i64>| days.map_or(Expiry::Never, |n| Expiry::At(after(n)));
    let subject = if kind == Kind::Page { "555" } else { ADA };
    let facts = Facts {
        kind,
        subject: subject.to_owned(),
        person: ADA.to_owned(),
        issued_at: Some(now() - days(10)),
        expires_at: expiry(ends),
        data_access_expires_at: expiry(data_access_ends),
        scopes: Some(Scopes::parse("email pages_show_list")),
    };
    let token = Token {
        id: TokenId(1),
        app: "acme".to_owned(),
        name: format!("acme-{kind}"),
        facts: Some(facts),
        subject_name: Some(if kind == Kind::Page { "Bakery" } else { "Ada" }.to_owned()),
        parent: None,
        health: Health::Healthy,
        required_scopes: Scopes::default(),
        permissions: Permissions::default(),
        refused: None,
        owners: vec!["ada@example.com".to_owned()],
        version: 1,
        fingerprint: String::new(),
        imported_at: now() - days(10),
        checked_at: None,
        rotated_at: None,
        last_rotation: None,
        next: None,
    };
    ForecastToken {
        token,
        rotation_tried_at: None,
        has_other_admin: false,
    }
}

/// The same for another person.
pub(super) fn of(person: &str, mut of: ForecastToken) -> ForecastToken {
    let facts = of.token.facts.as_mut().unwrap();
    if facts.subject == facts.person {
        facts.subject = person.to_owned();
    }
    facts.person = person.to_owned();
    of
}

pub(super) fn forecast(question: ForecastQuestion, tokens: Vec<ForecastToken>) -> Forecast {
    let mut forecaster = Forecaster::new(settings(question));
    tokens.into_iter().for_each(|of| forecaster.add(of));
    forecaster.finish(Vec::new(), Vec::new(), 0)
}
