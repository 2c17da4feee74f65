//! Instagram and Threads: each platform's values, the probe, and what a grant says.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::scripted_server::{Peer, Scenario};
use super::{APP, describe, secrets, settings};
use crate::graph_api::{Client, FACEBOOK, INSTAGRAM, Inspection, Platform, Settings, THREADS};
use crate::model::{Expiry, Facts, Kind, Renewal, Scopes};
use crate::secret::Secret;

fn client_at(platform: &'static Platform, url: &str) -> Client {
    let settings = Settings {
        platform,
        version: platform.graph_version.to_owned(),
        ..settings(url)
    };
    Client::new(settings).unwrap()
}

fn now() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

#[test]
fn each_platform_has_a_name_of_its_own_and_hosts_that_are_met_by_https() {
    for platform in Platform::ALL {
        assert!(std::ptr::eq(
            Platform::named(platform.name).unwrap(),
            platform
        ));
        let hosts = [
            Some(platform.graph_url),
            Some(platform.dialog_url),
            platform.code_url,
        ];
        for host in hosts.into_iter().flatten() {
            assert!(
                host.starts_with("https://") && !host.ends_with('/'),
                "{host}"
            );
        }
        assert!(platform.dialog_path.starts_with('/'));
    }
    assert!(Platform::named("Facebook").is_none() && Platform::named("").is_none());
    assert_eq!(INSTAGRAM.code_url, Some("https://api.instagram.com"));
    assert_eq!(THREADS.graph_version, "v1.0");
}

#[test]
fn only_facebook_has_a_debugger_and_only_the_others_renew_every_token() {
    assert!(FACEBOOK.takes_batches() && FACEBOOK.renewal == Renewal::Sometimes);
    let sixty_days = SignedDuration::from_hours(60 * 24);
    for platform in [&INSTAGRAM, &THREADS] {
        assert!(!platform.takes_batches());
        assert_eq!(platform.renewal, Renewal::Always(sixty_days));
    }
}

async fn inspected(platform: &'static Platform, status: u16, body: Value) -> String {
    let peer = Peer::playing(move |_| Scenario::Json(status, body.clone())).await;
    let reply = client_at(platform, &peer.url())
        .debug(&secrets(&["IGAAtoken"]))
        .await;
    match &reply.answer[0] {
        Ok(Inspection::Alive(facts)) => format!("{} {}", facts.kind, facts.subject),
        Ok(Inspection::Refused { rejection, .. }) => {
            describe(&crate::graph_api::Error::Refused(rejection.clone()))
        }
        Ok(Inspection::Undecided(error)) | Err(error) => describe(error),
    }
}

/// An error in the words of an expired session, unless `more` has others.
fn explained(code: i64, more: &Value) -> Value {
    let expired = "Error validating access token: Session has expired on Sunday, 29-Nov-26";
    let mut error = json!({"code": code, "type": "OAuthException", "message": expired});
    let fields = error.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    json!({ "error": error })
}

