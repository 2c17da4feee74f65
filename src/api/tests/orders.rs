//! Orders are rows and a wake-up; the caller can follow the result.

use axum::body::Body;
use jiff::SignedDuration;
use serde_json::json;

use super::world::{World, alice, eve, facts};
use crate::login::App;
use crate::model::{CheckResult, Claimed, Expiry, OrderKind, Scopes};
use crate::secret::Secret;

#[tokio::test]
async fn an_order_is_filed_and_the_sweep_is_woken() {
    for (path, order) in [("check", OrderKind::Check), ("rotate", OrderKind::Rotate)] {
        let world = World::new();
        world
            .import_healthy("acme-1", "EAAone", SignedDuration::from_hours(48))
            .await;
        world.workers_are_woken().await;

        let path = format!("/v1/tokens/acme-1/{path}");
        let reply = world.ask_as(alice(), "POST", &path, Body::empty()).await;
        assert_eq!(reply.status, 202);
        world.workers_are_woken().await;

        let filed = world.backend.inventory.read(|view| {
            let id = view.token_named("acme-1")?.unwrap().id;
            Ok(view.pending_orders()?.remove(&id))
        });
        let pending_order = filed.await.unwrap().unwrap();
        assert_eq!(pending_order.order, order);
        assert_eq!(
            reply.json(),
            json!({"event": pending_order.event.0.to_string()})
        );
    }
}

#[tokio::test]
async fn a_rollback_offers_the_secret_that_was_replaced() {
    let world = World::new();
    world.import("acme-1", "EAAone").await;
    let path = "/v1/tokens/acme-1/rollback";
    let reply = world.ask_as(alice(), "POST", path, Body::empty()).await;
    assert_eq!(
        (reply.status.as_u16(), reply.problem().as_str()),
        (409, "no-previous-version")
    );

    swap(&world, "acme-1", "EAAtwo").await;
    let shown = world.get("/v1/tokens/acme-1").await.json();
    assert_eq!(shown["replaced_at"], world.now().to_string());
    assert_eq!(
        world
            .ask_as(alice(), "POST", path, Body::empty())
            .await
            .status,
        202
    );
    let claimed = claim(&world, "acme-1").await;
    assert_eq!(claimed.secret, Secret::new("EAAtwo"));
    assert_eq!(claimed.candidate.unwrap().secret, Secret::new("EAAone"));
    assert_eq!(claimed.pending_order.unwrap().order, OrderKind::Rollback);
}

#[tokio::test]
async fn a_login_link_is_made_only_for_a_person_whom_meta_has_named() {
    let world = World::new();
    world.settings.send_modify(|settings| {
        settings.logins.public_url = Some("https://tokens.example.com".to_owned());
        settings.logins.apps = vec![App {
            name: "acme".to_owned(),
            id: "1".to_owned(),
            platform: &crate::graph_api::FACEBOOK,
            graph_version: "v25.0".to_owned(),
            dialog_url: "https://www.facebook.com".to_owned(),
            scopes: Scopes::default(),
            config_id: None,
        }];
    });
    world.import("acme-1", "EAAone").await;
    for paste in [false, true] {
        let body = json!({"token": "acme-1", "paste": paste}).to_string();
        let reply = world
            .ask_as(alice(), "POST", "/v1/logins", Body::from(body.clone()))
            .await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (409, "person-unknown")
        );
        assert!(
            reply.text.contains("perennial check acme-1"),
            "{}",
            reply.text
        );
    }
    swap(&world, "acme-1", "EAAtwo").await;
    let body = json!({"token": "acme-1"}).to_string();
    let reply = world
        .ask_as(alice(), "POST", "/v1/logins", Body::from(body))
        .await;
    assert_eq!(reply.status, 201, "{}", reply.text);
}

/// Claims a token as the sweep does when it is due.
async fn claim(world: &World, name: &str) -> Claimed {
    let (name, now) = (name.to_owned(), world.now());
    let job = world.backend.inventory.write(move |tx| {
        let id = tx.token_named(&name)?.unwrap().id;
        let mut claim = tx.claim(&[id], now, now + SignedDuration::from_mins(5))?;
        tx.end_claim(claim.id)?;
        Ok(claim.tokens.remove(0))
    });
    job.await.unwrap()
}

/// Swaps a secret as the sweep does after Meta has confirmed it.
async fn swap(world: &World, name: &str, secret: &str) {
    let (claimed, secret, now) = (claim(world, name).await, Secret::new(secret), world.now());
    let mut learned = CheckResult::new(claimed, now);
    learned.after.facts = Some(facts(Expiry::Never));
    learned.secret = Some(secret);
    let job = world
        .backend
        .inventory
        .write(move |tx| tx.record(&learned, now));
    job.await.unwrap();
}

#[tokio::test]
async fn orders_are_for_operators_and_for_tokens_that_exist() {
    let world = World::new();
    world.import("acme-1", "EAAone").await;
    for order in ["check", "rotate", "rollback"] {
        let path = format!("/v1/tokens/acme-1/{order}");
        assert_eq!(
            world
                .ask_as(eve(), "POST", &path, Body::empty())
                .await
                .problem(),
            "not-permitted"
        );
        let path = format!("/v1/tokens/nobody/{order}");
        assert_eq!(
            world
                .ask_as(alice(), "POST", &path, Body::empty())
                .await
                .problem(),
            "no-such-token"
        );
    }
    assert_eq!(world.journal().await.len(), 1);
}

