//! An import stores a token completely or not at all.

use axum::body::Body;
use serde_json::{Value, json};

use super::world::{CANARY, World, alice, eve};

fn request(change: &[(&str, Value)]) -> Value {
    let mut request = json!({"app": "acme", "access_token": CANARY, "name": "acme-1"});
    for (name, value) in change {
        request[*name] = value.clone();
    }
    request
}

#[tokio::test]
async fn a_token_is_taken_in_once() {
    let world = World::new();
    let first = world
        .send(
            "POST",
            "/v1/tokens",
            request(&[("owners", json!(["ada@example.com"]))]),
        )
        .await;
    assert_eq!(first.status, 201);
    assert_eq!(first.headers["location"], "/v1/tokens/acme-1");
    assert_eq!(first.json()["state"], "unverified");

    let changed = request(&[
        ("name", json!("other")),
        ("owners", json!(["eve@example.com"])),
    ]);
    let again = world.send("POST", "/v1/tokens", changed).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.json(), first.json());
    assert_eq!(world.journal().await.len(), 1);
}

#[tokio::test]
async fn a_name_in_use_by_another_token_is_refused() {
    let world = World::new();
    world.import("acme-1", "EAAone").await;
    let reply = world.send("POST", "/v1/tokens", request(&[])).await;
    assert_eq!(
        (reply.status.as_u16(), reply.problem().as_str()),
        (409, "name-taken")
    );
    assert_eq!(world.journal().await.len(), 1);
}

#[tokio::test]
async fn a_token_without_a_name_is_named_after_its_app() {
    let world = World::new();
    let request = json!({"app": "acme", "access_token": CANARY});
    let token = world.send("POST", "/v1/tokens", request).await.json();
    let name = format!("acme-{}", token["fingerprint"].as_str().unwrap());
    assert_eq!(token["name"], name);
}

#[tokio::test]
async fn an_import_wakes_the_sweep_and_may_ask_for_the_pages() {
    let world = World::new();
    world
        .send("POST", "/v1/tokens", request(&[("discover", json!(true))]))
        .await;
    world.workers_are_woken().await;
    let journal = world.journal().await;
    assert_eq!(journal[0]["kind"], "imported");
    assert_eq!(
        journal[0]["detail"]["asked_by"],
        "alice (uid 70001, pid 4242)"
    );
    assert_eq!(journal[1]["detail"]["order"], "discover");
}

#[tokio::test]
async fn what_cannot_be_a_token_is_refused_and_nothing_is_kept_or_repeated() {
    let world = World::new();
    for (change, status, problem) in [
        (("app", json!("nobody")), 404, "unknown-app"),
        (("app", json!(7)), 400, "malformed"),
        (("access_token", json!("")), 422, "invalid"),
        (("access_token", json!("  \n")), 422, "invalid"),
        (
            ("access_token", json!(format!("{CANARY} {CANARY}"))),
            422,
            "invalid",
        ),
        (
            ("access_token", json!(format!("{CANARY}\u{e4}"))),
            422,
            "invalid",
        ),
        (("access_token", json!(CANARY.repeat(500))), 422, "invalid"),
        (
            ("access_token", json!(CANARY.repeat(5_000))),
            413,
            "too-large",
        ),
        (("access_token", json!([CANARY])), 400, "malformed"),
        (("name", json!("")), 422, "invalid"),
        (("name", json!("../etc/passwd")), 422, "invalid"),
        (("name", json!(CANARY.repeat(10))), 422, "invalid"),
        (("owners", json!(CANARY)), 400, "malformed"),
        (
            ("owners", json!(["ada@example.com\r\nBcc: eve@example.com"])),
            422,
            "invalid",
        ),
        (
            ("require_scopes", json!(["pages messaging"])),
            422,
            "invalid",
        ),
        (("nmae", json!(CANARY)), 400, "malformed"),
        ((CANARY, json!(1)), 400, "malformed"),
    ] {
        let reply = world
            .send("POST", "/v1/tokens", request(std::slice::from_ref(&change)))
            .await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (status, problem),
            "{change:?}"
        );
        assert!(!reply.text.contains(CANARY), "{}", reply.text);
    }
    assert_eq!(world.get("/v1/status").await.json()["tokens"]["total"], 0);
    assert!(world.journal().await.is_empty());
}

#[tokio::test]
async fn a_body_that_is_not_json_is_reported_as_such() {
    let world = World::new();
    for (kind, body, status, problem) in [
        (
            Some("application/x-www-form-urlencoded"),
            &b"{}"[..],
            415,
            "not-json",
        ),
        (None, b"{}", 415, "not-json"),
        (Some("application/json"), b"", 400, "malformed"),
        (
            Some("application/json"),
            b"{\"app\":\"acme\",",
            400,
            "malformed",
        ),
        (
            Some("application/json"),
            b"{\"app\":\"\xff\xfe\"}",
            400,
            "malformed",
        ),
        (Some("application/json"), b"[1,2", 400, "malformed"),
    ] {
        let headers: Vec<(&str, &str)> = kind.iter().map(|&kind| ("content-type", kind)).collect();
        let reply = world
            .ask_with(alice(), "POST", "/v1/tokens", &headers, Body::from(body))
            .await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (status, problem),
            "{body:?}"
        );
    }
}

