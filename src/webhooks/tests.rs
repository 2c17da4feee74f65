//! Calls as Meta makes them, and the same by others.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use sha2::Sha256;

use super::*;
use crate::graph_api::{Client, FACEBOOK, Settings};
use crate::inventory::{Imported, NewToken, Settings as InventorySettings};
use crate::model::{CheckResult, Expiry, Facts, Health, Kind, Scopes};
use crate::secret::{Key, hex};

const MARIA: &str = "17";
const BOB: &str = "18";
const HUSH: &str = "hush";

fn now() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

fn signatures(secret: &str) -> Signatures {
    let settings = Settings {
        app: "acme".to_owned(),
        platform: &FACEBOOK,
        id: "257422819769992".to_owned(),
        secrets: vec![Secret::new(secret)],
        version: "v25.0".to_owned(),
        url: "http://127.0.0.1:1".to_owned(),
        code_url: None,
        tester_token: None,
        batch: 50,
        timeout: Settings::TIMEOUT,
    };
    Client::new(settings).unwrap().signatures()
}

fn tag(secret: &str, message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn signature(secret: &str, body: &str) -> String {
    format!("sha256={}", hex(&tag(secret, body.as_bytes())))
}

fn payload(person: &str, issued_at: Timestamp) -> String {
    format!(
        r#"{{"user_id":"{person}","algorithm":"HMAC-SHA256","issued_at":{}}}"#,
        issued_at.as_second()
    )
}

fn signed_request(person: &str, issued_at: Timestamp) -> String {
    let payload = URL_SAFE_NO_PAD.encode(payload(person, issued_at));
    let tag = URL_SAFE_NO_PAD.encode(tag(HUSH, payload.as_bytes()));
    format!("{tag}.{payload}")
}

fn permissions_changed(person: &str) -> String {
    format!(
        r#"{{"object":"permissions","entry":[{{"id":"{person}","time":{}}}]}}"#,
        now().as_second()
    )
}

/// An inventory with tokens that were checked an hour ago.
struct World {
    receiver: WebhookReceiver,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inventory.db");
        let settings = InventorySettings::of_file(&path, Key::generate().unwrap());
        let signers = [("acme", HUSH), ("shop", "quiet")];
        let signers = signers.map(|(app, secret)| (app.to_owned(), signatures(secret)));
        Self {
            receiver: WebhookReceiver {
                inventory: Inventory::open(&settings).unwrap(),
                signers: Arc::new(HashMap::from(signers)),
                verify_token: Some(Secret::new("verify me")),
            },
            _folder: folder,
        }
    }

    /// A person's token with these permissions.
    async fn import(&self, person: &str, scopes: &str) {
        let new = NewToken {
            app: "acme".to_owned(),
            name: Some(format!("acme-{person}")),
            secret: Secret::new(format!("EAA{person}")),
            owners: Vec::new(),
            required_scopes: Scopes::default(),
            parent: None,
            subject_name: None,
        };
        let facts = Facts {
            kind: Kind::User,
            subject: person.to_owned(),
            person: person.to_owned(),
            issued_at: None,
            expires_at: Expiry::Never,
            data_access_expires_at: Expiry::Never,
            scopes: Some(Scopes::parse(scopes)),
        };
        let at = now() - hours(1);
        let import = move |tx: &Tx<'_>| {
            let Imported::Added { id, .. } = tx.import(&new, at)? else {
                panic!("it is there already");
            };
            let claim = tx.claim(&[id], at, at + hours(1))?;
            tx.end_claim(claim.id)?;
            let [claimed] = &claim.tokens[..] else {
                panic!("it is not due");
            };
            let mut result = CheckResult::new(claimed.clone(), at);
            result.after.facts = Some(facts);
            result.after.health = Health::Healthy;
            tx.record(&result, at)
        };
        self.receiver.inventory.write(import).await.unwrap();
    }

    /// The people whose tokens the next sweep checks.
    async fn noticed(&self) -> Vec<String> {
        let inventory = &self.receiver.inventory;
        let notices = inventory.read(|view| view.webhook_notices("acme", 10));
        let notices = notices.await.unwrap();
        notices.into_iter().map(|notice| notice.person).collect()
    }

    /// What a sweep does with the notices.
    async fn sweep(&self) {
        let inventory = &self.receiver.inventory;
        let apply = |tx: &Tx<'_>| {
            let notices = tx.webhook_notices("acme", 10)?;
            notices
                .iter()
                .try_for_each(|notice| tx.apply_webhook_notice("acme", notice, now()).map(drop))
        };
        inventory.write(apply).await.unwrap();
    }

    async fn people(&self) -> Vec<String> {
        let inventory = &self.receiver.inventory;
        let people = [MARIA, BOB].map(|person| WebhookNotice {
            person: person.to_owned(),
            at: now() + hours(1),
        });
        let living = inventory.read(move |view| {
            let mut living = Vec::new();
            for of in people {
                if view.is_new("acme", &of)? {
                    living.push(of.person);
                }
            }
            Ok(living)
        });
        living.await.unwrap()
    }
}

