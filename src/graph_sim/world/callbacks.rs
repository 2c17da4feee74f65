//! What Meta posts to apps: deauthorize and data-deletion callbacks and permission changes, signed with the app's
//! secret. They wait in the world until the simulator delivers them.

use serde_json::json;

use super::ids::{AppKey, Id};
use super::{World, WorldError};
use crate::graph_sim::platform::Platform;
use crate::graph_sim::{sha1, signature};

/// A POST to an app that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub url: String,
    pub content_type: &'static str,
    /// `X-Hub-Signature-256`; `None` if the body contains its own signature.
    pub signature: Option<String>,
    /// The older `X-Hub-Signature`, which Meta sends beside it.
    pub sha1_signature: Option<String>,
    pub body: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Granted,
    Revoked,
}

impl Verb {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Revoked => "revoked",
        }
    }
}

impl World {
    /// Takes the queued deliveries, for tests that deliver them themselves.
    pub fn take_deliveries(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.outbox)
    }

    pub(super) fn post_deauthorized(&mut self, app: AppKey, person: Id) {
        if let Some(url) = self.app(app).deauthorize_url.clone() {
            let payload = self.signed_claim(person);
            self.post_signed(app, url, &payload);
        }
        let change = json!({"field": "connected", "verb": Verb::Revoked.as_str()});
        self.post_change(app, person, &change);
    }

    /// The person requests, in Facebook's settings, that the app delete their data.
    pub fn ask_deletion(&mut self, person: &str, app: &str) -> Result<(), WorldError> {
        let (app, person) = (self.app_key(app)?, self.person_id(person)?);
        if let Some(url) = self.app(app).data_deletion_url.clone() {
            let mut payload = self.signed_claim(person);
            payload["expires"] = (self.now().as_second() + 3_600).into();
            self.post_signed(app, url, &payload);
        }
        Ok(())
    }

    fn signed_claim(&self, person: Id) -> serde_json::Value {
        json!({
            "user_id": person.to_string(),
            "algorithm": "HMAC-SHA256",
            "issued_at": self.now().as_second(),
        })
    }

    fn post_signed(&mut self, app: AppKey, url: String, payload: &serde_json::Value) {
        let signed = signature::signed_request(&self.app(app).secret, &payload.to_string());
        self.outbox.push(Delivery {
            url,
            content_type: "application/x-www-form-urlencoded",
            signature: None,
            sha1_signature: None,
            body: format!("signed_request={signed}"),
        });
    }

    pub(super) fn post_permission(&mut self, app: AppKey, person: Id, scope: &str, verb: Verb) {
        let change = json!({"field": scope, "value": {"verb": verb.as_str()}});
        self.post_change(app, person, &change);
    }

    /// Instagram and Threads have no such webhook.
    fn post_change(&mut self, app: AppKey, person: Id, change: &serde_json::Value) {
        if self.app(app).platform != Platform::Facebook {
            return;
        }
        let id = person.to_string();
        let time = self.now().as_second();
        let entry = json!({"id": id, "uid": id, "time": time, "changes": [change]});
        self.post_webhook(app, "permissions", &entry);
    }

    pub(super) fn post_webhook(&mut self, app: AppKey, object: &str, entry: &serde_json::Value) {
        let Some(url) = self.app(app).webhook_url.clone() else {
            return;
        };
        let body = json!({"object": object, "entry": [entry]}).to_string();
        let secret = &self.app(app).secret;
        let signature = signature::hmac(secret, body.as_bytes());
        let older = sha1::hmac(secret.as_bytes(), body.as_bytes());
        let content_type = "application/json";
        self.outbox.push(Delivery {
            url,
            content_type,
            signature: Some(format!("sha256={}", signature::hex(&signature))),
            sha1_signature: Some(format!("sha1={}", signature::hex(&older))),
            body,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph_sim::{AppSpec, PageSelection};

    fn world() -> (World, String) {
        let mut world = World::new("2021-06-21T00:42:36Z".parse().unwrap(), 1);
        world.add_app(AppSpec {
            id: "1".to_owned(),
            secret: "key".to_owned(),
            deauthorize_url: Some("http://127.0.0.1:9/gone".to_owned()),
            webhook_url: Some("http://127.0.0.1:9/hook".to_owned()),
            ..AppSpec::default()
        });
        let person = world.add_person("Ada");
        world
            .log_in("1", &person, &["email"], PageSelection::All)
            .unwrap();
        (world, person)
    }

    #[test]
    fn new_permissions_are_recorded_once() {
        let (mut world, person) = world();
        let told = |world: &mut World| -> Vec<String> {
            world
                .take_deliveries()
                .into_iter()
                .map(|delivery| delivery.body)
                .collect()
        };
        assert_eq!(
            told(&mut world),
            ["email", "public_profile"].map(|scope| format!(
                r#"{{"entry":[{{"changes":[{{"field":"{scope}","value":{{"verb":"granted"}}}}],"id":"{person}","time":1624236156,"uid":"{person}"}}],"object":"permissions"}}"#
            ))
        );
        world
            .log_in("1", &person, &["email"], PageSelection::All)
            .unwrap();
        assert!(told(&mut world).is_empty());
    }

    #[test]
    fn instagram_and_threads_report_a_removed_app_and_no_permissions() {
        for platform in [Platform::Instagram, Platform::Threads] {
            let mut world = World::new("2026-12-01T00:00:00Z".parse().unwrap(), 1);
            world.add_app(AppSpec {
                id: "1".to_owned(),
                platform,
                deauthorize_url: Some("http://127.0.0.1:9/gone".to_owned()),
                webhook_url: Some("http://127.0.0.1:9/hook".to_owned()),
                ..AppSpec::default()
            });
            let person = world.add_person("Ada");
            world
                .log_in("1", &person, &["a"], PageSelection::All)
                .unwrap();
            world.remove_app(&person, "1").unwrap();
            let [callback] = world.take_deliveries().try_into().unwrap();
            assert!(callback.url.ends_with("/gone"));
        }
    }

    #[test]
    fn a_removed_app_is_reported_both_ways_and_signed() {
        let (mut world, person) = world();
        world.take_deliveries();
        world.remove_app(&person, "1").unwrap();
        let [callback, webhook] = world.take_deliveries().try_into().unwrap();
        let (_, signed) = callback.body.split_once('=').unwrap();
        let (_, payload) = signed.split_once('.').unwrap();
        let payload = signature::tests::decoded(payload);
        assert!(
            payload.contains(&format!("\"user_id\":\"{person}\"")),
            "{payload}"
        );
        assert_eq!(signed, signature::signed_request("key", &payload));
        assert!(
            webhook
                .body
                .contains(r#""changes":[{"field":"connected","verb":"revoked"}]"#)
        );
        let expected = signature::hex(&signature::hmac("key", webhook.body.as_bytes()));
        assert_eq!(webhook.signature, Some(format!("sha256={expected}")));
    }
}
