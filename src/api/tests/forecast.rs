//! The forecast on the socket: what is asked, what is answered, and that nobody hangs.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::world::World;
use crate::api::state::{AppState, Limits, SocketState};
use crate::api::types::{Assumption, ForecastQuery};
use crate::api_client::Error;
use crate::http::{ForecastResult, Rank};
use crate::model::{
    BusiestDay, DayOfCalls, Forecast, ForecastError, ForecastLeftOut, ForecastQuestion,
    ForecastSummary, ForeseenEmail, ForeseenLogin, Lapse, SingleAdminPages, VersionEnding,
    WeekOfRenewals, WhatIf,
};

/// One entry in each list.
pub(super) fn forecast(from: Timestamp) -> Forecast {
    let day = from.to_zoned(jiff::tz::TimeZone::UTC).date();
    let end = from + SignedDuration::from_hours(24 * 30);
    let (app, name) = ("acme".to_owned(), Some("Ada Lovelace".to_owned()));
    Forecast {
        from,
        to: from + SignedDuration::from_hours(24 * 90),
        assumes: vec!["Everyone logs in at the second reminder.".to_owned()],
        summary: summary(day),
        logins: vec![ForeseenLogin {
            by: end,
            person: "1001".to_owned(),
            name: name.clone(),
            app: app.clone(),
            tokens: 3,
            pages: 2,
            round: 1,
        }],
        renewals: vec![WeekOfRenewals {
            week: day,
            count: 2,
        }],
        emails: vec![ForeseenEmail {
            at: end,
            to: vec!["ada@example.com".to_owned()],
            subject: "Log in to Facebook again".to_owned(),
        }],
        calls: vec![DayOfCalls {
            day,
            app: app.clone(),
            expected: 1_824,
            budget: 4_800,
        }],
        version_ends: vec![VersionEnding {
            app: app.clone(),
            api: "graph".to_owned(),
            version: "v25.0".to_owned(),
            on: day,
        }],
        lapses: vec![Lapse {
            token: "acme-1".to_owned(),
            at: end,
            why: "No one can log in.".to_owned(),
        }],
        single_admin_pages: vec![SingleAdminPages {
            app,
            person: "1001".to_owned(),
            name,
            pages: 2,
        }],
        left_out: ForecastLeftOut {
            emails: 7,
            ..ForecastLeftOut::default()
        },
    }
}

fn summary(day: Date) -> ForecastSummary {
    ForecastSummary {
        logins: 1,
        people: 1,
        renewals: 2,
        emails: 1,
        lapses: 1,
        busiest_day: Some(BusiestDay {
            on: day,
            app: "acme".to_owned(),
            calls_percent: 38,
        }),
    }
}

/// Answers the next question.
async fn answer(world: &World, result: ForecastResult) -> ForecastQuestion {
    let order = world.forecast_orders.lock().await.recv().await.unwrap();
    order.answer.send(result).unwrap();
    order.question
}

#[tokio::test]
async fn a_question_reaches_the_daemon_as_it_was_asked() {
    let world = World::new();
    let served = world.serve();
    let expected = forecast(world.now());
    for (query, question) in [
        (ForecastQuery::default(), ForecastQuestion::default()),
        (
            ForecastQuery {
                days: Some(400),
                person: Some("Zoë & Co = 7".to_owned()),
                what_if: Some("person Ada Lovelace leaves 2027-01-15".to_owned()),
                assume: Some(Assumption::Extends),
            },
            ForecastQuestion {
                days: 400,
                person: Some("Zoë & Co = 7".to_owned()),
                what_if: Some(WhatIf::Leaves {
                    person: "Ada Lovelace".to_owned(),
                    on: jiff::civil::date(2027, 1, 15),
                }),
                exchange_extends: true,
            },
        ),
        (
            ForecastQuery {
                what_if: Some("app acme throttled 50%".to_owned()),
                ..ForecastQuery::default()
            },
            ForecastQuestion {
                what_if: Some(WhatIf::Throttled {
                    app: "acme".to_owned(),
                    percent: 50,
                }),
                ..ForecastQuestion::default()
            },
        ),
    ] {
        let (answered, asked) = tokio::join!(
            served.client.forecast(&query),
            answer(&world, Ok(Arc::new(expected.clone())))
        );
        assert_eq!(answered.unwrap(), expected);
        assert_eq!(asked, question);
    }
}

