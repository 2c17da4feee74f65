//! Exchange, pages, permissions, profile, and the app's own credentials.

use std::time::Duration;

use serde_json::{Value, json};

use super::scripted_server::{Peer, Scenario};
use super::{alive, client, error};
use crate::graph_api::proof::Signer;
use crate::graph_api::{Error, PageFields, Permission, Profile};
use crate::model::{Cause, Kind};
use crate::secret::Secret;

fn user() -> Secret {
    Secret::new("EAAuser")
}

#[tokio::test]
async fn an_exchange_is_a_form_and_system_users_ask_for_their_60_days() {
    let granted =
        json!({"access_token": "EAAnew", "token_type": "bearer", "expires_in": 5_183_944});
    let peer = Peer::playing(move |_| Scenario::Json(200, granted.clone())).await;
    let client = client(&peer.url());
    for kind in [Kind::User, Kind::SystemUser] {
        let reply = client.renew(kind, &user()).await;
        let granted = reply.answer.unwrap();
        assert_eq!(granted.secret, Secret::new("EAAnew"));
        assert_eq!(reply.usage.calls, 1);
    }
    let asked = peer.asked();
    for (asked, sixty_days) in asked.iter().zip([None, Some("true")]) {
        assert_eq!(
            (&*asked.method, &*asked.target),
            ("POST", "/v25.0/oauth/access_token")
        );
        assert_eq!(asked.authorization, "");
        for (name, value) in [
            ("grant_type", Some("fb_exchange_token")),
            ("client_id", Some("257422819769992")),
            ("client_secret", Some("hush")),
            ("fb_exchange_token", Some("EAAuser")),
            ("set_token_expires_in_60_days", sixty_days),
        ] {
            assert_eq!(asked.field(name).as_deref(), value, "{name}");
        }
    }
}

#[tokio::test]
async fn an_exchange_that_grants_nothing_is_no_success() {
    for body in [
        json!({}),
        json!({"access_token": ""}),
        json!({"access_token": null}),
        json!({"access_token": "a b"}),
    ] {
        let peer = Peer::playing(move |_| Scenario::Json(200, body.clone())).await;
        let reply = client(&peer.url()).renew(Kind::User, &user()).await;
        assert!(
            matches!(reply.answer, Err(Error::Unexpected { .. })),
            "{:?}",
            reply.answer
        );
    }
}

#[tokio::test]
async fn a_refused_exchange_is_attributed_to_the_token_or_the_app() {
    for (body, cause) in [
        (
            json!({"error": {"code": 190, "error_subcode": 463}}),
            Cause::Expired,
        ),
        (
            error(1, "Error validating client secret."),
            Cause::AppSecretWrong,
        ),
        (error(4, "limit"), Cause::Throttled),
    ] {
        let peer = Peer::playing(move |_| Scenario::Json(400, body.clone())).await;
        let reply = client(&peer.url()).renew(Kind::User, &user()).await;
        assert_eq!(reply.answer.unwrap_err().cause(), cause);
    }
}

#[tokio::test]
async fn a_page_token_is_read_as_the_parent_with_its_proof() {
    let peer = Peer::playing(|asked| {
        Scenario::Json(
            200,
            match asked.path() {
                "/v25.0/11" => json!({"access_token": "EAApage", "id": "11"}),
                "/v25.0/12" => json!({"id": 12}),
                _ => json!({"access_token": "EAAother", "id": "99"}),
            },
        )
    })
    .await;
    let client = client(&peer.url());
    let token = client.page_token(&user(), "11").await.answer;
    assert_eq!(token, Ok(Some(Secret::new("EAApage"))));
    assert_eq!(client.page_token(&user(), "12").await.answer, Ok(None));
    let another_page = client.page_token(&user(), "13").await.answer;
    assert!(matches!(another_page, Err(Error::Unexpected { .. })));

    let asked = &peer.asked()[0];
    assert_eq!(asked.authorization, "Bearer EAAuser");
    assert_eq!(asked.field("fields").as_deref(), Some("access_token"));
    let proof = Signer::new("hush").unwrap().proof("EAAuser");
    assert_eq!(asked.field("appsecret_proof"), Some(proof));
    assert!(!asked.target.contains("EAAuser"));
}