#[tokio::test]
async fn only_the_verify_token_sets_up_a_webhook_and_only_of_an_app_that_is_known() {
    let mut receiver = World::new().receiver;
    for (app, mode, verify_token, expected) in [
        ("acme", "subscribe", "verify me", "verified"),
        ("shop", "subscribe", "verify me", "verified"),
        ("acme", "subscribe", "verify you", "forged"),
        ("acme", "subscribe", "", "forged"),
        ("acme", "unsubscribe", "verify me", "forged"),
        ("acme", "", "verify me", "forged"),
        ("acme", "", "", "forged"),
        ("other", "subscribe", "verify me", "unknown"),
    ] {
        let found = match receiver.verifies(app, mode, verify_token) {
            Ok(()) => "verified",
            Err(WebhookError::Forged) => "forged",
            Err(WebhookError::UnknownApp) => "unknown",
            Err(other) => panic!("{other}"),
        };
        assert_eq!(found, expected, "{app} {mode:?} {verify_token:?}");
    }
    receiver.verify_token = None;
    let without = receiver.verifies("acme", "subscribe", "");
    assert!(matches!(without, Err(WebhookError::Forged)));
}

#[tokio::test]
async fn a_webhook_counts_only_with_the_signature_of_its_app() {
    let world = World::new();
    world.import(MARIA, "email").await;
    let body = permissions_changed(MARIA);
    let call = async |signature: &str| {
        world
            .receiver
            .webhook("acme", signature, body.as_bytes(), now())
            .await
    };
    for forged in [
        "",
        "sha256=",
        &signature("quiet", &body),
        &signature(HUSH, &permissions_changed(BOB)),
    ] {
        let answer = call(forged).await;
        assert!(matches!(answer, Err(WebhookError::Forged)), "{forged}");
    }
    assert!(world.noticed().await.is_empty());

    let signed = signature(HUSH, &body);
    assert_eq!(call(&signed).await.unwrap(), NoticeAnswer::ChecksDue);
    assert_eq!(world.noticed().await, [MARIA]);
    assert_eq!(call(&signed).await.unwrap(), NoticeAnswer::Nothing);
}

#[tokio::test]
async fn a_change_of_a_whatsapp_account_makes_the_tokens_due_that_may_reach_it() {
    let world = World::new();
    world
        .import(MARIA, "email whatsapp_business_management")
        .await;
    world.import(BOB, "email").await;
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","time":{},"changes":
            [{{"field":"account_update","value":{{"event":"PARTNER_REMOVED"}}}}]}}]}}"#,
        now().as_second()
    );
    let signature = signature(HUSH, &body);
    let call = async || {
        world
            .receiver
            .webhook("acme", &signature, body.as_bytes(), now())
            .await
    };
    assert_eq!(call().await.unwrap(), NoticeAnswer::ChecksDue);
    assert_eq!(world.noticed().await, [MARIA]);
    assert_eq!(call().await.unwrap(), NoticeAnswer::Nothing);
}

#[tokio::test]
async fn a_signed_request_counts_once_and_at_one_address() {
    let world = World::new();
    world.import(MARIA, "email").await;
    let removed = signed_request(MARIA, now());
    let call = async || world.receiver.deauthorized("acme", &removed, now()).await;
    assert_eq!(call().await.unwrap(), NoticeAnswer::ChecksDue);
    assert_eq!(world.noticed().await, [MARIA]);

    // The notice is gone, so nothing but the request itself tells that it was used.
    world.sweep().await;
    assert_eq!(call().await.unwrap(), NoticeAnswer::Nothing);
    assert!(world.noticed().await.is_empty());

    let replayed = world.receiver.delete("acme", &removed, now()).await;
    assert!(matches!(replayed, Err(WebhookError::UsedElsewhere)));
    let stranger = signed_request(BOB, now());
    let answer = world.receiver.deauthorized("acme", &stranger, now());
    assert_eq!(answer.await.unwrap(), NoticeAnswer::Nothing);
    for (app, request) in [("shop", &*removed), ("acme", "no.request")] {
        let forged = world.receiver.deauthorized(app, request, now()).await;
        assert!(matches!(forged, Err(WebhookError::Forged)), "{app}");
    }
}