#[tokio::test]
async fn a_peer_without_a_role_sees_only_that_the_daemon_is_alive() {
    let world = World::new();
    world
        .settings
        .send_modify(|settings| settings.viewers = vec!["bob".to_owned()]);
    for path in [
        "/v1/status",
        "/v1/tokens",
        "/v1/tokens/x",
        "/v1/incidents",
        "/v1/events",
        "/metrics",
    ] {
        assert_eq!(world.get(path).await.problem(), "not-permitted", "{path}");
    }
    for path in ["/healthz", "/readyz", "/openapi.json"] {
        assert_eq!(world.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_reload_is_answered_by_the_daemon() {
    let world = World::new();
    let daemon = async {
        let mut reloads = world.reloads.lock().await;
        let first = reloads.recv().await.unwrap();
        assert_eq!(first.asked_by, "alice (uid 70001, pid 4242)");
        first
            .answer
            .send(Ok(vec!["inventory.path".to_owned()]))
            .unwrap();
        let second = reloads.recv().await.unwrap();
        second
            .answer
            .send(Err(vec!["line 3: unknown key \"nmae\"".to_owned()]))
            .unwrap();
        drop(reloads.recv().await);
    };
    let reload = || world.ask_as(alice(), "POST", "/v1/reload", Body::empty());
    let operator = async {
        assert_eq!(
            reload().await.json(),
            json!({"live_since": "2026-03-01T12:00:00Z", "needs_restart": ["inventory.path"]})
        );
        let refused = reload().await;
        assert_eq!(
            (refused.status.as_u16(), refused.problem().as_str()),
            (409, "reload-refused")
        );
        assert_eq!(
            refused.json()["problems"],
            json!(["line 3: unknown key \"nmae\""])
        );
        assert_eq!(reload().await.problem(), "stopping");
    };
    tokio::join!(daemon, operator);
    assert_eq!(
        world
            .ask_as(eve(), "POST", "/v1/reload", Body::empty())
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn a_test_email_is_written_by_the_daemon() {
    let world = World::new();
    let daemon = async {
        let mut emails = world.mail_tests.lock().await;
        let first = emails.recv().await.unwrap();
        assert_eq!(first.to, None);
        first
            .answer
            .send(Ok("test-1@example.com".to_owned()))
            .unwrap();
        let second = emails.recv().await.unwrap();
        assert_eq!(second.to.as_deref(), Some("ada@example.com"));
        second
            .answer
            .send(Err("no mail path is configured".to_owned()))
            .unwrap();
    };
    let operator = async {
        let first = world
            .ask_with(alice(), "POST", "/v1/mail-test", &[], Body::empty())
            .await;
        assert_eq!(first.status, 202);
        assert_eq!(first.json(), json!({"message_id": "test-1@example.com"}));
        let second = world
            .send("POST", "/v1/mail-test", json!({"to": "ada@example.com"}))
            .await;
        assert_eq!(
            (second.status.as_u16(), second.problem().as_str()),
            (409, "mail-refused")
        );
        let nonsense = world
            .send("POST", "/v1/mail-test", json!({"to": "ada"}))
            .await;
        assert_eq!(
            (nonsense.status.as_u16(), nonsense.problem().as_str()),
            (422, "invalid")
        );
    };
    tokio::join!(daemon, operator);
}

#[tokio::test]
async fn a_daemon_that_does_not_answer_is_not_waited_for_for_ever() {
    let mut world = World::new();
    world.limits.answer = std::time::Duration::from_millis(1);
    let reply = world
        .ask_as(alice(), "POST", "/v1/reload", Body::empty())
        .await;
    assert_eq!(
        (reply.status.as_u16(), reply.problem().as_str()),
        (503, "busy")
    );
}

#[tokio::test]
async fn the_same_order_again_before_it_is_begun_is_the_same_order() {
    let world = World::new();
    world.import("acme-1", "EAAone").await;
    let path = "/v1/tokens/acme-1/check";
    let first = world.ask_as(alice(), "POST", path, Body::empty()).await;
    let before = world.journal().await.len();
    for _ in 0..100 {
        let again = world.ask_as(alice(), "POST", path, Body::empty()).await;
        assert_eq!((again.status, again.json()), (first.status, first.json()));
    }
    assert_eq!(world.journal().await.len(), before);
}

#[tokio::test]
async fn a_test_message_is_queued_for_a_channel_that_exists() {
    let world = World::new();
    let queued = world
        .send("POST", "/v1/post-test", json!({"name": "ops-chat"}))
        .await;
    assert_eq!(queued.status, 202);
    let message_id = queued.json()["message_id"].clone();
    let now = (world.backend.clock)();
    let waiting = world
        .backend
        .inventory
        .read(move |view| view.posts_to_send("ops-chat", now, 10));
    let waiting = waiting.await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(json!(waiting[0].post.message_id), message_id);
    let unknown = world
        .send("POST", "/v1/post-test", json!({"name": "nobody"}))
        .await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.problem().as_str()),
        (404, "no-such-channel")
    );
    let body = r#"{"name":"ops-chat"}"#;
    let refused = world
        .ask_as(eve(), "POST", "/v1/post-test", Body::from(body))
        .await;
    assert_eq!(refused.status, 403);
}
