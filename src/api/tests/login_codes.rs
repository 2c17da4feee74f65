//! Codes that Meta's JavaScript gave an operator's page are stored at once, and only for those who may hand them in.

use axum::body::Body;
use serde_json::json;

use super::world::{World, eve};
use crate::graph_api::{FACEBOOK, INSTAGRAM, Platform};
use crate::login::App;
use crate::model::Scopes;

const CODE: &str = "AQcanary0123456789";
const PATH: &str = "/v1/logins/code";

fn world() -> World {
    let app = |name: &str, platform: &'static Platform| App {
        name: name.to_owned(),
        id: "1".to_owned(),
        platform,
        graph_version: "v25.0".to_owned(),
        dialog_url: "https://www.facebook.com".to_owned(),
        scopes: Scopes::default(),
        config_id: None,
    };
    let world = World::new();
    world.settings.send_modify(|settings| {
        settings.logins.apps = vec![app("acme", &FACEBOOK), app("acme-ig", &INSTAGRAM)];
    });
    world
}

#[tokio::test]
async fn a_code_is_the_answer_of_a_login_that_the_next_sweep_acts_on() {
    let world = world();
    let reply = world
        .send(
            "POST",
            PATH,
            json!({"app": "acme", "code": format!("{CODE}\n")}),
        )
        .await;
    assert_eq!(reply.status, 202, "{}", reply.text);
    world.workers_are_woken().await;
    let accepted = reply.json();
    let login = world
        .get(&format!("/v1/logins/{}", accepted["id"].as_str().unwrap()))
        .await
        .json();
    assert_eq!(
        (&login["state"], &login["app"]),
        (&json!("asking"), &json!("acme"))
    );
    let journal = world.journal().await;
    let events = journal.iter().map(|event| event["kind"].as_str().unwrap());
    assert_eq!(
        events.collect::<Vec<_>>(),
        ["login_opened", "login_answered"]
    );
    assert_eq!(journal[1]["id"], accepted["event"]);
    let now = world.now();
    let claimed = world.backend.inventory.write(move |tx| {
        assert!(!format!("{:?}", tx.login(crate::model::LoginId(1))?).contains(CODE));
        tx.take_answers(&["acme".to_owned()], now)
    });
    let claimed = claimed.await.unwrap();
    assert!(claimed[0].code.is(CODE));
    assert_eq!(claimed[0].redirect_uri, None);
}

#[tokio::test]
async fn what_cannot_be_such_a_code_is_refused_without_being_repeated() {
    let world = world();
    world.import("acme-1", "EAAone").await;
    let long = "A".repeat(4_097);
    for (body, status, problem) in [
        (json!({"app": "acme", "code": ""}), 422, "invalid"),
        (json!({"app": "acme", "code": "AQcanary 1"}), 422, "invalid"),
        (json!({"app": "acme", "code": long}), 422, "invalid"),
        (
            json!({"app": "acme-ig", "code": CODE}),
            409,
            "no-script-login",
        ),
        (json!({"app": "other", "code": CODE}), 404, "unknown-app"),
        (json!({"code": CODE}), 409, "ambiguous"),
        (
            json!({"app": "acme", "code": CODE, "token": "acme-1"}),
            409,
            "person-unknown",
        ),
        (
            json!({"app": "acme", "code": CODE, "token": "nobody"}),
            404,
            "no-such-token",
        ),
        (json!({"app": "acme"}), 400, "malformed"),
        (
            json!({"app": "acme", "code": CODE, "redirect_uri": "x"}),
            400,
            "malformed",
        ),
        (json!(["acme", CODE]), 400, "malformed"),
    ] {
        let reply = world.send("POST", PATH, body.clone()).await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (status, problem),
            "{body}"
        );
        assert!(!reply.text.contains("canary"), "{}", reply.text);
    }
    let body = Body::from(json!({"app": "acme", "code": CODE}).to_string());
    let reply = world.ask_as(eve(), "POST", PATH, body).await;
    assert_eq!(reply.status, 403);
    assert_eq!(world.journal().await.len(), 1, "the import");
}