#[tokio::test]
async fn a_viewer_may_ask() {
    let world = World::new();
    let expected = forecast(world.now());
    let (reply, _) = tokio::join!(
        world.get("/v1/forecast?what_if=nobody+logs+in&person="),
        answer(&world, Ok(Arc::new(expected.clone())))
    );
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json(), serde_json::to_value(expected).unwrap());
    world
        .settings
        .send_modify(|settings| settings.viewers.clear());
    assert_eq!(world.get("/v1/forecast").await.status, 403);
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_is_refused_and_the_answer_says_what_to_write() {
    let world = World::new();
    let may_be_written = "what_if: not understood; write \"person NAME leaves 2027-01-15\", \"app NAME throttled 50%\" or \
                   \"nobody logs in\"";
    let days = "days: expected a number from 1 to 400";
    for (query, expected) in [
        ("what_if=everybody+dances", may_be_written),
        ("what_if=person+Ada+leaves+2027-02-30", may_be_written),
        ("days=0", days),
        ("days=401", days),
    ] {
        let reply = world.get(&format!("/v1/forecast?{query}")).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (400, "malformed"),
            "{query}"
        );
        assert_eq!(reply.json()["detail"], expected, "{query}");
    }
    for query in [
        "days=-1",
        "days=soon",
        "days=70000",
        "assume=miracles",
        "until=2027",
    ] {
        let reply = world.get(&format!("/v1/forecast?{query}")).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (400, "malformed"),
            "{query}"
        );
    }
    let reply = world.get("/v1/forecast?assume=miracles").await;
    assert_eq!(reply.json()["detail"], "assume: expected `extends`");
    assert!(world.forecast_orders.lock().await.is_empty());
}

#[tokio::test]
async fn what_the_daemon_refuses_is_a_problem_of_its_own_kind() {
    let world = World::new();
    for (error, status, kind) in [
        (
            ForecastError::NoSuchPerson("Bob".to_owned()),
            404,
            "no-such-person",
        ),
        (
            ForecastError::NoSuchApp("acne".to_owned()),
            404,
            "unknown-app",
        ),
        (ForecastError::Busy, 503, "busy"),
        (ForecastError::Stopping, 503, "stopping"),
        (
            ForecastError::Inventory("away".to_owned()),
            503,
            "inventory-unavailable",
        ),
    ] {
        let detail = error.to_string();
        let (reply, _) = tokio::join!(world.get("/v1/forecast"), answer(&world, Err(error)));
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (status, kind)
        );
        assert_eq!(reply.json()["detail"], detail);
    }
    world.forecast_orders.lock().await.close();
    assert_eq!(world.get("/v1/forecast").await.problem(), "stopping");
}

#[tokio::test]
async fn nobody_waits_for_ever() {
    let mut world = World::new();
    world.limits.answer = Duration::from_millis(20);
    let reply = world.get("/v1/forecast").await;
    assert_eq!(
        (reply.status.as_u16(), reply.problem().as_str()),
        (503, "busy")
    );
    assert_eq!(reply.headers["retry-after"], "1");
    let detail = reply.json()["detail"].clone();
    assert_eq!(
        detail,
        json!("the forecast is not ready yet. Ask again, or for fewer days")
    );
}

#[tokio::test]
async fn ordinary_peers_wait_for_each_other_and_keep_root_waiting_for_one_of_them() {
    let world = World::new();
    let own = SocketState::new(
        world.daemon.clone(),
        Limits::default(),
        CancellationToken::new(),
    );
    let app_state = Arc::new(AppState::new(world.backend.clone(), own));
    let ask = |rank, days| {
        let app_state = Arc::clone(&app_state);
        let question = ForecastQuestion {
            days,
            ..ForecastQuestion::default()
        };
        tokio::spawn(async move { app_state.forecast(rank, question).await })
    };
    let ordinary: Vec<_> = (1..=40).map(|days| ask(Rank::Common, days)).collect();
    tokio::task::yield_now().await;
    let root = ask(Rank::Reserved, 400);
    tokio::task::yield_now().await;
    let expected: ForecastResult = Ok(Arc::new(forecast(world.now())));
    for days in [1, 400] {
        assert_eq!(answer(&world, expected.clone()).await.days, days);
    }
    assert_eq!(root.await.unwrap(), expected);
    for (days, ordinary) in (1..).zip(ordinary) {
        if days > 1 {
            assert_eq!(answer(&world, expected.clone()).await.days, days);
        }
        assert_eq!(ordinary.await.unwrap(), expected);
    }
}

#[tokio::test]
async fn the_client_gets_the_daemons_reason() {
    let world = World::new();
    let served = world.serve();
    let query = ForecastQuery {
        person: Some("Bob".to_owned()),
        ..ForecastQuery::default()
    };
    let error = ForecastError::NoSuchPerson("Bob".to_owned());
    let (answered, _) = tokio::join!(served.client.forecast(&query), answer(&world, Err(error)));
    let Err(Error::Refused(problem)) = answered else {
        panic!("{answered:?}");
    };
    assert!(problem.detail.contains("\"Bob\""), "{problem}");
}

#[test]
fn the_lists_and_their_units_are_those_of_the_contract() {
    let shown = serde_json::to_value(forecast(Timestamp::UNIX_EPOCH)).unwrap();
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let expected = "assumes calls emails from lapses left_out logins renewals single_admin_pages summary to version_ends";
    assert_eq!(keys(&shown), expected);
    assert_eq!(
        keys(&shown["summary"]),
        "busiest_day emails lapses logins people renewals"
    );
    assert_eq!(
        shown["summary"]["busiest_day"],
        json!({"on": "1970-01-01", "app": "acme", "calls_percent": 38})
    );
    assert_eq!(
        shown["calls"][0],
        json!({"day": "1970-01-01", "app": "acme", "expected": 1824, "budget": 4800})
    );
}
