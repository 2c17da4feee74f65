//! Listing tokens by urgency, and what one token is shown with.

use axum::body::Body;
use jiff::SignedDuration;
use serde_json::json;

use super::world::{World, alice, eve, facts};
use crate::inventory::{Filter, Imported, NewToken};
use crate::login::App;
use crate::model::{Cause, Expiry, Health, IncidentKey, Scopes};
use crate::secret::Secret;

/// Two of each state but one, in an order of names that is not that of urgency.
async fn a_mixed_fleet() -> World {
    let world = World::new();
    let now = world.now();
    let cause = Cause::ExpiresSoon;
    let fleet = [
        ("a-well", Some(Health::Healthy), Some(40)),
        ("b-ends-later", Some(Health::Expiring { cause }), Some(10)),
        ("c-dead", Some(Health::Dead { since: now, cause }), None),
        ("d-new", None, None),
        ("e-ends-first", Some(Health::Expiring { cause }), Some(2)),
        (
            "f-failing",
            Some(Health::Failing {
                since: now,
                failures: 1,
                cause: Cause::Outage,
            }),
            Some(30),
        ),
        ("g-well-but-ends-earlier", Some(Health::Healthy), Some(20)),
        ("h-dead", Some(Health::Dead { since: now, cause }), None),
    ];
    for (name, health, days) in fleet {
        world.import(name, &format!("EAA{name}")).await;
        let Some(health) = health else { continue };
        let end = days.map_or(Expiry::Never, |days| {
            Expiry::At(now + SignedDuration::from_hours(24 * days))
        });
        world
            .change_token(name, move |token| {
                token.health = health;
                token.facts = Some(facts(end));
            })
            .await;
    }
    world
}

