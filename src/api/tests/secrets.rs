//! A secret leaves by one route only, to users whom the settings name, and every read is recorded.

use axum::body::Body;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{CANARY, Reply, World, alice, eve, peer, root};
use crate::api::peer::Peer;
use crate::model::{Cause, Health};

fn chatbot() -> Peer {
    peer(70_003, "chatbot")
}

async fn read(world: &World, peer: Peer, path: &str) -> Reply {
    world.ask_as(peer, "GET", path, Body::empty()).await
}

async fn last_event(world: &World) -> Value {
    world.journal().await.pop().unwrap()
}

#[tokio::test]
async fn a_named_reader_gets_the_secret_and_the_journal_records_it() {
    let world = World::new();
    world
        .import_healthy("acme-1", CANARY, SignedDuration::from_hours(48))
        .await;
    let reply = read(&world, chatbot(), "/v1/tokens/acme-1/secret").await;
    assert_eq!(
        reply.json(),
        json!({
            "name": "acme-1", "access_token": CANARY, "version": 1,
            "expires_at": "2026-03-03T12:00:00Z",
        })
    );
    assert_eq!(reply.headers["cache-control"], "no-store");
    let event = last_event(&world).await;
    assert_eq!(
        (&event["kind"], &event["token"]),
        (&json!("secret_read"), &json!("acme-1"))
    );
    let expected = json!({"user": "chatbot", "uid": "70003", "pid": "4242", "version": 1});
    assert_eq!(event["detail"], expected);
}

#[tokio::test]
async fn nobody_else_gets_it_operators_included_and_that_is_recorded_too() {
    let world = World::new();
    world.import("acme-1", CANARY).await;
    world.import("other", "EAAother").await;
    for (peer, name) in [(alice(), "acme-1"), (eve(), "acme-1"), (chatbot(), "other")] {
        let user = peer.account.user.clone();
        let reply = read(&world, peer, &format!("/v1/tokens/{name}/secret")).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (403, "not-permitted")
        );
        let advice = format!("[[status.reader]] user = \"{user}\" tokens = [\"{name}\"]");
        assert!(
            reply.json()["detail"].as_str().unwrap().contains(&advice),
            "{}",
            reply.text
        );
        let event = last_event(&world).await;
        assert_eq!(
            (&event["kind"], &event["token"]),
            (&json!("secret_refused"), &json!(name))
        );
        assert_eq!(event["detail"]["user"], user);
    }
    assert_eq!(
        read(&world, root(), "/v1/tokens/other/secret").await.status,
        200
    );
}

#[tokio::test]
async fn who_may_not_read_a_name_does_not_learn_whether_it_exists() {
    let world = World::new();
    world.import("hidden", CANARY).await;
    let there = read(&world, chatbot(), "/v1/tokens/hidden/secret").await;
    let not_there = read(&world, chatbot(), "/v1/tokens/absent/secret").await;
    assert_eq!(there.text.replace("hidden", "absent"), not_there.text);
    assert_eq!(
        read(&world, chatbot(), "/v1/tokens/acme-9/secret")
            .await
            .problem(),
        "no-such-token"
    );
}

#[tokio::test]
async fn a_secret_with_too_little_life_is_refused() {
    let world = World::new();
    world
        .import_healthy("acme-1", CANARY, SignedDuration::from_hours(12))
        .await;
    world.import("acme-2", "EAAtwo").await;
    let asked = |name: &str, least: &str| format!("/v1/tokens/{name}/secret?min_remaining={least}");
    assert_eq!(
        read(&world, chatbot(), &asked("acme-1", "12h"))
            .await
            .status,
        200
    );
    for (name, least, status, problem) in [
        ("acme-1", "13h", 409, "too-little-life"),
        ("acme-2", "1s", 409, "expiry-unknown"),
        ("acme-1", "soon", 400, "malformed"),
    ] {
        let reply = read(&world, chatbot(), &asked(name, least)).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (status, problem)
        );
        assert!(!reply.text.contains(CANARY));
    }
    assert_eq!(
        read(&world, chatbot(), &asked("acme-2", "")).await.status,
        200
    );
}

#[tokio::test]
async fn a_dead_token_is_not_handed_out() {
    let world = World::new();
    world.import("acme-1", CANARY).await;
    let now = world.now();
    world
        .change_token("acme-1", move |token| {
            token.health = Health::Dead {
                since: now,
                cause: Cause::AppRemoved,
            };
        })
        .await;
    let reply = read(&world, root(), "/v1/tokens/acme-1/secret").await;
    assert_eq!(
        (reply.status.as_u16(), reply.problem().as_str()),
        (409, "token-dead")
    );
    let event = last_event(&world).await;
    assert_eq!(event["detail"]["reason"], "Token dead");
}

