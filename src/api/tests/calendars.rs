//! The addresses of calendars: who sees them, and that a revoked one is gone.

use axum::body::Body;
use serde_json::{Value, json};

use super::world::{World, alice, eve};
use crate::model::{Expiry, Facts, Health, Kind, Scopes};

const PUBLIC_URL: &str = "https://tokens.example.com";

/// A world with a public part, and tokens of people: name of the token, its kind, the person's id and name.
async fn world(tokens: &[(&str, Kind, &str, &str)]) -> World {
    let world = World::new();
    world.settings.send_modify(|settings| {
        settings.logins.public_url = Some(PUBLIC_URL.to_owned());
    });
    for (number, (name, kind, person, called)) in tokens.iter().enumerate() {
        world.import(name, &format!("EAAsecret{number}")).await;
        let (kind, person, called) = (*kind, (*person).to_owned(), (*called).to_owned());
        world
            .change_token(name, move |token| {
                token.health = Health::Healthy;
                token.subject_name = Some(called);
                token.facts = Some(Facts {
                    kind,
                    subject: person.clone(),
                    person,
                    scopes: Some(Scopes::default()),
                    issued_at: None,
                    expires_at: Expiry::Never,
                    data_access_expires_at: Expiry::Never,
                });
            })
            .await;
    }
    world
}

async fn list(world: &World, query: &str) -> Value {
    let path = format!("/v1/calendars{query}");
    let reply = world.ask_as(alice(), "GET", &path, Body::empty()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()
}

async fn revoke(world: &World, person: &str) -> super::world::Reply {
    let path = format!("/v1/calendars/{person}");
    world.ask_as(alice(), "DELETE", &path, Body::empty()).await
}

fn urls(list: &Value) -> Vec<String> {
    let calendars = list["calendars"].as_array().unwrap().iter();
    let urls = calendars.map(|calendar| calendar["url"].as_str().unwrap().to_owned());
    urls.collect()
}

#[tokio::test]
async fn each_person_and_the_operators_have_an_address() {
    let world = world(&[
        ("ada", Kind::User, "17", "Ada"),
        ("robot", Kind::SystemUser, "18", "Robot"),
        ("bob", Kind::User, "19", "Bob"),
    ])
    .await;
    let first = list(&world, "").await;
    let calendars = first["calendars"].as_array().unwrap();
    let people: Vec<_> = calendars
        .iter()
        .map(|calendar| (&calendar["app"], &calendar["person"], &calendar["name"]))
        .collect();
    let (null, acme) = (Value::Null, json!("acme"));
    let (ada, bob) = ((json!("17"), json!("Ada")), (json!("19"), json!("Bob")));
    assert_eq!(
        people,
        [
            (&null, &null, &null),
            (&acme, &ada.0, &ada.1),
            (&acme, &bob.0, &bob.1)
        ]
    );
    let urls_then = urls(&first);
    let prefix = format!("{PUBLIC_URL}/calendar/");
    assert!(urls_then.iter().all(|url| url.starts_with(&prefix)));
    assert_eq!(urls(&list(&world, "").await), urls_then, "they stay");

    let page = list(&world, "?limit=1").await;
    assert_eq!(urls(&page), urls_then[..2]);
    let next = page["next"].as_str().unwrap();
    let page = list(&world, &format!("?limit=1&after={next}")).await;
    assert_eq!(
        (urls(&page), &page["next"]),
        (urls_then[2..].to_vec(), &null)
    );
}

#[tokio::test]
async fn an_address_is_for_operators_alone() {
    let world = world(&[
        ("ada", Kind::User, "17", "Ada"),
        ("robot", Kind::SystemUser, "18", "Robot"),
    ])
    .await;
    let refused = world
        .ask_as(eve(), "GET", "/v1/calendars", Body::empty())
        .await;
    assert_eq!(refused.problem(), "not-permitted");
    let address = |peer, name: &'static str| {
        let path = format!("/v1/tokens/{name}");
        let world = &world;
        async move {
            let reply = world.ask_as(peer, "GET", &path, Body::empty()).await;
            reply.json()["calendar"].clone()
        }
    };
    assert_eq!(address(eve(), "ada").await, Value::Null);
    let of_ada = address(alice(), "ada").await;
    assert_eq!(of_ada, urls(&list(&world, "").await)[1]);
    assert_eq!(address(alice(), "robot").await, Value::Null);
    world.settings.send_modify(|settings| {
        settings.logins.public_url = None;
    });
    assert_eq!(address(alice(), "ada").await, Value::Null);
    let reply = world
        .ask_as(alice(), "GET", "/v1/calendars", Body::empty())
        .await;
    assert_eq!(reply.problem(), "no-public-part");
}

#[tokio::test]
async fn a_revoked_address_is_followed_by_another() {
    let world = world(&[
        ("ada", Kind::User, "17", "Ada Lovelace"),
        ("bob", Kind::User, "19", "Bob"),
        ("bob-2", Kind::User, "20", "bob"),
    ])
    .await;
    let before = urls(&list(&world, "").await);
    for person in ["ada%20lovelace", "19", "operators"] {
        assert_eq!(revoke(&world, person).await.status, 204, "{person}");
    }
    let after = urls(&list(&world, "").await);
    let is_new: Vec<bool> = before.iter().zip(&after).map(|(a, b)| a != b).collect();
    assert_eq!(is_new, [true, true, true, false]);

    let nobody = revoke(&world, "nobody").await;
    assert_eq!(nobody.problem(), "no-such-person");
    let several = revoke(&world, "Bob").await;
    assert_eq!(several.problem(), "ambiguous");
    for id in ["19", "20"] {
        assert!(several.text.contains(id), "{}", several.text);
    }
    let journal = Value::from(world.journal().await).to_string();
    assert_eq!(journal.matches("calendar_revoked").count(), 3, "{journal}");
    assert!(journal.contains("alice"), "{journal}");
    for url in before.iter().chain(&after) {
        let ticket = url.rsplit('/').next().unwrap();
        assert!(!journal.contains(ticket.trim_end_matches(".ics")));
    }
}
