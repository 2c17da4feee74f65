//! Snapshots of the answers, exactly as programs rely on them.

use axum::body::Body;
use insta::{assert_json_snapshot, assert_snapshot};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{World, alice, facts, root};
use crate::model::{
    Cause, EmailReason, Expiry, Health, IncidentKey, Kind, NewEmail, Outcome, ReviewOutcome,
    Rotation,
};

/// Hides what varies: fingerprints and the instance depend on a random key, and the version changes with releases.
fn steady(mut answer: Value) -> Value {
    match &mut answer {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                *member = match name.as_str() {
                    "fingerprint" => json!("[fingerprint]"),
                    "instance" => json!("[instance]"),
                    "version" if member.is_string() => json!("[version]"),
                    _ => steady(member.take()),
                };
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| *item = steady(item.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    answer
}

/// A user token that expires, a dead page token below it, an incident, and a queued email.
async fn still_affected() -> World {
    let world = World::new();
    world
        .import_healthy("acme-ada", "EAAada", SignedDuration::from_hours(24 * 40))
        .await;
    let now = world.now();
    world
        .change_token("acme-ada", move |token| {
            token.subject_name = Some("Ada".to_owned());
            token.last_rotation = Some(Rotation {
                outcome: Outcome::SameExpiry,
                at: now,
            });
        })
        .await;
    world.import("acme-page", "EAApage").await;
    world.import("acme-new", "EAAnew").await;
    world
        .change_token("acme-page", move |token| {
            let mut facts = facts(Expiry::Never);
            facts.kind = Kind::Page;
            facts.subject = "2002".to_owned();
            token.facts = Some(facts);
            token.health = Health::Dead {
                since: now,
                cause: Cause::PasswordChanged,
            };
        })
        .await;
    open_incident(&world).await;
    world
}

async fn open_incident(world: &World) {
    let now = world.now();
    let job = world.backend.inventory.write(move |tx| {
        let page = tx.token_named("acme-page")?.unwrap();
        let incident_key = IncidentKey {
            app: "acme".to_owned(),
            cause: Cause::PasswordChanged,
            subject: "1001".to_owned(),
        };
        let id = tx.join(&incident_key, &page, now, now)?;
        let incident = tx.refresh_incident(id)?.unwrap();
        let email = NewEmail {
            incident: Some(id),
            message_id: "1@example.com".to_owned(),
            in_reply_to: None,
            recipients: vec!["ada@example.com".to_owned()],
            subject: "Ada must log in again".to_owned(),
            text: String::new(),
            html: String::new(),
        };
        tx.enqueue_email(&email, now)?;
        let told = ReviewOutcome::Notified {
            everybody: vec!["ada@example.com".to_owned()],
            of: EmailReason::First,
        };
        let next_review = Some(now + SignedDuration::from_hours(72));
        tx.reviewed(&incident, &told, next_review, now)
    });
    job.await.unwrap();
}

#[tokio::test]
async fn the_status() {
    let world = still_affected().await;
    assert_json_snapshot!(steady(world.get("/v1/status").await.json()));
}

#[tokio::test]
async fn the_list_of_tokens() {
    let world = still_affected().await;
    assert_json_snapshot!(steady(world.get("/v1/tokens").await.json()));
}

#[tokio::test]
async fn one_token_with_what_surrounds_it() {
    let world = still_affected().await;
    assert_json_snapshot!(steady(world.get("/v1/tokens/acme-page").await.json()));
}

#[tokio::test]
async fn the_incidents() {
    let world = still_affected().await;
    assert_json_snapshot!(world.get("/v1/incidents").await.json());
}

#[tokio::test]
async fn the_journal() {
    let world = still_affected().await;
    assert_json_snapshot!(world.journal().await);
}

#[tokio::test]
async fn the_secret() {
    let world = still_affected().await;
    let path = "/v1/tokens/acme-ada/secret";
    assert_json_snapshot!(
        world
            .ask_as(root(), "GET", path, Body::empty())
            .await
            .json()
    );
}

#[tokio::test]
async fn the_metrics() {
    let world = still_affected().await;
    let text = world.get("/metrics").await.text;
    let text = text.replace(env!("CARGO_PKG_VERSION"), "[version]");
    let lines: Vec<String> = text.lines().map(without_work).collect();
    assert_snapshot!(lines.join("\n"));
}

/// The inventory's own work changes with its statements.
fn without_work(line: &str) -> String {
    match line.split_once("_total ") {
        Some((name, _)) if !line.starts_with('#') => format!("{name}_total [count]"),
        _ => line.to_owned(),
    }
}

#[tokio::test]
async fn not_being_ready() {
    let world = still_affected().await;
    world.pass(SignedDuration::from_hours(2));
    let reply = world.get("/readyz").await;
    assert_eq!(reply.problem(), "not-ready");
    assert_json_snapshot!(reply.json());
    assert_eq!(world.get("/healthz").await.status, 200);
    assert_eq!(world.get("/v1/status").await.json()["ready"], false);
}

#[tokio::test]
async fn being_refused() {
    let world = World::new();
    let invalid = json!({
        "app": "acme", "access_token": " ", "name": "../x", "owners": ["ada"], "require_scopes": ["a b"],
    });
    let path = "/v1/tokens";
    let body = Body::from(invalid.to_string());
    assert_json_snapshot!(world.ask_as(alice(), "POST", path, body).await.json());
}

#[tokio::test]
async fn problems_of_the_daemon_itself_are_described_in_sentences() {
    let world = World::new();
    world.daemon_status.send_modify(|daemon_status| {
        daemon_status.sweep.overdue = 3;
        daemon_status.inventory_error = Some("no space left on the disk".to_owned());
        daemon_status.problems = vec!["acme: Meta answers with v26.0, not v25.0".to_owned()];
    });
    let status = world.get("/v1/status").await.json();
    assert_eq!(status["ready"], false);
    let expected = json!([
        "the inventory cannot be written to: no space left on the disk",
        "3 tokens have been due for too long",
        "acme: Meta answers with v26.0, not v25.0",
    ]);
    assert_eq!(status["problems"], expected);
}