#[tokio::test]
async fn a_person_who_asks_for_deletion_gets_a_code_that_says_when_it_is_done() {
    let world = World::new();
    let World { receiver, .. } = &world;
    for person in [MARIA, BOB] {
        world.import(person, "email").await;
    }
    let request = signed_request(MARIA, now());
    let code = receiver.delete("acme", &request, now()).await.unwrap();
    let asked = receiver.deletion(&code).await.unwrap().unwrap();
    assert_eq!((asked.app.as_str(), asked.asked_at), ("acme", now()));
    assert_eq!(asked.finished_at, None);
    assert_eq!(receiver.deletion("no code").await.unwrap(), None);
    assert_eq!(world.people().await, [MARIA, BOB]);

    let later = now() + hours(1);
    let done = run_deletions(&receiver.inventory, later).await.unwrap();
    assert_eq!(done, 1);
    assert_eq!(world.people().await, [BOB]);
    let finished = receiver.deletion(&code).await.unwrap().unwrap();
    assert_eq!((finished.finished_at, finished.tokens), (Some(later), 1));

    // Meta repeats the request.
    let again = receiver.delete("acme", &request, later).await.unwrap();
    assert_eq!(again, code);
    assert_eq!(run_deletions(&receiver.inventory, later).await.unwrap(), 0);
}

#[tokio::test]
async fn all_deletions_that_wait_are_done_and_counted() {
    let world = World::new();
    let World { receiver, .. } = &world;
    let mut codes = Vec::new();
    for person in [MARIA, BOB] {
        world.import(person, "email").await;
        let request = signed_request(person, now());
        codes.push(receiver.delete("acme", &request, now()).await.unwrap());
    }
    assert_ne!(codes[0], codes[1]);
    let done = run_deletions(&receiver.inventory, now()).await.unwrap();
    assert_eq!(done, 2);
    assert!(world.people().await.is_empty());
}

#[test]
fn a_signed_request_is_remembered_as_long_as_it_could_be_used_again() {
    let second = SignedDuration::from_secs(1);
    // Meta's clock may be ahead, and then the request is good for longer by ours.
    let ahead = SignedDuration::from_mins(5);
    for (issued_at, is_the_latest) in [
        (now() + ahead, true),
        (now(), false),
        (now() - hours(23), false),
    ] {
        let payload = payload(MARIA, issued_at);
        let notice = parse::signed_request(payload.as_bytes(), now()).unwrap();
        let end = parse::unusable_from(&notice);
        let used_at = |at| parse::signed_request(payload.as_bytes(), at);
        let stale = used_at(end + second);
        assert!(matches!(stale, Err(WebhookError::Stale)), "{issued_at}");
        assert_eq!(used_at(end).is_ok(), is_the_latest, "{issued_at}");
    }
}

#[test]
fn a_time_of_twelve_digits_is_in_milliseconds_and_one_of_eleven_in_seconds() {
    for (time, expected) in [
        ("100000000000", "1973-03-03T09:46:40Z"),
        ("1567181353000", "2019-08-30T16:09:13Z"),
        // In seconds, this is in the far future.
        ("99999999999", "2026-12-01T12:00:00Z"),
    ] {
        let body = format!(r#"{{"object":"permissions","entry":[{{"id":"1","time":{time}}}]}}"#);
        let changes = parse::webhook(body.as_bytes(), now()).unwrap();
        let at: Timestamp = expected.parse().unwrap();
        assert_eq!(changes.people[0].at, at, "{time}");
    }
}

#[test]
fn a_field_of_a_form_is_found_by_its_name() {
    let form = b"hub.mode=subscribe&signed_request=a.b%3D&empty=&signed_request=second";
    for (key, expected) in [
        ("hub.mode", Some("subscribe")),
        ("signed_request", Some("a.b=")),
        ("empty", Some("")),
        ("hub", None),
        ("", None),
    ] {
        assert_eq!(field(form, key).as_deref(), expected, "{key}");
    }
}
