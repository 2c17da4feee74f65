//! Corrections of a token: all that a request asks for, or nothing.

use axum::body::Body;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{World, alice, eve, root};

const TOKEN: &str = "/v1/tokens/acme-1";

/// Two tokens, the first of which has an owner.
async fn world() -> World {
    let world = World::new();
    world
        .import_healthy("acme-1", "EAAone", SignedDuration::from_hours(48))
        .await;
    world.import("acme-2", "EAAtwo").await;
    let owned = json!({"owners": ["ada@example.com"]});
    assert_eq!(world.send("PATCH", TOKEN, owned).await.status, 200);
    world
}

#[tokio::test]
async fn a_renamed_token_keeps_its_secret_and_its_history() {
    let world = world().await;
    let reply = world
        .send("PATCH", TOKEN, json!({"name": "acme-ada"}))
        .await;
    let token = reply.json();
    assert_eq!(
        (reply.status.as_u16(), &token["name"], &token["owners"]),
        (200, &json!("acme-ada"), &json!(["ada@example.com"]))
    );
    assert_eq!(world.get(TOKEN).await.problem(), "no-such-token");
    let path = "/v1/tokens/acme-ada";
    let shown = world.get(path).await.json();
    let kinds: Vec<&Value> = shown["events"].as_array().unwrap().iter().collect();
    let kinds: Vec<&Value> = kinds.into_iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds, ["renamed", "owners_changed", "imported"]);
    let renamed = &shown["events"][0];
    let by = "alice (uid 70001, pid 4242)";
    assert_eq!(
        (&renamed["token"], &renamed["detail"]),
        (
            &json!("acme-ada"),
            &json!({"from": "acme-1", "to": "acme-ada", "asked_by": by})
        )
    );
    let secret = world
        .ask_as(root(), "GET", &format!("{path}/secret"), Body::empty())
        .await;
    assert_eq!(secret.json()["access_token"], "EAAone", "{}", secret.text);
}

#[tokio::test]
async fn a_request_that_cannot_be_met_changes_nothing() {
    let world = world().await;
    let many = vec!["ada@example.com"; 21];
    for (request, status, kind, words) in [
        (
            json!({"name": "acme-2", "owners": []}),
            409,
            "name-taken",
            "choose another name",
        ),
        (json!({"name": "a/b"}), 422, "invalid", "must have 1 to 100"),
        (json!({"name": ""}), 422, "invalid", "must have 1 to 100"),
        (
            json!({"name": "acme-3", "owners": ["ada"]}),
            422,
            "invalid",
            "email addresses",
        ),
        (json!({"owners": many}), 422, "invalid", "at most 20"),
        (
            json!({"require_scopes": ["Pages"]}),
            422,
            "invalid",
            "names of permissions",
        ),
        (
            json!({"state": "healthy"}),
            400,
            "malformed",
            "unknown field",
        ),
    ] {
        let reply = world.send("PATCH", TOKEN, request.clone()).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (status, kind),
            "{request}"
        );
        assert!(reply.text.contains(words), "{}", reply.text);
        let shown = world.get(TOKEN).await.json();
        assert_eq!(shown["owners"], json!(["ada@example.com"]), "{request}");
        assert_eq!(shown["events"].as_array().unwrap().len(), 2, "{request}");
    }
    let nothing = world.send("PATCH", TOKEN, json!({})).await;
    assert_eq!(nothing.status, 200);
    let gone = world.send("PATCH", "/v1/tokens/nobody", json!({})).await;
    assert_eq!(gone.problem(), "no-such-token");
    let body = Body::from(r#"{"name":"mine"}"#);
    let denied = world.ask_as(eve(), "PATCH", TOKEN, body).await;
    assert_eq!(denied.problem(), "not-permitted");
}

#[tokio::test]
async fn other_requirements_are_shown_and_measured_at_once() {
    let world = world().await;
    world.workers_are_woken().await;
    let scopes = json!({"require_scopes": ["pages_messaging", "email"]});
    let body = Body::from(scopes.to_string());
    let reply = world.ask_as(alice(), "PATCH", TOKEN, body).await;
    assert_eq!(reply.json()["missing_scopes"], json!(["pages_messaging"]));
    world.workers_are_woken().await;
    let shown = world.get(TOKEN).await.json();
    let required = json!(["email", "pages_messaging"]);
    assert_eq!(shown["require_scopes"], required);
    assert_eq!(shown["events"][0]["kind"], "requirements_changed");
}