#[tokio::test]
async fn nothing_but_an_id_becomes_part_of_a_path() {
    let peer = Peer::playing(|_| Scenario::Json(200, json!({}))).await;
    let client = client(&peer.url());
    for page in ["", "..", "1/feed", "1?fields=x", "1%2F", "1#"] {
        assert!(
            client.page_token(&user(), page).await.answer.is_err(),
            "{page}"
        );
    }
    assert!(client.permissions("../1", &user()).await.answer.is_err());
    assert_eq!(peer.asked().len(), 0);
}

#[tokio::test]
async fn pages_are_listed_to_the_end_and_only_the_cursor_is_believed() {
    let peer = Peer::playing(|asked| {
        let page = match asked.field("after").as_deref() {
            None => include_str!("../../../tests/fixtures/graph/accounts_page_1.json"),
            Some("after") => include_str!("../../../tests/fixtures/graph/accounts_page_2.json"),
            Some(_) => "{}",
        };
        Scenario::Json(200, serde_json::from_str(page).unwrap())
    })
    .await;
    let reply = client(&peer.url())
        .accounts(&user(), PageFields::NamesAndTokens)
        .await;
    let pages = reply.answer.unwrap();
    let pages: Vec<_> = pages.iter().collect();
    let ids: Vec<&str> = pages.iter().map(|page| page.id).collect();
    assert_eq!(ids, ["1234624", "5678123"]);
    assert_eq!(pages[0].token, Some(&Secret::new("access_token")));
    assert_eq!(pages[0].name, "FFFFFFFFFF");
    assert_eq!(pages[1].token, None);
    assert_eq!(reply.usage.calls, 2);
    for asked in peer.asked() {
        assert_eq!(asked.path(), "/v25.0/me/accounts");
        assert_eq!(asked.authorization, "Bearer EAAuser");
        assert_eq!(
            asked.field("fields").as_deref(),
            Some("id,name,access_token")
        );
    }
    client(&peer.url())
        .accounts(&user(), PageFields::Names)
        .await;
    let last = peer.asked().pop().unwrap();
    assert_eq!(last.field("fields").as_deref(), Some("id,name"));
}

fn list(after: &Value) -> Value {
    json!({"data": [{"id": "1"}], "paging": {"next": "https://elsewhere.example/", "cursors": {"after": after}}})
}

#[tokio::test]
async fn a_list_that_does_not_end_or_breaks_off_is_no_list() {
    let circle = Peer::playing(|asked| {
        let next = if asked.field("after").as_deref() == Some("a") {
            "b"
        } else {
            "a"
        };
        Scenario::Json(200, list(&json!(next)))
    })
    .await;
    let reply = client(&circle.url())
        .accounts(&user(), PageFields::NamesAndTokens)
        .await;
    assert!(matches!(reply.answer, Err(Error::Unreachable(_))));
    assert_eq!((circle.asked().len(), reply.usage.calls), (3, 3));

    let no_cursor = Peer::playing(|_| Scenario::Json(200, list(&Value::Null))).await;
    let reply = client(&no_cursor.url())
        .accounts(&user(), PageFields::NamesAndTokens)
        .await;
    assert!(matches!(reply.answer, Err(Error::Unexpected { .. })));

    let broken = Peer::playing(|asked| match asked.field("after") {
        None => Scenario::Json(200, list(&json!("a"))),
        Some(_) => Scenario::Json(500, error(2, "later")),
    })
    .await;
    let reply = client(&broken.url())
        .accounts(&user(), PageFields::NamesAndTokens)
        .await;
    assert_eq!(reply.answer.unwrap_err().cause(), Cause::Outage);
}

#[tokio::test]
async fn an_endless_list_is_left_at_a_bound() {
    let peer = Peer::playing(|asked| {
        let after: u32 = asked
            .field("after")
            .map_or(0, |after| after.parse().unwrap());
        Scenario::Json(200, list(&json!((after + 1).to_string())))
    })
    .await;
    let reply = client(&peer.url())
        .accounts(&user(), PageFields::NamesAndTokens)
        .await;
    assert!(matches!(reply.answer, Err(Error::Unreachable(_))));
    assert_eq!(reply.usage.calls, 1_000);
}

