//! Parses Meta's calls: only the person and the time, and whether access to a WhatsApp account changed. Nothing else is
//! read, because Meta is asked anyway.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::WebhookError;
use crate::inventory::WebhookNotice;

#[derive(Deserialize)]
struct Webhook {
    object: String,
    #[serde(default)]
    entry: Vec<Entry>,
}

/// Recorded webhooks contain the id twice.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    uid: Value,
    #[serde(default)]
    time: Value,
    #[serde(default)]
    changes: Value,
}

/// What a webhook says that changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// One notice per person, with the latest time.
    pub(super) people: Vec<WebhookNotice>,
    /// When the access of apps to a WhatsApp account changed last. Nothing says whose tokens reach that account.
    pub(super) whatsapp_access: Option<Timestamp>,
}

#[derive(Deserialize)]
struct SignedRequest {
    #[serde(default)]
    user_id: Value,
    #[serde(default)]
    issued_at: Value,
}

/// A field of a form or a query string.
pub fn field(form: &[u8], key: &str) -> Option<String> {
    let mut fields = form_urlencoded::parse(form);
    fields.find_map(|(name, value)| (name == key).then(|| value.into_owned()))
}

/// The time from which the signed request is no longer valid, even allowing for clock skew.
pub(super) fn unusable_from(webhook_notice: &WebhookNotice) -> Timestamp {
    let end = webhook_notice.at.checked_add(GOOD_FOR + AHEAD);
    end.unwrap_or(Timestamp::MAX)
}

/// Other objects say nothing about tokens, but share the app's webhook address.
pub(super) fn webhook(body: &[u8], now: Timestamp) -> Option<Changes> {
    let Webhook { object, entry } = serde_json::from_slice(body).ok()?;
    let mut changes = Changes::default();
    match object.as_str() {
        "permissions" => changes.people = people(&entry, now),
        "whatsapp_business_account" => changes.whatsapp_access = whatsapp_access(&entry, now),
        _ => {}
    }
    Some(changes)
}

/// The latest time at which an account was shared, taken away or deleted, or the app was installed or removed.
fn whatsapp_access(entries: &[Entry], now: Timestamp) -> Option<Timestamp> {
    let changed = entries.iter().filter(|entry| {
        let changes = entry.changes.as_array().into_iter().flatten();
        let mut events = changes.filter_map(|change| change["value"]["event"].as_str());
        events.any(changes_access)
    });
    changed.map(|entry| instant(&entry.time, now)).max()
}

/// The other events of `account_update` are about verification, terms, prices and the like.
fn changes_access(event: &str) -> bool {
    matches!(
        event,
        "PARTNER_ADDED"
            | "PARTNER_REMOVED"
            | "PARTNER_APP_INSTALLED"
            | "PARTNER_APP_UNINSTALLED"
            | "ACCOUNT_DELETED"
            | "ACCOUNT_OFFBOARDED"
            | "ACCOUNT_RECONNECTED"
    )
}

fn people(entries: &[Entry], now: Timestamp) -> Vec<WebhookNotice> {
    let mut latest = BTreeMap::new();
    for entry in entries {
        let Some(person) = id(&entry.uid).or_else(|| id(&entry.id)) else {
            continue;
        };
        let at = instant(&entry.time, now);
        let known = latest.entry(person).or_insert(at);
        *known = at.max(*known);
    }
    let webhook_notice = |(person, at)| WebhookNotice { person, at };
    latest.into_iter().map(webhook_notice).collect()
}