#[tokio::test]
async fn only_an_operator_takes_tokens_in_or_lets_them_go() {
    let world = World::new();
    world.import("acme-1", "EAAone").await;
    let request = Body::from(request(&[("name", json!("acme-2"))]).to_string());
    for (method, path, body) in [
        ("POST", "/v1/tokens", request),
        ("DELETE", "/v1/tokens/acme-1", Body::empty()),
        ("DELETE", "/v1/tokens/nobody", Body::empty()),
    ] {
        let reply = world.ask_as(eve(), method, path, body).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (403, "not-permitted")
        );
        assert!(
            reply.text.contains("add \\\"eve\\\" to operators"),
            "{}",
            reply.text
        );
    }
    assert_eq!(world.get("/v1/status").await.json()["tokens"]["total"], 1);
}

#[tokio::test]
async fn a_forgotten_token_is_gone_and_its_name_stays_in_the_journal() {
    let world = World::new();
    world.import("acme-1", "EAAone").await;
    let path = "/v1/tokens/acme-1";
    assert_eq!(
        world
            .ask_as(alice(), "DELETE", path, Body::empty())
            .await
            .status,
        204
    );
    assert_eq!(world.get(path).await.problem(), "no-such-token");
    assert_eq!(
        world
            .ask_as(alice(), "DELETE", path, Body::empty())
            .await
            .problem(),
        "no-such-token"
    );
    let last = world.journal().await.pop().unwrap();
    assert_eq!(
        (last["kind"].as_str(), last["token"].as_str()),
        (Some("forgotten"), Some("acme-1"))
    );
}

#[tokio::test]
async fn the_list_is_walked_page_by_page_and_narrowed() {
    let world = World::new();
    for name in ["c", "a", "e", "b", "d"] {
        world.import(name, &format!("EAA{name}")).await;
    }
    let mut names = Vec::new();
    let mut path = "/v1/tokens?limit=2".to_owned();
    loop {
        let page = world.get(&path).await.json();
        let tokens = page["tokens"].as_array().unwrap();
        names.extend(
            tokens
                .iter()
                .map(|token| token["name"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/v1/tokens?limit=2&after={next}");
    }
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    let empty = "/v1/tokens?state=dead&kind=&app=acme&parent=&expires_within=14d&limit=&after=";
    assert_eq!(
        world.get(empty).await.json(),
        json!({"tokens": [], "next": null})
    );
}

#[tokio::test]
async fn an_invalid_query_gets_an_error_with_its_place() {
    let world = World::new();
    for (query, expected) in [
        ("state=sick", "state: expected one of `unverified`"),
        (
            "expires_within=soon",
            "expires_within: expected a whole number and one of s, m, h, d",
        ),
        ("limit=many", "limit: this cannot be read"),
        (
            "colour=red",
            "colour: unknown parameter; this call takes state, kind",
        ),
        ("state=EAAcanary0123456789", "state: expected one of"),
    ] {
        let reply = world.get(&format!("/v1/tokens?{query}")).await;
        assert_eq!(reply.problem(), "malformed");
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with(expected), "{detail}");
        assert!(!detail.contains(CANARY), "{detail}");
    }
}

#[tokio::test]
async fn an_array_is_not_taken_for_an_object() {
    let world = World::new();
    for (method, path, body) in [
        (
            "POST",
            "/v1/tokens",
            json!(["acme", "EAAone", null, [], [], false]),
        ),
        ("PUT", "/v1/tokens/acme-1/secret", json!(["EAAtwo"])),
        (
            "POST",
            "/v1/incidents/1/acknowledge",
            json!(["2030-01-01T00:00:00Z"]),
        ),
        ("POST", "/v1/logins", json!(["acme", null, false, true])),
        ("POST", "/v1/mail-test", json!(["ada@example.com"])),
        ("POST", "/v1/post-test", json!(["ops-chat"])),
    ] {
        let reply = world.send(method, path, body).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (400, "malformed"),
            "{path}"
        );
    }
    assert_eq!(world.journal().await.len(), 0);
}

#[tokio::test]
async fn a_token_has_no_more_owners_than_can_be_written_to() {
    let world = World::new();
    let owners = |many: usize| -> Vec<String> {
        (0..many)
            .map(|number| format!("ada{number}@example.com"))
            .collect()
    };
    let reply = world
        .send(
            "POST",
            "/v1/tokens",
            request(&[("owners", json!(owners(21)))]),
        )
        .await;
    assert_eq!(reply.problem(), "invalid");
    let reply = world
        .send(
            "POST",
            "/v1/tokens",
            request(&[("owners", json!(owners(20)))]),
        )
        .await;
    assert_eq!(reply.status, 201);
}