#[tokio::test]
async fn permissions_and_profile_are_read() {
    let peer = Peer::playing(|asked| {
        Scenario::Json(
            200,
            match asked.path() {
                "/v25.0/123/permissions" => json!({"data": [
                    {"permission": "email", "status": "granted"},
                    {"permission": "user_friends", "status": "declined"},
                ]}),
                "/v25.0/me" => json!({"id": "123", "name": "Ünal\0"}),
                _ => json!({}),
            },
        )
    })
    .await;
    let client = client(&peer.url());
    let permissions = client.permissions("123", &user()).await.answer.unwrap();
    let granted: Vec<(&str, bool)> = permissions
        .iter()
        .map(|p: &Permission| (&*p.name, p.status == "granted"))
        .collect();
    assert_eq!(granted, [("email", true), ("user_friends", false)]);
    let expected = Profile {
        id: "123".to_owned(),
        name: "Ünal\u{FFFD}".to_owned(),
    };
    assert_eq!(client.me(&user()).await.answer, Ok(expected));
}

#[tokio::test]
async fn a_dead_token_that_calls_is_refused_as_such() {
    let body = json!({"error": {"code": 190, "error_subcode": 460}});
    let peer = Peer::playing(move |_| Scenario::Json(400, body.clone())).await;
    let client = client(&peer.url());
    let errors = [
        client.me(&user()).await.answer.unwrap_err(),
        client
            .accounts(&user(), PageFields::NamesAndTokens)
            .await
            .answer
            .unwrap_err(),
        client.page_token(&user(), "1").await.answer.unwrap_err(),
        client.permissions("1", &user()).await.answer.unwrap_err(),
    ];
    for error in errors {
        assert!(
            matches!(&error, Error::Refused(rejection) if rejection.cause == Cause::PasswordChanged),
            "{error}"
        );
    }
    let nonsense = client.me(&Secret::new("a\nb")).await.answer.unwrap_err();
    assert_eq!(nonsense.cause(), Cause::Unreadable);
}

#[tokio::test]
async fn the_app_confirms_itself() {
    let peer = Peer::playing(|asked| {
        assert_eq!(asked.inputs(), ["257422819769992|hush"]);
        Scenario::Json(
            200,
            json!({"data": {"app_id": "257422819769992", "type": "APP", "is_valid": true}}),
        )
    })
    .await;
    assert_eq!(client(&peer.url()).confirm_app().await.answer, Ok(()));
    let peer =
        Peer::playing(|_| Scenario::Json(400, error(190, "Invalid OAuth access token signature.")))
            .await;
    let refused = client(&peer.url()).confirm_app().await.answer.unwrap_err();
    assert_eq!(refused.cause(), Cause::AppSecretWrong);
}

#[tokio::test]
async fn headers_carry_usage_version_time_and_the_end_of_a_limit() {
    const HEADERS: &str = "X-App-Usage: {\"call_count\":28,\"total_time\":81,\"total_cputime\":25}\r\n\
        X-Business-Use-Case-Usage: {\"1\":[{\"call_count\":5,\"estimated_time_to_regain_access\":7}]}\r\n\
        facebook-api-version: v26.0\r\nDate: Sun, 22 Nov 2026 09:25:50 GMT\r\n";
    let peer = Peer::playing(|asked| {
        Scenario::JsonWith(
            HEADERS,
            if asked.path().ends_with("/me") {
                error(17, "limit")
            } else {
                alive("1")
            },
        )
    })
    .await;
    let client = client(&peer.url());
    let usage = client.debug(&[user()]).await.usage;
    assert_eq!((usage.calls, usage.percent), (1, Some(81)));
    assert_eq!(usage.served_version.as_deref(), Some("v26.0"));
    assert_eq!(
        usage.served_at,
        Some("2026-11-22T09:25:50Z".parse().unwrap())
    );
    let limited = client.me(&user()).await.answer.unwrap_err();
    let seven_minutes = Some(Duration::from_secs(7 * 60));
    assert!(matches!(limited, Error::Busy { regain, .. } if regain == seven_minutes));
}
