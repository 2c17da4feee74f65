//! An example of each kind of event, with as many of its fields as it can have at once.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What is shown of an event besides its id and its time.
#[derive(Debug, Deserialize)]
pub struct Example {
    kind: String,
    pub token: Option<String>,
    pub app: Option<String>,
    pub detail: Map<String, Value>,
}

/// By kind.
pub fn examples() -> serde_json::Result<BTreeMap<String, Example>> {
    let examples = EXAMPLES.lines().map(serde_json::from_str::<Example>);
    examples
        .map(|example| example.map(|it| (it.kind.clone(), it)))
        .collect()
}

const EXAMPLES: &str = r#"{"kind": "imported", "token": "acme-maria", "app": "acme", "detail": {"asked_by": "root"}}
{"kind": "discovered", "token": "acme-bakery", "app": "acme", "detail": {"through": "acme-maria", "page": "The Bakery"}}
{"kind": "forgotten", "token": "acme-maria", "app": "acme", "detail": {"asked_by": "root"}}
{"kind": "renamed", "token": "acme-maria", "app": "acme", "detail": {"from": "maria", "to": "acme-maria", "asked_by": "root"}}
{"kind": "owners_changed", "token": "acme-maria", "app": "acme", "detail": {"added": 1, "removed": 0, "asked_by": "root"}}
{"kind": "requirements_changed", "token": "acme-maria", "app": "acme", "detail": {"from": "", "to": "pages_messaging pages_show_list", "asked_by": "root"}}
{"kind": "ordered", "token": "acme-maria", "app": "acme", "detail": {"order": "rotate", "asked_by": "root"}}
{"kind": "checked", "token": "acme-maria", "app": "acme", "detail": {"state": "healthy", "not_rotated": "tried_today", "may_rotate_at": "2026-12-01T08:00:00Z"}}
{"kind": "order_refused", "token": "acme-maria", "app": "acme", "detail": {"cause": "throttled", "until": "2026-11-30T10:00:00Z"}}
{"kind": "changed", "token": "acme-maria", "app": "acme", "detail": {"from": "healthy", "to": "dead", "cause": "password_changed", "code": 190, "subcode": 460, "fbtrace_id": "AnUyGZoFqN2m50GHVpOQEqr"}}
{"kind": "permissions_lost", "token": "acme-maria", "app": "acme", "detail": {"permissions": "pages_messaging"}}
{"kind": "permissions_restored", "token": "acme-maria", "app": "acme", "detail": {"permissions": "pages_messaging"}}
{"kind": "webhook_notice", "token": null, "app": "acme", "detail": {"tokens": 12}}
{"kind": "data_deleted", "token": null, "app": "acme", "detail": {"tokens": 12, "code": "Qm8xYw2aPzR7ck3JdT0vN5"}}
{"kind": "rotated", "token": "acme-reporting", "app": "acme", "detail": {"outcome": "renewed", "expires_at": "2027-01-29T09:00:00Z"}}
{"kind": "derived", "token": "acme-bakery", "app": "acme", "detail": {"through": "acme-maria", "because": "replaced_elsewhere"}}
{"kind": "webhook_subscription", "token": "acme-bakery", "app": "acme", "detail": {"subscription": "missing", "missing": "messaging_postbacks"}}
{"kind": "candidate_kept", "token": "acme-maria", "app": "acme", "detail": {"asked_by": "root", "login": "7"}}
{"kind": "candidate_accepted", "token": "acme-maria", "app": "acme", "detail": {"expires_at": "2027-01-29T09:00:00Z"}}
{"kind": "candidate_refused", "token": "acme-maria", "app": "acme", "detail": {"mismatch": "it lacks permissions that the one in use has", "missing": "pages_messaging"}}
{"kind": "secret_read", "token": "acme-bakery", "app": "acme", "detail": {"user": "chatbot", "uid": "998", "pid": "4711", "version": 3, "times": 118, "since": "2026-11-30T08:00:00Z", "until": "2026-11-30T08:59:30Z"}}
{"kind": "secret_refused", "token": "acme-bakery", "app": "acme", "detail": {"user": "www-data", "uid": "33", "pid": "4712", "reason": "not-permitted"}}
{"kind": "set_aside", "token": "acme-bakery", "app": "acme", "detail": {}}
{"kind": "app_failing", "token": null, "app": "acme", "detail": {"cause": "app_secret_wrong"}}
{"kind": "app_recovered", "token": null, "app": "acme", "detail": {"cause": "app_secret_wrong"}}
{"kind": "incident_opened", "token": null, "app": "acme", "detail": {"incident": "17", "cause": "password_changed"}}
{"kind": "incident_acknowledged", "token": null, "app": "acme", "detail": {"incident": "17", "until": "2026-12-03T09:00:00Z", "asked_by": "root"}}
{"kind": "incident_resolved", "token": null, "app": "acme", "detail": {"incident": "17", "cause": "password_changed"}}
{"kind": "login_opened", "token": "acme-maria", "app": "acme", "detail": {"login": "7", "asked_by": "root"}}
{"kind": "login_answered", "token": null, "app": "acme", "detail": {"login": "7"}}
{"kind": "login_ended", "token": null, "app": "acme", "detail": {"login": "7", "outcome": "granted", "token": "acme-maria"}}
{"kind": "calendar_revoked", "token": null, "app": null, "detail": {"person": "122102087", "asked_by": "root"}}
{"kind": "email_written", "token": null, "app": "acme", "detail": {"subject": "Log in to Facebook again: Maria Schmidt, 12 tokens of acme", "message_id": "17-1@example.com", "incident": "17"}}
{"kind": "email_sent", "token": null, "app": "acme", "detail": {"subject": "Log in to Facebook again: Maria Schmidt, 12 tokens of acme", "message_id": "17-1@example.com", "incident": "17", "recipients": 2, "got_it": 2}}
{"kind": "email_delayed", "token": null, "app": "acme", "detail": {"subject": "Log in to Facebook again: Maria Schmidt, 12 tokens of acme", "message_id": "17-1@example.com", "incident": "17", "reason": "451 4.7.1 try again later", "next_try_at": "2026-11-30T09:05:00Z"}}
{"kind": "email_undelivered", "token": null, "app": "acme", "detail": {"subject": "Log in to Facebook again: Maria Schmidt, 12 tokens of acme", "message_id": "17-1@example.com", "incident": "17", "reason": "550 5.1.1 no such user", "recipients": 2, "got_it": 1}}
{"kind": "delivered", "token": "acme-bakery", "app": "acme", "detail": {"sink": "chatbot", "version": 3}}
{"kind": "delivery_failed", "token": "acme-bakery", "app": "acme", "detail": {"sink": "chatbot", "version": 3, "reason": "it answered 503 Service Unavailable", "next_try_at": "2026-11-30T09:01:00Z"}}
{"kind": "sink_disabled", "token": null, "app": null, "detail": {"sink": "chatbot", "reason": "it answered 410 Gone"}}
{"kind": "deliveries_retried", "token": null, "app": null, "detail": {"sink": "chatbot", "asked_by": "root"}}
{"kind": "in_use", "token": "acme-bakery", "app": "acme", "detail": {"consumer": "chatbot", "version": 3, "asked_by": "chatbot"}}
{"kind": "consumer_retired", "token": "acme-bakery", "app": "acme", "detail": {"consumer": "chatbot", "asked_by": "root"}}
{"kind": "post_sent", "token": null, "app": null, "detail": {"channel": "ops-chat", "post": "incident_opened", "message_id": "msg_17_1", "incident": "17", "status": 200, "took_ms": 181}}
{"kind": "post_delayed", "token": null, "app": null, "detail": {"channel": "ops-chat", "post": "incident_opened", "message_id": "msg_17_1", "incident": "17", "status": 429, "reason": "it answered 429 Too Many Requests", "next_try_at": "2026-11-30T09:01:00Z"}}
{"kind": "post_given_up", "token": null, "app": null, "detail": {"channel": "ops-chat", "post": "incident_opened", "message_id": "msg_17_1", "incident": "17", "status": 404, "reason": "it answered 404 Not Found"}}
{"kind": "started", "token": null, "app": null, "detail": {}}
{"kind": "reloaded", "token": null, "app": null, "detail": {"asked_by": "root", "live": true, "needs_restart": "status.socket"}}
{"kind": "backed_up", "token": null, "app": null, "detail": {"path": "/var/lib/perennial/backups/inventory-2026-11-30.db"}}
{"kind": "backup_failed", "token": null, "app": null, "detail": {"reason": "no space left on device"}}
{"kind": "restored", "token": null, "app": null, "detail": {}}
{"kind": "commits_lost", "token": null, "app": null, "detail": {"after": "2026-11-30T08:59:58Z"}}
{"kind": "journal_gap", "token": null, "app": null, "detail": {"events": 3}}"#;