#[tokio::test]
async fn a_new_secret_waits_beside_the_current_one_which_is_still_served() {
    let world = World::new();
    world.import("acme-1", CANARY).await;
    let path = "/v1/tokens/acme-1/secret";
    let reply = world
        .send("PUT", path, json!({"access_token": "EAAnew"}))
        .await;
    assert_eq!(reply.status, 202);
    let event = last_event(&world).await;
    assert_eq!(event["kind"], "candidate_kept");
    assert_eq!(reply.json(), json!({"event": event["id"]}));
    assert_eq!(
        read(&world, root(), path).await.json()["access_token"],
        CANARY
    );
}

#[tokio::test]
async fn a_secret_in_use_is_no_news_and_one_of_another_token_is_refused() {
    let world = World::new();
    world.import("acme-1", CANARY).await;
    world.import("acme-2", "EAAtwo").await;
    let add_candidate = |secret: &'static str| json!({"access_token": secret});
    let path = "/v1/tokens/acme-1/secret";
    assert_eq!(
        world.send("PUT", path, add_candidate(CANARY)).await.status,
        200
    );
    let reply = world.send("PUT", path, add_candidate("EAAtwo")).await;
    assert_eq!(
        (reply.status.as_u16(), reply.problem().as_str()),
        (409, "held-by-another")
    );
    assert_eq!(world.journal().await.len(), 2);
}

#[tokio::test]
async fn an_empty_value_never_overwrites_a_stored_token() {
    let world = World::new();
    world.import("acme-1", CANARY).await;
    let path = "/v1/tokens/acme-1/secret";
    for (body, problem) in [
        (json!({"access_token": ""}), "invalid"),
        (json!({"access_token": " \n"}), "invalid"),
        (json!({"access_token": null}), "malformed"),
        (json!({}), "malformed"),
    ] {
        assert_eq!(world.send("PUT", path, body).await.problem(), problem);
    }
    assert_eq!(
        read(&world, root(), path).await.json()["access_token"],
        CANARY
    );
    assert_eq!(
        world
            .send("PUT", "/v1/tokens/x/secret", json!({"access_token": "EAA"}))
            .await
            .status,
        404
    );
}

/// Makes every request but the one route, as root, with a secret and a candidate in the inventory.
#[tokio::test]
async fn no_answer_but_one_holds_a_secret() {
    let world = World::new();
    world
        .import_healthy("acme-1", CANARY, SignedDuration::from_hours(48))
        .await;
    let add_candidate = Body::from(json!({"access_token": CANARY}).to_string());
    let again = Body::from(json!({"app": "acme", "access_token": CANARY}).to_string());
    let new = Body::from(json!({"access_token": format!("{CANARY}2")}).to_string());
    for (method, path, body) in [
        ("PUT", "/v1/tokens/acme-1/secret", add_candidate),
        ("PUT", "/v1/tokens/acme-1/secret", new),
        ("POST", "/v1/tokens", again),
        ("POST", "/v1/tokens/acme-1/check", Body::empty()),
        ("POST", "/v1/tokens/acme-1/rotate", Body::empty()),
        ("POST", "/v1/tokens/acme-1/rollback", Body::empty()),
        (
            "GET",
            "/v1/tokens/acme-1/secret?min_remaining=99d",
            Body::empty(),
        ),
        ("GET", "/v1/tokens/EAAcanary0123456789", Body::empty()),
        (
            "GET",
            "/v1/tokens/EAAcanary0123456789/secret",
            Body::empty(),
        ),
        ("GET", "/v1/EAAcanary0123456789", Body::empty()),
        (
            "GET",
            "/v1/tokens?access_token=EAAcanary0123456789",
            Body::empty(),
        ),
        ("GET", "/v1/tokens?limit=EAAcanary0123456789", Body::empty()),
        ("GET", "/v1/tokens", Body::empty()),
        ("GET", "/v1/tokens/acme-1", Body::empty()),
        ("GET", "/v1/status", Body::empty()),
        ("GET", "/v1/incidents", Body::empty()),
        ("GET", "/v1/events", Body::empty()),
        ("GET", "/metrics", Body::empty()),
        ("GET", "/readyz", Body::empty()),
        ("DELETE", "/v1/tokens/acme-1", Body::empty()),
    ] {
        let reply = world.ask_as(root(), method, path, body).await;
        assert!(
            !reply.text.contains(CANARY),
            "{method} {path}: {}",
            reply.text
        );
        assert!(
            !format!("{:?}", reply.headers).contains(CANARY),
            "{method} {path}"
        );
    }
}

