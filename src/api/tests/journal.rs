//! The journal, read and followed; and the incidents that people acknowledge.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{World, import_request};
use crate::api::state::Limits;
use crate::api::types::EventQuery;
use crate::model::{Cause, Event, IncidentId, IncidentKey, NewEvent};

fn ids(text: &str) -> Vec<u64> {
    let id = |line| {
        serde_json::from_str::<Value>(line).unwrap()["id"]
            .as_str()
            .unwrap()
            .parse()
    };
    text.lines().map(|line| id(line).unwrap()).collect()
}

#[tokio::test]
async fn the_journal_is_read_from_where_it_was_left() {
    let world = World::new();
    for name in ["a", "b", "c"] {
        world.import(name, &format!("EAA{name}")).await;
    }
    let all = world.get("/v1/events").await;
    assert_eq!(all.headers["content-type"], "application/x-ndjson");
    assert_eq!(ids(&all.text), [1, 2, 3]);
    assert_eq!(ids(&world.get("/v1/events?after=2").await.text), [3]);
    assert_eq!(ids(&world.get("/v1/events?token=b").await.text), [2]);
    assert_eq!(world.get("/v1/events?after=3").await.text, "");
    assert_eq!(
        world.get("/v1/events?after=9223372036854775807").await.text,
        ""
    );
    assert_eq!(
        world.get("/v1/events?token=x").await.problem(),
        "no-such-token"
    );
    assert_eq!(
        world.get("/v1/events?after=-1").await.problem(),
        "malformed"
    );
    assert_eq!(
        world.get("/v1/events?follow=maybe").await.problem(),
        "malformed"
    );
}

#[tokio::test]
async fn a_journal_longer_than_a_page_comes_whole() {
    let world = World::new();
    let now = world.now();
    let fill = world.backend.inventory.write(move |tx| {
        let event = NewEvent::from(Event::Started {});
        (0..1_001).try_for_each(|_| tx.record_event(&event, now).map(drop))
    });
    fill.await.unwrap();
    let expected: Vec<u64> = (1..=1_001).collect();
    assert_eq!(ids(&world.get("/v1/events").await.text), expected);
}

#[tokio::test]
async fn a_follower_hears_what_comes_and_is_let_go_when_the_daemon_stops() {
    let world = World::new();
    world.import("old", "EAAold").await;
    // Only the daemon's signal may wake the follower.
    let served = world.serve_within(Limits {
        look: std::time::Duration::from_secs(3_600),
        ..Limits::default()
    });
    let follow = EventQuery {
        follow: true,
        ..EventQuery::default()
    };
    let mut events = served.client.events(&follow).await.unwrap();
    served
        .client
        .import(&import_request("new", "EAAnew"))
        .await
        .unwrap();
    let event = events.next().await.unwrap().unwrap();
    assert_eq!(
        (event.kind.as_str(), event.token.as_deref()),
        ("imported", Some("new"))
    );

    served.stop.cancel();
    assert_eq!(events.next().await.unwrap(), None);
    served.server.await.unwrap();
}

#[tokio::test]
async fn a_follower_polls_by_itself() {
    let world = World::new();
    let served = world.serve_within(Limits {
        look: std::time::Duration::from_millis(1),
        ..Limits::default()
    });
    let follow = EventQuery {
        follow: true,
        ..EventQuery::default()
    };
    let mut events = served.client.events(&follow).await.unwrap();
    let now = world.now();
    let note = world
        .backend
        .inventory
        .write(move |tx| tx.record_event(&Event::Started {}.into(), now));
    note.await.unwrap();
    let event = events.next().await.unwrap().unwrap().event();
    assert_eq!(event, Event::Started {});
}

