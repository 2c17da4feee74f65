//! What each service is sent.

use serde_json::json;

use super::*;
use crate::model::{Cause, IncidentId, PostedIncident, PostedSubject};
use crate::outbox::standard_webhooks::SigningSecret;
use crate::secret::Secret;

fn message(kind: PostKind) -> Message {
    let at: Timestamp = "2026-11-30T09:00:00Z".parse().unwrap();
    let incident = PostedIncident {
        id: IncidentId(7),
        app: "acme".to_owned(),
        cause: Cause::PasswordChanged,
        remedy: Cause::PasswordChanged.remedy(),
        subject: Some(PostedSubject {
            id: "1000200".to_owned(),
            name: Some("Maria <@U1> @channel".to_owned()),
        }),
        opened_at: at,
        deadline: None,
        resolved_at: None,
        tokens_affected: 1_842,
        tokens: vec!["acme-maria".to_owned(), "acme-bakery".to_owned()],
    };
    let facts = PostFacts::Incident(incident);
    Message {
        id: "incident-7-1-1@example-com".to_owned(),
        thread: "incident-7-1@example-com".to_owned(),
        kind,
        title: "Log in again: Maria <@U1> & @channel [x](https://evil.example)".to_owned(),
        text: "The password was changed.".to_owned(),
        lines: token_names(&facts),
        severity: Severity::Critical,
        facts,
        written_at: at,
    }
}

fn body(kind: PostKind, format: &Format) -> Value {
    let request = message(kind).request(format, Timestamp::UNIX_EPOCH);
    serde_json::from_slice(&request.body).unwrap()
}

#[test]
fn slack_gets_one_escaped_text_that_mentions_nobody() {
    let body = body(PostKind::IncidentOpened, &Format::Slack);
    assert_eq!(
        body,
        json!({ "text": "🔴 *Log in again: Maria &lt;@\u{2060}U1&gt; &amp; @\u{2060}channel [x]\u{2060}(https://evil.example)*\n\
                 The password was changed.\n• acme-maria\n• acme-bakery\n• … 1840 more" })
    );
}

#[test]
fn a_long_text_for_slack_stays_short() {
    let long = Message {
        title: "ü".repeat(5_000),
        text: "ü".repeat(5_000),
        lines: vec!["ü".repeat(100); 500],
        ..message(PostKind::IncidentOpened)
    };
    let request = long.request(&Format::Slack, Timestamp::UNIX_EPOCH);
    assert!(request.body.len() < 2_000, "{}", request.body.len());
    let request = long.request(&Format::Teams, Timestamp::UNIX_EPOCH);
    assert!(request.body.len() < 20_000, "{}", request.body.len());
}

#[test]
fn teams_gets_an_adaptive_card() {
    let body = body(PostKind::IncidentResolved, &Format::Teams);
    let attachment = &body["attachments"][0];
    assert_eq!(
        attachment["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    let blocks = attachment["content"]["body"].as_array().unwrap();
    assert_eq!(blocks[0]["color"], "Good");
    assert_eq!(blocks[1]["text"], "The password was changed.");
    assert_eq!(
        blocks[2]["text"],
        "- acme-maria\r- acme-bakery\r- … 1840 more"
    );
}

#[test]
fn pagerduty_gets_a_trigger_and_a_resolve_with_one_key() {
    let format = Format::PagerDuty {
        routing_key: Secret::new("R0UT1NG"),
    };
    let opened = body(PostKind::IncidentOpened, &format);
    assert_eq!(opened["event_action"], "trigger");
    assert_eq!(opened["routing_key"], "R0UT1NG");
    assert_eq!(opened["payload"]["class"], "password_changed");
    assert_eq!(opened["payload"]["component"], "acme");
    let resolved = body(PostKind::IncidentResolved, &format);
    let expected = json!({
        "routing_key": "R0UT1NG",
        "event_action": "resolve",
        "dedup_key": "perennial-incident-7-1@example-com",
    });
    assert_eq!(resolved, expected);
    assert_eq!(opened["dedup_key"], resolved["dedup_key"]);
    let long = Message {
        thread: "x".repeat(500),
        title: "ü".repeat(5_000),
        ..message(PostKind::IncidentOpened)
    };
    let request = long.request(&format, Timestamp::UNIX_EPOCH);
    let long: Value = serde_json::from_slice(&request.body).unwrap();
    assert!(long["dedup_key"].as_str().unwrap().len() <= 255);
    assert!(long["payload"]["summary"].as_str().unwrap().len() <= 1_024);
}

#[test]
fn a_program_gets_a_signed_event_with_the_facts() {
    let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let format = Format::Webhook {
        secrets: vec![SigningSecret::parse(&secret).unwrap()],
    };
    let request = message(PostKind::IncidentUpdated).request(&format, Timestamp::UNIX_EPOCH);
    let names: Vec<_> = request.headers.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        ["webhook-id", "webhook-timestamp", "webhook-signature"]
    );
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["type"], "incident.updated");
    assert_eq!(body["timestamp"], "2026-11-30T09:00:00Z");
    let data = &body["data"];
    assert_eq!(data["id"], "7");
    assert_eq!(data["remedy"], "login");
    assert_eq!(data["tokens_affected"], 1_842);
    assert!(request.body.len() < 20_000);
}

#[test]
fn a_test_has_no_facts() {
    let test = Message {
        facts: PostFacts::None {},
        ..message(PostKind::Test)
    };
    assert_eq!(webhook::body(&test)["data"]["title"], test.title);
}