/// How long a signed request is valid. Meta sends it immediately, and again within the hour if it got no answer.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How far Meta's clock may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Reads a signed request. An old one is rejected, so that it cannot be replayed.
pub(super) fn signed_request(
    payload: &[u8],
    now: Timestamp,
) -> Result<WebhookNotice, WebhookError> {
    let read = serde_json::from_slice(payload).map_err(|_| WebhookError::Unreadable)?;
    let SignedRequest { user_id, issued_at } = read;
    let person = id(&user_id).ok_or(WebhookError::Unreadable)?;
    let issued_at = reported_at(&issued_at).ok_or(WebhookError::Stale)?;
    let age = now.duration_since(issued_at);
    if age > GOOD_FOR || -age > AHEAD {
        return Err(WebhookError::Stale);
    }
    let at = issued_at.min(now);
    Ok(WebhookNotice { person, at })
}

/// Meta sends a string today and sent a number in the past.
fn id(value: &Value) -> Option<String> {
    let id = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let is_id = (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then_some(id)
}

/// A missing time is taken as now, and a time in the future as well.
fn instant(value: &Value, now: Timestamp) -> Timestamp {
    reported_at(value).map_or(now, |reported| reported.min(now))
}

fn reported_at(value: &Value) -> Option<Timestamp> {
    /// A larger number is a time in milliseconds, as in other webhooks.
    const SECONDS: i64 = 100_000_000_000;
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.and_then(|number| {
        if number < SECONDS {
            Timestamp::from_second(number).ok()
        } else {
            Timestamp::from_millisecond(number).ok()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-12-01T12:00:00Z".parse().unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn reported(body: &str) -> Option<Vec<(String, Timestamp)>> {
        let changes = webhook(body.as_bytes(), now())?;
        assert_eq!(changes.whatsapp_access, None);
        Some(
            changes
                .people
                .into_iter()
                .map(|n| (n.person, n.at))
                .collect(),
        )
    }

    #[test]
    fn both_recorded_shapes_name_a_person() {
        for body in [
            r#"{"object":"permissions","entry":[{"id":"17","uid":"17","time":1567181353,
                "changes":[{"field":"connected","verb":"granted"}]}]}"#,
            r#"{"object":"permissions","entry":[{"id":"17","uid":"17","time":1567181353,"changes":[{"field":
                "manage_fundraisers","value":{"verb":"granted","target_ids":["123123123123123"]}}]}]}"#,
            r#"{"object":"permissions","entry":[{"id":17,"time":"1567181353"}]}"#,
            r#"{"object":"permissions","entry":[{"uid":17,"time":1567181353000}]}"#,
        ] {
            assert_eq!(
                reported(body),
                Some(vec![("17".to_owned(), at(1_567_181_353))])
            );
        }
    }

    /// The examples of Meta's reference of `account_update`, as far as they are well-formed.
    #[test]
    fn only_a_change_of_access_to_a_whatsapp_account_is_noticed() {
        let access = |event: &str| {
            let body = format!(
                r#"{{"object":"whatsapp_business_account","entry":[{{"id":"2949482758682047","time":1744823932,
                    "changes":[{{"field":"account_update","value":{{"event":"{event}","waba_info":
                    {{"waba_id":"980198427658004","owner_business_id":"2329417887457253"}}}}}}]}}]}}"#
            );
            let changes = webhook(body.as_bytes(), now()).unwrap();
            assert!(changes.people.is_empty());
            changes.whatsapp_access
        };
        for event in [
            "PARTNER_REMOVED",
            "PARTNER_APP_UNINSTALLED",
            "ACCOUNT_DELETED",
        ] {
            assert_eq!(access(event), Some(at(1_744_823_932)), "{event}");
        }
        for event in ["MM_LITE_TERMS_SIGNED", "ACCOUNT_VIOLATION", "", "partner"] {
            assert_eq!(access(event), None, "{event}");
        }
        for body in [
            r#"{"object":"whatsapp_business_account","entry":[{"id":"1","time":1,"changes":[{"field":"messages",
                "value":{"messages":[{"from":"1"}]}}]}]}"#,
            r#"{"object":"whatsapp_business_account","entry":[{"changes":{"value":[]}},{"changes":[7,{"value":{"event":7}}]}]}"#,
        ] {
            assert_eq!(webhook(body.as_bytes(), now()), Some(Changes::default()));
        }
    }

    #[test]
    fn many_entries_of_one_person_are_one_notice_with_the_latest_time() {
        let entry = |id: &str, time: i64| format!(r#"{{"id":"{id}","time":{time}}}"#);
        let entries = [
            entry("2", 30),
            entry("1", 10),
            entry("2", 20),
            entry("1", 40),
        ];
        let body = format!(
            r#"{{"object":"permissions","entry":[{}]}}"#,
            entries.join(",")
        );
        let expected = vec![("1".to_owned(), at(40)), ("2".to_owned(), at(30))];
        assert_eq!(reported(&body), Some(expected));
    }

    #[test]
    fn what_says_nothing_of_a_person_is_passed_over() {
        for body in [
            r#"{"object":"page","entry":[{"id":"17","time":1,"messaging":[{"sender":{"id":"18"}}]}]}"#,
            r#"{"object":"permissions"}"#,
            r#"{"object":"permissions","entry":[{"id":"","time":1},{"id":null},{"id":"a"},{"id":-1},{"id":1.5},{}]}"#,
            r#"{"object":"permissions","entry":[{"id":"999999999999999999999"}]}"#,
        ] {
            assert_eq!(reported(body), Some(Vec::new()), "{body}");
        }
        for body in ["", "[]", "7", r#"{"entry":[]}"#, r#"{"object":7}"#, "\u{0}"] {
            assert_eq!(reported(body), None, "{body}");
        }
    }

    #[test]
    fn nothing_has_changed_in_the_future_or_at_no_time() {
        for time in [
            "null",
            "\"soon\"",
            "9999999999",
            "9223372036854775807",
            "{}",
        ] {
            let body =
                format!(r#"{{"object":"permissions","entry":[{{"id":"1","time":{time}}}]}}"#);
            assert_eq!(
                reported(&body),
                Some(vec![("1".to_owned(), now())]),
                "{time}"
            );
        }
    }

    #[test]
    fn a_signed_request_names_one_person() {
        let issued_at = now().as_second() - 60;
        let read = |payload: &str| signed_request(payload.as_bytes(), now());
        for payload in [
            format!(r#"{{"user_id":"17","algorithm":"HMAC-SHA256","issued_at":{issued_at}}}"#),
            format!(
                r#"{{"user_id":17,"issued_at":{issued_at},"expires":{}}}"#,
                issued_at + 3600
            ),
        ] {
            let webhook_notice = read(&payload).unwrap();
            assert_eq!(
                (webhook_notice.person.as_str(), webhook_notice.at),
                ("17", at(issued_at))
            );
        }
        let nobody = read(r#"{"algorithm":"HMAC-SHA256"}"#);
        assert!(matches!(nobody, Err(WebhookError::Unreadable)));
    }

    #[test]
    fn a_signed_request_counts_for_a_day() {
        let read = |issued_at: String| {
            let payload = format!(r#"{{"user_id":"17","issued_at":{issued_at}}}"#);
            signed_request(payload.as_bytes(), now())
        };
        let ago = |seconds: i64| read((now().as_second() - seconds).to_string());
        for seconds in [-300, 0, 3_600, 86_400] {
            let webhook_notice = ago(seconds).unwrap();
            assert!(webhook_notice.at <= now(), "{seconds}");
        }
        for seconds in [-301, 86_401, 400 * 86_400] {
            assert!(
                matches!(ago(seconds), Err(WebhookError::Stale)),
                "{seconds}"
            );
        }
        for untold in ["null", "\"soon\"", "{}", "0", "-1", "9223372036854775807"] {
            let read = read(untold.to_owned());
            assert!(matches!(read, Err(WebhookError::Stale)), "{untold}");
        }
        let missing = signed_request(br#"{"user_id":"17"}"#, now());
        assert!(matches!(missing, Err(WebhookError::Stale)));
    }
}