#[tokio::test]
async fn a_token_that_can_be_used_is_alive() {
    let listed = json!({"data": [{"user_id": "17", "username": "maria"}]});
    let both = json!({"user_id": "17", "id": "9"});
    for (platform, body, expected) in [
        (&INSTAGRAM, both, "instagram_user 17"),
        (&INSTAGRAM, listed, "instagram_user 17"),
        (&THREADS, json!({"id": 17}), "threads_user 17"),
        (&INSTAGRAM, json!({}), "unexpected"),
    ] {
        assert_eq!(inspected(platform, 200, body).await, expected);
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_used_has_expired_in_each_platforms_words() {
    let none = json!({});
    let missing =
        json!({"message": "The requested resource does not exist", "type": "THApiException"});
    let with = |subcode: i64| json!({"error_subcode": subcode});
    for (platform, code, more, expected) in [
        (&INSTAGRAM, 190, none.clone(), "perhaps expired"),
        (&INSTAGRAM, 190, with(0), "perhaps expired"),
        (&THREADS, 190, with(463), "expired"),
        (&THREADS, 24, missing.clone(), "perhaps expired"),
        (&INSTAGRAM, 24, missing, "unexpected"),
        (&INSTAGRAM, 2, none, "transient"),
    ] {
        let body = explained(code, &more);
        let found = inspected(platform, 400, body).await;
        assert_eq!(found, expected, "{} {code} {more}", platform.name);
    }
}

#[tokio::test]
async fn a_probe_reads_the_tokens_own_profile_and_says_nothing_about_its_end() {
    let answer = json!({"user_id": "17", "username": "maria"});
    let peer = Peer::playing(move |_| Scenario::Json(200, answer.clone())).await;
    let reply = client_at(&INSTAGRAM, &peer.url())
        .debug(&secrets(&["a", "b"]))
        .await;
    for inspection in &reply.answer {
        let Ok(Inspection::Alive(facts)) = inspection else {
            panic!("{inspection:?}");
        };
        assert_eq!((facts.expires_at, facts.issued_at), (Expiry::Unknown, None));
        assert_eq!(facts.scopes, None);
    }
    let asked = peer.asked();
    assert_eq!(asked.len(), 2, "there are no batches");
    assert_eq!((asked[0].path(), &*asked[0].method), ("/v25.0/me", "GET"));
    assert_eq!(
        asked[0].field("fields").as_deref(),
        Some("user_id,username")
    );
    assert!(!asked[0].target.contains("access_token"));
}

#[tokio::test]
async fn a_token_is_lengthened_with_the_secret_and_renewed_without() {
    let granted =
        json!({"access_token": "IGAAnew", "token_type": "bearer", "expires_in": 5_183_944});
    for (platform, exchange, refresh) in [
        (&INSTAGRAM, "ig_exchange_token", "ig_refresh_token"),
        (&THREADS, "th_exchange_token", "th_refresh_token"),
    ] {
        let granted = granted.clone();
        let peer = Peer::playing(move |_| Scenario::Json(200, granted.clone())).await;
        let (client, token) = (client_at(platform, &peer.url()), Secret::new("IGAAold"));
        let kind = Kind::InstagramUser;
        let longer = client.lengthen(kind, &token).await.answer.unwrap();
        assert_eq!(longer.secret, Secret::new("IGAAnew"));
        assert_eq!(longer.lasts, Some(SignedDuration::from_secs(5_183_944)));
        client.renew(kind, &token).await.answer.unwrap();
        let asked = peer.asked();
        for (asked, path, grant_type, secret) in [
            (&asked[0], "/access_token", exchange, Some("hush")),
            (&asked[1], "/refresh_access_token", refresh, None),
        ] {
            assert_eq!((&*asked.method, asked.path()), ("GET", path));
            assert_eq!(asked.field("grant_type").as_deref(), Some(grant_type));
            assert_eq!(asked.field("client_secret").as_deref(), secret);
            assert_eq!(asked.field("access_token").as_deref(), Some("IGAAold"));
        }
    }
}

#[tokio::test]
async fn a_code_is_redeemed_at_its_own_host_and_tells_what_it_permits() {
    let names = json!([
        "instagram_business_basic",
        "instagram_business_manage_messages"
    ]);
    let text = "instagram_business_basic,instagram_business_manage_messages";
    let plain = json!({"access_token": "IGAA", "user_id": "17", "permissions": names});
    let as_text = json!({"access_token": "IGAA", "user_id": 17, "permissions": text});
    for body in [plain.clone(), as_text, json!({ "data": [plain] })] {
        let codes = Peer::playing(move |_| Scenario::Json(200, body.clone())).await;
        let settings = Settings {
            platform: &INSTAGRAM,
            code_url: Some(codes.url()),
            ..settings("http://127.0.0.1:9")
        };
        let client = Client::new(settings).unwrap();
        let redeemed = client
            .redeem(&Secret::new("AQ"), Some("https://t.example/cb"))
            .await;
        let grant = redeemed.answer.unwrap();
        assert_eq!(grant.scopes, Scopes::parse(text.replace(',', " ").as_str()));
        assert_eq!(grant.lasts, Some(SignedDuration::from_hours(1)));
        let asked = &codes.asked()[0];
        assert_eq!(
            (&*asked.method, asked.path()),
            ("POST", "/oauth/access_token")
        );
        for (name, value) in [
            ("client_id", APP),
            ("client_secret", "hush"),
            ("grant_type", "authorization_code"),
            ("code", "AQ"),
        ] {
            assert_eq!(asked.field(name).as_deref(), Some(value), "{name}");
        }
    }
}

#[tokio::test]
async fn a_grant_completes_what_the_probe_cannot_know() {
    let granted = json!({"access_token": "IGAAnew", "expires_in": "3600"});
    let peer = Peer::playing(move |_| Scenario::Json(200, granted.clone())).await;
    let client = client_at(&INSTAGRAM, &peer.url());
    let reply = client
        .renew(Kind::InstagramUser, &Secret::new("IGAA"))
        .await;
    let grant = reply.answer.unwrap();
    let probed = |kind| Facts {
        kind,
        subject: "17".to_owned(),
        person: "17".to_owned(),
        issued_at: None,
        expires_at: Expiry::Unknown,
        data_access_expires_at: Expiry::Never,
        scopes: Some(Scopes::default()),
    };
    let end = now() + SignedDuration::from_hours(1);
    let facts = grant.describes(probed(Kind::InstagramUser), now());
    assert_eq!(
        (facts.issued_at, facts.expires_at),
        (Some(now()), Expiry::At(end))
    );
    assert_eq!(grant.ends_at(Kind::InstagramUser, now()), Some(end));

    // The debugger is believed, not the grant.
    let facts = grant.describes(probed(Kind::User), now());
    assert_eq!((facts.issued_at, facts.expires_at), (None, Expiry::Unknown));
    assert_eq!(grant.ends_at(Kind::User, now()), None);
}
