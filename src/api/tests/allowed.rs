//! What the OpenAPI document allows is never called malformed or invalid, and what it does not allow is refused.
//! `tests/schemathesis` looks for more.

use axum::body::Body;
use serde_json::json;

use super::world::{World, root};

#[tokio::test]
async fn a_request_that_the_document_allows_is_not_called_malformed() {
    let world = World::new();
    world.import("acme-1", "EAAone").await;
    let long = "\u{e4}".repeat(64);
    for (version, consumer, status) in [
        (json!(1.0), "chatbot", 204),
        (json!(1), long.as_str(), 204),
        (json!(2.0), "chatbot", 409),
        (json!(400), "chatbot", 409),
        (json!(1.5), "chatbot", 400),
        (json!(-1), "chatbot", 400),
        (json!(4_294_967_296_u64), "chatbot", 400),
        (json!(1), "chat\u{feff}bot", 422),
        (json!(1), "", 422),
    ] {
        let body = json!({"version": version, "consumer": consumer});
        let reply = world.send("POST", "/v1/tokens/acme-1/in-use", body).await;
        assert_eq!(reply.status, status, "{version} {consumer}: {}", reply.text);
    }
}

#[tokio::test]
async fn a_query_that_the_document_allows_is_not_called_malformed() {
    let world = World::new();
    world.import("acme-1", "EAAone").await;
    for (path, status) in [
        ("/v1/tokens?expires_within=99999d", 200),
        ("/v1/tokens?expires_within=99999999999999999999s", 200),
        ("/v1/tokens?expires_within=1w", 400),
        ("/v1/tokens?sort=urgency&after=x", 404),
        ("/v1/tokens/acme-1/secret?min_remaining=99999d", 409),
        ("/v1/tokens/acme-1/secret?version=400", 409),
        ("/v1/events?after=9223372036854775807", 200),
        ("/v1/events?after=9223372036854775808", 400),
    ] {
        let reply = world.ask_as(root(), "GET", path, Body::empty()).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.text);
    }
}