/// The names on all pages of this list.
async fn names(world: &World, query: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        let page = world.get(&format!("/v1/tokens?{query}{after}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let page = page.json();
        let tokens = page["tokens"].as_array().unwrap();
        names.extend(
            tokens
                .iter()
                .map(|token| token["name"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else {
            return names;
        };
        after = format!("&after={next}");
    }
}

#[tokio::test]
async fn the_most_urgent_come_first_however_long_a_page_is() {
    let world = a_mixed_fleet().await;
    let expected = [
        "c-dead",
        "h-dead",
        "f-failing",
        "e-ends-first",
        "b-ends-later",
        "d-new",
        "a-well",
        "g-well-but-ends-earlier",
    ];
    for limit in [1, 2, 3, 5, 100] {
        let query = format!("sort=urgency&limit={limit}");
        assert_eq!(names(&world, &query).await, expected, "{limit}");
    }
    let expiring = names(&world, "sort=urgency&limit=1&state=expiring").await;
    assert_eq!(expiring, ["e-ends-first", "b-ends-later"]);
    let by_name = names(&world, "limit=3").await;
    assert!(by_name.is_sorted() && by_name.len() == 8, "{by_name:?}");
    assert_eq!(names(&world, "sort=name&limit=3").await, by_name);
}

#[tokio::test]
async fn a_state_with_thousands_of_tokens_is_listed_by_name_and_each_token_once() {
    let world = a_mixed_fleet().await;
    import_thousands(&world).await;
    let found = names(&world, "sort=urgency&limit=700").await;
    let (first, last) = (&found[..5], &found[2_506..]);
    assert_eq!(
        first,
        [
            "c-dead",
            "h-dead",
            "f-failing",
            "e-ends-first",
            "b-ends-later"
        ]
    );
    let new = &found[5..2_506];
    assert!(new.is_sorted() && new[0] == "d-new", "{new:?}");
    assert_eq!(last, ["a-well", "g-well-but-ends-earlier"]);
}

/// `new-0000` to `new-2499`.
async fn import_thousands(world: &World) {
    for part in 0..5 {
        let token = |number: u32| {
            let name = format!("new-{:04}", part * 500 + number);
            json!({"app": "acme", "name": name, "access_token": format!("EAA{name}")})
        };
        let tokens: Vec<_> = (0..500).map(token).collect();
        let request = json!({"tokens": tokens});
        let reply = world.send("POST", "/v1/imports", request).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
}

#[tokio::test]
async fn an_incident_of_thousands_names_the_person_s_own_token_first() {
    let world = World::new();
    import_thousands(&world).await;
    world
        .import_healthy("own", "EAAown", SignedDuration::from_hours(24))
        .await;
    let now = world.now();
    let join = world.backend.inventory.write(move |tx| {
        let incident_key = IncidentKey {
            app: "acme".to_owned(),
            cause: Cause::PasswordChanged,
            subject: "1001".to_owned(),
        };
        let ids = tx.tokens(&Filter::default(), 5_000)?.tokens;
        for (token, ..) in ids {
            tx.join(&incident_key, &token, now, now)?;
        }
        Ok(())
    });
    join.await.unwrap();
    let incidents = world.get("/v1/incidents").await.json();
    let incident = &incidents["incidents"][0];
    assert_eq!(incident["tokens_affected"], 2_501);
    let tokens = incident["tokens"].as_array().unwrap();
    assert_eq!((tokens.len(), &tokens[0]), (20, &json!("own")));
    assert_eq!(
        (&tokens[1], &tokens[19]),
        (&json!("new-0000"), &json!("new-0018"))
    );
}

#[tokio::test]
async fn names_are_found_by_how_they_begin() {
    let world = World::new();
    for name in ["acme", "acme-ada", "acme-bob", "acme.x", "acmf", "bob"] {
        world.import(name, &format!("EAA{name}")).await;
    }
    for (prefix, expected) in [
        ("acme", &["acme", "acme-ada", "acme-bob", "acme.x"][..]),
        ("acme-", &["acme-ada", "acme-bob"]),
        ("cme", &[]),
        ("%25", &[]),
    ] {
        for sort in ["name", "urgency"] {
            let query = format!("prefix={prefix}&sort={sort}&limit=1");
            assert_eq!(names(&world, &query).await, expected, "{prefix} by {sort}");
        }
    }
}

#[tokio::test]
async fn a_caller_learns_what_it_may_do() {
    let world = World::new();
    for (peer, user, viewer, operator) in
        [(alice(), "alice", true, true), (eve(), "eve", true, false)]
    {
        let reply = world.ask_as(peer, "GET", "/v1/caller", Body::empty()).await;
        let expected = json!({"user": user, "viewer": viewer, "operator": operator});
        assert_eq!(reply.json(), expected);
    }
    world
        .settings
        .send_modify(|settings| settings.viewers.clear());
    let reply = world
        .ask_as(eve(), "GET", "/v1/caller", Body::empty())
        .await;
    let expected = json!({"user": "eve", "viewer": false, "operator": false});
    assert_eq!((reply.status.as_u16(), reply.json()), (200, expected));
}

#[tokio::test]
async fn a_place_in_another_order_is_refused() {
    let world = a_mixed_fleet().await;
    for after in ["a-well", "dead", "dead:soon:a", "gone:1:a"] {
        let reply = world
            .get(&format!("/v1/tokens?sort=urgency&after={after}"))
            .await;
        assert_eq!(
            (reply.status.as_u16(), reply.problem().as_str()),
            (404, "no-such-page"),
            "{after}"
        );
    }
    let reply = world.get("/v1/tokens?sort=age").await;
    assert_eq!(reply.status, 400);
}

/// A token that changed since the last page takes no other out of the list.
#[tokio::test]
async fn a_list_by_urgency_goes_on_where_its_last_token_was() {
    let world = a_mixed_fleet().await;
    let page = world.get("/v1/tokens?sort=urgency&limit=4").await.json();
    world
        .change_token("e-ends-first", |token| token.health = Health::Healthy)
        .await;
    let next = page["next"].as_str().unwrap();
    let rest = names(&world, &format!("sort=urgency&limit=9&after={next}")).await;
    assert_eq!(rest[..3], ["b-ends-later", "d-new", "a-well"]);
}

#[tokio::test]
async fn a_page_shows_the_owners_of_its_parent_and_how_to_log_in() {
    let world = World::new();
    let now = world.now();
    let request = json!({
        "app": "acme", "name": "acme-ada", "access_token": "EAAada", "owners": ["ada@example.com"]
    });
    world.send("POST", "/v1/tokens", request).await;
    let job = world.backend.inventory.write(move |tx| {
        let parent = tx.token_named("acme-ada")?.unwrap();
        let child = NewToken {
            app: "acme".to_owned(),
            name: Some("acme-page".to_owned()),
            secret: Secret::new("EAApage"),
            owners: Vec::new(),
            required_scopes: Scopes::default(),
            parent: Some(parent.id),
            subject_name: None,
        };
        tx.import(&child, now)
    });
    assert!(matches!(job.await.unwrap(), Imported::Added { .. }));
    let shown = async |name: &str| world.get(&format!("/v1/tokens/{name}")).await.json();
    assert_eq!(shown("acme-ada").await["inherited_owners"], json!([]));
    let page = shown("acme-page").await;
    assert_eq!(page["owners"], json!([]));
    assert_eq!(page["inherited_owners"], json!(["ada@example.com"]));
    assert!(page["login"].is_null() && page["replaced_at"].is_null());

    world.settings.send_modify(|settings| {
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
    assert_eq!(shown("acme-page").await["login"], "paste");
    world.settings.send_modify(|settings| {
        settings.logins.public_url = Some("https://tokens.example.com".to_owned());
    });
    assert_eq!(shown("acme-page").await["login"], "link");
}
