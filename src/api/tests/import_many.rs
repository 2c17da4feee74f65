//! Many tokens in one request: each has its own result, and none depends on another.

use axum::body::Body;
use serde_json::{Value, json};

use super::world::{CANARY, World, alice, eve, import_request};
use crate::api::types::{ImportRequest, ImportResult, MOST_IMPORTS};
use crate::api_client::Error;

const PATH: &str = "/v1/imports";

fn token(name: &str, secret: &str) -> Value {
    json!({"app": "acme", "name": name, "access_token": secret})
}

async fn results(world: &World, tokens: Vec<Value>) -> Vec<Value> {
    let reply = world.send("POST", PATH, json!({ "tokens": tokens })).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert!(!reply.text.contains("EAA"), "{}", reply.text);
    reply.json()["results"].as_array().unwrap().clone()
}

/// The status of each result, and its name or the last part of its problem's type.
fn told(results: &[Value]) -> Vec<(u64, &str)> {
    let told = results.iter().map(|result| {
        let problem = &result["problem"]["type"];
        let text = result["name"].as_str().or(problem.as_str()).unwrap();
        let text = text.trim_start_matches("urn:perennial:problem:");
        (result["status"].as_u64().unwrap(), text)
    });
    told.collect()
}

#[tokio::test]
async fn each_token_has_a_result_of_its_own_in_the_order_of_the_request() {
    let world = World::new();
    world.import("here", "EAAhere").await;
    let results = results(
        &world,
        vec![
            token("one", "EAAone"),
            token("other", "EAAhere"),
            token("here", "EAAthere"),
            json!({"app": "unknown", "access_token": CANARY}),
            json!({"app": "acme", "acess_token": CANARY}),
            json!(CANARY),
            token("../two", "EAA two"),
            token("one", "EAAagain"),
            token("twice", "EAAone"),
            token("two", "EAAtwo"),
        ],
    )
    .await;
    let expected = [
        (201, "one"),
        (200, "here"),
        (409, "name-taken"),
        (404, "unknown-app"),
        (400, "malformed"),
        (400, "malformed"),
        (422, "invalid"),
        (409, "name-taken"),
        (200, "one"),
        (201, "two"),
    ];
    assert_eq!(told(&results), expected);
    let detail = results[4]["problem"]["detail"].as_str().unwrap();
    assert!(detail.contains("unknown field `acess_token`"), "{detail}");
    let wrong = results[6]["problem"]["problems"].as_array().unwrap();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert_eq!(world.get("/v1/status").await.json()["tokens"]["total"], 3);
    let journal = world.journal().await;
    let imported = journal.iter().filter(|event| event["kind"] == "imported");
    let names: Vec<&str> = imported.map(|e| e["token"].as_str().unwrap()).collect();
    assert_eq!(names, ["here", "one", "two"]);
    assert_eq!(
        journal[1]["detail"]["asked_by"],
        "alice (uid 70001, pid 4242)"
    );
}

#[tokio::test]
async fn what_was_imported_is_like_a_single_import() {
    let world = World::new();
    let mut first = token("one", "EAAone");
    first["owners"] = json!(["ada@example.com"]);
    first["require_scopes"] = json!(["pages_messaging"]);
    first["discover"] = json!(true);
    results(&world, vec![first.clone()]).await;
    world.workers_are_woken().await;
    let journal = world.journal().await;
    assert_eq!(journal[1]["detail"]["order"], "discover");
    let many = world.get("/v1/tokens/one").await.json();

    let other = World::new();
    other.send("POST", "/v1/tokens", first).await;
    let single = other.get("/v1/tokens/one").await.json();
    for member in [
        "app",
        "owners",
        "missing_scopes",
        "state",
        "next",
        "version",
    ] {
        assert_eq!(many[member], single[member], "{member}");
    }
}

#[tokio::test]
async fn a_request_that_is_not_acceptable_as_a_whole_imports_nothing() {
    let world = World::new();
    let many = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|n| token(&format!("t-{n}"), &format!("EAA{n}")))
            .collect()
    };
    let long = vec![token("long", &"x".repeat(600 << 10))];
    let misspelled = json!({"tokens": many(1), "colour": "red"});
    for (body, status, problem) in [
        (json!({ "tokens": many(501) }), 422, "invalid"),
        (json!({ "tokens": long }), 413, "too-large"),
        (misspelled, 400, "malformed"),
        (json!({"tokens": {"a": 1}}), 400, "malformed"),
        (json!(many(1)), 400, "malformed"),
        (json!({}), 400, "malformed"),
    ] {
        let reply = world.send("POST", PATH, body).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (status, problem)
        );
    }
    let body = Body::from(json!({ "tokens": many(1) }).to_string());
    let refused = world.ask_as(eve(), "POST", PATH, body).await;
    assert_eq!(refused.problem(), "not-permitted");
    let broken = Body::from("{\"tokens\":[{\"app\":");
    let refused = world.ask_as(alice(), "POST", PATH, broken).await;
    assert_eq!(refused.problem(), "malformed");
    assert!(world.journal().await.is_empty());
    assert!(results(&world, Vec::new()).await.is_empty());
    assert_eq!(results(&world, many(500)).await.len(), 500);
}

#[tokio::test]
async fn the_client_sends_as_many_as_one_request_takes() {
    let world = World::new();
    let client = world.serve().client;
    let of_size = |size: usize| -> Vec<ImportRequest> {
        (0..600)
            .map(|n| import_request(&format!("t-{n}"), &format!("{n}{}", "x".repeat(size))))
            .collect()
    };
    let (short, long) = (of_size(200), of_size(4_000));
    let short: Vec<_> = short.iter().collect();
    let long: Vec<_> = long.iter().collect();
    let first = client.import_first(&short).await.unwrap();
    assert_eq!(first.len(), MOST_IMPORTS);
    let is = |status: u16| move |result: &ImportResult| result.status == status;
    assert!(first.iter().all(is(201)));
    let rest = client.import_first(&short[MOST_IMPORTS..]).await.unwrap();
    assert_eq!(rest.len(), 100);
    let fitting = client.import_first(&long).await.unwrap();
    assert!((100..200).contains(&fitting.len()), "{}", fitting.len());
    assert!(fitting.iter().all(is(409)));

    let huge = import_request("huge", &"x".repeat(600 << 10));
    match client.import_first(&[&huge, short[0]]).await.unwrap_err() {
        Error::Refused(problem) => assert_eq!(problem.status, 413),
        other => panic!("{other}"),
    }
}