/// Records the hours that are over, as the daemon does periodically.
async fn write_down(world: &World) -> usize {
    let log = &world.daemon.accesses;
    log.write_due(&world.backend.inventory, world.now())
        .await
        .unwrap()
}

#[tokio::test]
async fn refused_readings_are_counted_in_one_event_an_hour() {
    let world = World::new();
    world.import("acme-1", CANARY).await;
    for _ in 0..500 {
        let reply = read(&world, eve(), "/v1/tokens/acme-1/secret").await;
        assert_eq!(reply.problem(), "not-permitted");
    }
    assert_eq!(world.journal().await.len(), 2, "the import, and the first");
    assert_eq!(write_down(&world).await, 0, "the hour is not over");
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(write_down(&world).await, 1);
    let event = last_event(&world).await;
    assert_eq!(
        (&event["kind"], &event["token"]),
        (&json!("secret_refused"), &json!("acme-1"))
    );
    assert_eq!(event["detail"]["times"], 499);
    assert_eq!(event["detail"]["user"], "eve");
    assert_eq!(write_down(&world).await, 0);
    read(&world, eve(), "/v1/tokens/acme-1/secret").await;
    assert_eq!(world.journal().await.len(), 4, "a new hour begins");
}

#[tokio::test]
async fn a_chatty_reader_does_not_make_the_journal_grow() {
    let world = World::new();
    world
        .import_healthy("acme-1", CANARY, SignedDuration::from_hours(48))
        .await;
    let before = world.journal().await.len();
    for _ in 0..300 {
        let reply = read(&world, chatbot(), "/v1/tokens/acme-1/secret").await;
        assert_eq!(reply.status, 200);
    }
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(write_down(&world).await, 1);
    assert_eq!(world.journal().await.len(), before + 2);
    assert_eq!(last_event(&world).await["detail"]["times"], 299);
}

#[tokio::test]
async fn asking_for_ever_other_names_does_not_make_the_journal_grow() {
    let world = World::new();
    for number in 0..60 {
        world
            .import(&format!("other-{number}"), &format!("EAA{number}"))
            .await;
    }
    let before = world.journal().await.len();
    for number in 0..300 {
        let name = format!("/v1/tokens/other-{number}/secret");
        assert_eq!(read(&world, eve(), &name).await.status, 403);
    }
    let after_a_moment = world.journal().await.len() - before;
    assert!(after_a_moment <= 20, "{after_a_moment}");
    world.pass(SignedDuration::from_hours(1));
    write_down(&world).await;
    let times = |event: &Value| event["detail"]["times"].as_u64().unwrap_or(1);
    let journal = world.journal().await;
    let noted = journal[before..].iter().map(times).sum::<u64>();
    assert_eq!(noted, 300, "every request is in one of the events");
    assert!(journal.len() - before <= 40, "{}", journal.len() - before);
}

#[tokio::test]
async fn many_users_do_not_make_the_journal_grow_either() {
    let world = World::new();
    world.import("acme-1", CANARY).await;
    let before = world.journal().await.len();
    for uid in 100_000..101_000 {
        let path = "/v1/tokens/acme-1/secret";
        let user = format!("u{uid}");
        assert_eq!(read(&world, peer(uid, &user), path).await.status, 403);
    }
    assert!(world.journal().await.len() - before <= 300);
}

#[tokio::test]
async fn a_token_that_was_forgotten_meanwhile_is_not_named_again() {
    let world = World::new();
    world.import("acme-1", CANARY).await;
    for _ in 0..2 {
        read(&world, eve(), "/v1/tokens/acme-1/secret").await;
    }
    world
        .ask_as(alice(), "DELETE", "/v1/tokens/acme-1", Body::empty())
        .await;
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(write_down(&world).await, 1);
    assert_eq!(last_event(&world).await["token"], Value::Null);
}

#[tokio::test]
async fn what_was_only_counted_is_written_down_when_the_daemon_ends() {
    let world = World::new();
    world.import("acme-1", CANARY).await;
    for _ in 0..3 {
        read(&world, eve(), "/v1/tokens/acme-1/secret").await;
    }
    let log = &world.daemon.accesses;
    log.write_all(&world.backend.inventory, world.now())
        .await
        .unwrap();
    assert_eq!(last_event(&world).await["detail"]["times"], 2);
}