#[tokio::test]
async fn an_incident_is_acknowledged_until_a_date_to_come() {
    let world = World::new();
    world.import("acme-1", "EAAone").await;
    let now = world.now();
    let open = world.backend.inventory.write(move |tx| {
        let incident_key = IncidentKey {
            app: "acme".to_owned(),
            cause: Cause::Expired,
            subject: String::new(),
        };
        let token = tx.token_named("acme-1")?.unwrap();
        tx.join(&incident_key, &token, now, now)
    });
    let id = open.await.unwrap().0;
    let until = now + SignedDuration::from_hours(72);
    let path = format!("/v1/incidents/{id}/acknowledge");

    let reply = world.send("POST", &path, json!({"until": until})).await;
    assert_eq!(reply.json()["state"], "acknowledged");
    assert_eq!(reply.json()["next_reminder_at"], until.to_string());
    assert_eq!(reply.json()["subject"], Value::Null);
    for (state, expected) in [
        ("open", 0),
        ("acknowledged", 1),
        ("resolved", 0),
        ("all", 1),
    ] {
        let list = world
            .get(&format!("/v1/incidents?state={state}"))
            .await
            .json();
        assert_eq!(
            list["incidents"].as_array().unwrap().len(),
            expected,
            "{state}"
        );
    }
    let incidents = &world.get("/v1/status").await.json()["incidents"];
    assert_eq!(incidents, &json!({"open": 1, "unacknowledged": 0}));

    for (path, until, problem) in [
        (path.as_str(), json!(now), "in-the-past"),
        (path.as_str(), json!("tomorrow"), "malformed"),
        (
            "/v1/incidents/99/acknowledge",
            json!(until),
            "no-such-incident",
        ),
        (
            "/v1/incidents/x/acknowledge",
            json!(until),
            "no-such-incident",
        ),
    ] {
        assert_eq!(
            world
                .send("POST", path, json!({"until": until}))
                .await
                .problem(),
            problem
        );
    }
}

/// Opens an incident of one token, named after it, which expires in so many days.
async fn open_incident(world: &World, name: &'static str, cause: Cause, days: i64) -> IncidentId {
    let life = SignedDuration::from_hours(24 * days);
    world
        .import_healthy(name, &format!("EAA{name}"), life)
        .await;
    let now = world.now();
    let open = world.backend.inventory.write(move |tx| {
        let incident_key = IncidentKey {
            app: "acme".to_owned(),
            cause,
            subject: name.to_owned(),
        };
        let token = tx.token_named(name)?.unwrap();
        let id = tx.join(&incident_key, &token, now, now)?;
        tx.refresh_incident(id)?;
        Ok(id)
    });
    open.await.unwrap()
}

#[tokio::test]
async fn the_most_urgent_incidents_are_found_among_all() {
    let world = World::new();
    let waiting = open_incident(&world, "acknowledged", Cause::PasswordChanged, 1).await;
    open_incident(&world, "later", Cause::PasswordChanged, 9).await;
    open_incident(&world, "sooner", Cause::Checkpoint, 3).await;
    open_incident(&world, "ends-soon", Cause::ExpiresSoon, 2).await;
    let until = world.now() + SignedDuration::from_hours(72);
    let path = format!("/v1/incidents/{}/acknowledge", waiting.0);
    let reply = world.send("POST", &path, json!({"until": until})).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    for (query, expected) in [
        ("", &["ends-soon", "sooner", "later", "acknowledged"][..]),
        ("?limit=1", &["ends-soon"]),
        (
            "?sort=urgency",
            &["sooner", "later", "ends-soon", "acknowledged"],
        ),
        ("?sort=urgency&limit=2", &["sooner", "later"]),
        ("?sort=newest&limit=2&state=open", &["ends-soon", "sooner"]),
    ] {
        let list = world.get(&format!("/v1/incidents{query}")).await.json();
        let incidents = list["incidents"].as_array().unwrap().iter();
        let found: Vec<_> = incidents
            .map(|incident| incident["tokens"][0].as_str().unwrap())
            .collect();
        assert_eq!(found, expected, "{query}");
    }
    for (query, problem) in [
        ("limit=0", "malformed"),
        ("limit=501", "malformed"),
        ("limit=x", "malformed"),
        ("sort=oldest", "malformed"),
    ] {
        let reply = world.get(&format!("/v1/incidents?{query}")).await;
        assert_eq!(reply.problem(), problem, "{query}");
    }
}
