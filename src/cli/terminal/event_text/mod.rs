//! An event of the journal as a sentence.

mod event_color;

use anstyle::Style;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{style, terms, text};
use crate::api::types::EventView;
use crate::cli::commands::login;
use crate::inventory::EventKind;
use crate::model::{Cause, Outcome, State};

#[derive(Debug)]
pub(crate) struct Sentence {
    pub(crate) text: String,
    pub(crate) style: Style,
}

pub(crate) fn sentence(event: &EventView) -> Sentence {
    let detail = EventDetail(&event.detail);
    Sentence {
        text: text::plain(&text_of(event.kind, &detail)),
        style: event_color::of(event.kind, &detail),
    }
}

fn text_of(kind: EventKind, detail: &EventDetail<'_>) -> String {
    match kind {
        EventKind::Imported => format!("imported by {}", detail.asked_by()),
        EventKind::Discovered => format!("found through {}", detail.text("through")),
        EventKind::Forgotten => format!("removed by {}", detail.asked_by()),
        EventKind::Ordered => format!("{} ordered by {}", detail.text("order"), detail.asked_by()),
        EventKind::Checked => checked(detail),
        EventKind::OrderRefused => order_refused(detail),
        EventKind::Changed => changed(detail),
        EventKind::WebhookNotice => format!(
            "Meta reported a change, so {} checked",
            detail.tokens("is", "are")
        ),
        EventKind::DataDeleted => format!(
            "a person had their data deleted through Meta: {} forgotten (code {})",
            detail.tokens("is", "are"),
            detail.text("code")
        ),
        EventKind::Rotated => format!("{}{}", detail.outcome(), detail.end()),
        EventKind::Derived => derived(detail),
        EventKind::WebhookSubscription => subscription_text(detail),
        EventKind::PermissionsLost => format!("lost permissions: {}", detail.text("permissions")),
        EventKind::PermissionsRestored => {
            format!("permissions are back: {}", detail.text("permissions"))
        }
        EventKind::CandidateKept => format!(
            "a new secret waits for Meta's confirmation, added by {}",
            detail.asked_by()
        ),
        EventKind::CandidateAccepted => {
            format!("the new secret is confirmed and in use{}", detail.end())
        }
        EventKind::CandidateRefused => format!("the new secret was refused: {}", detail.mismatch()),
        EventKind::SecretRead => format!("secret read by {}{}", detail.text("user"), times(detail)),
        EventKind::SecretRefused => secret_refused(detail),
        EventKind::AppFailing => format!("the app is failing: {}", detail.cause()),
        EventKind::AppRecovered => "the app works again".to_owned(),
        EventKind::IncidentOpened => format!("{} opened: {}", detail.incident(), detail.cause()),
        EventKind::IncidentAcknowledged => acknowledged(detail),
        EventKind::IncidentResolved => format!("{} resolved", detail.incident()),
        EventKind::LoginOpened | EventKind::LoginAnswered | EventKind::LoginEnded => {
            login::event(kind, detail)
        }
        EventKind::EmailWritten => format!("email written: {}", detail.text("subject")),
        EventKind::EmailSent => format!("email sent: {}", detail.text("subject")),
        EventKind::EmailDelayed => delayed(detail),
        EventKind::EmailUndelivered => undelivered(detail),
        EventKind::Started => "the daemon started".to_owned(),
        EventKind::Reloaded => reloaded(detail),
        EventKind::BackedUp => format!("backed up to {}", detail.text("path")),
        EventKind::BackupFailed => format!("the backup failed: {}", detail.text("reason")),
        EventKind::Restored => "the inventory was replaced by a backup".to_owned(),
        EventKind::SetAside => {
            "set aside: the daemon crashed twice while it worked on this token. Try again: perennial check".to_owned()
        }
        EventKind::JournalGap => format!(
            "{} events are in the log only: the journal could not be written",
            detail.text("events")
        ),
    }
}

fn derived(detail: &EventDetail<'_>) -> String {
    let through = detail.text("through");
    match detail.find("because") {
        Some("replaced_elsewhere") => {
            format!("read again through {through}: {}", detail.because())
        }
        Some(_) | None => format!("read again through {through}"),
    }
}

fn subscription_text(detail: &EventDetail<'_>) -> String {
    let missing = detail.find("missing").unwrap_or_default();
    match detail.find("subscription") {
        Some("subscribed") => "the page sends its events to the app".to_owned(),
        Some("missing") => format!("the page does not send the app these events: {missing}"),
        Some(_) | None => "Meta does not say which events the page sends to the app".to_owned(),
    }
}

fn secret_refused(detail: &EventDetail<'_>) -> String {
    let (user, reason) = (detail.text("user"), detail.text("reason"));
    format!("secret refused to {user}{}: {reason}", times(detail))
}

/// How many requests the event counts: one, or all later ones within an hour.
fn times(detail: &EventDetail<'_>) -> String {
    let others = match detail.0.get("others") {
        Some(Value::Bool(true)) => " for further tokens",
        Some(_) | None => "",
    };
    match detail.0.get("times").and_then(Value::as_u64) {
        None => others.to_owned(),
        Some(1) => format!("{others}, once more within an hour"),
        Some(times) => format!("{others}, {times} times more within an hour"),
    }
}

fn acknowledged(detail: &EventDetail<'_>) -> String {
    let (incident, until, who) = (detail.incident(), detail.text("until"), detail.asked_by());
    format!("{incident}: no reminders until {until}, as {who} asked")
}

fn delayed(detail: &EventDetail<'_>) -> String {
    let (subject, reason) = (detail.text("subject"), detail.text("reason"));
    format!("email not sent: {subject}: {reason}")
}

fn undelivered(detail: &EventDetail<'_>) -> String {
    let (subject, reason) = (detail.text("subject"), detail.text("reason"));
    let number = |key: &str| {
        detail
            .0
            .get(key)
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    let missed = number("recipients").saturating_sub(number("got_it"));
    let whom = match missed {
        1 => "one of its recipients".to_owned(),
        many => format!("{many} of its recipients"),
    };
    match detail.find("next_try_at") {
        Some(at) => format!("email does not reach {whom}: {subject}: {reason}; next attempt {at}"),
        None => format!("email will not reach {whom}: {subject}: {reason}"),
    }
}

fn reloaded(detail: &EventDetail<'_>) -> String {
    let who = detail.asked_by();
    if detail.0.get("live") == Some(&Value::Bool(false)) {
        return format!("a new configuration was refused, asked for by {who}");
    }
    let rest = detail
        .find("needs_restart")
        .map_or_else(String::new, |keys| format!("; needs a restart: {keys}"));
    format!("a new configuration is live, asked for by {who}{rest}")
}

fn checked(detail: &EventDetail<'_>) -> String {
    let state = detail.text("state");
    match detail.find("not_rotated") {
        Some(why) => {
            let from = detail.find("may_rotate_at");
            let from = from.map_or_else(String::new, |at| {
                format!("; it may be tried again from {at}")
            });
            format!("{state}; not renewed: {}{from}", terms::not_rotated(why))
        }
        None => state.to_owned(),
    }
}

fn order_refused(detail: &EventDetail<'_>) -> String {
    let cause = detail.cause();
    match detail.find("until") {
        Some(until) => format!("not done: {cause}; no calls until {until}"),
        None => format!("not done: {cause}"),
    }
}

fn changed(detail: &EventDetail<'_>) -> String {
    let to = detail.text("to");
    match detail.find("cause") {
        Some(_) => format!("{to}: {}{}", detail.cause(), detail.meta_s_numbers()),
        None => format!("{to}, was {}", detail.text("from")),
    }
}

/// The details of an event. A daemon of another version may omit or add some.
pub(crate) struct EventDetail<'e>(pub(crate) &'e Map<String, Value>);

impl<'e> EventDetail<'e> {
    pub(crate) fn find(&self, key: &str) -> Option<&'e str> {
        self.0.get(key)?.as_str()
    }

    pub(crate) fn text(&self, key: &str) -> &'e str {
        self.find(key).unwrap_or("unknown")
    }

    fn tokens(&self, one: &str, many: &str) -> String {
        match self.0.get("tokens").and_then(Value::as_u64) {
            Some(1) => format!("1 token {one}"),
            Some(n) => format!("{n} tokens {many}"),
            None => format!("its tokens {many}"),
        }
    }

    pub(crate) fn asked_by(&self) -> &'e str {
        self.text("asked_by")
    }

    fn incident(&self) -> String {
        format!("incident {}", self.text("incident"))
    }

    fn outcome(&self) -> &'e str {
        let word = self.text("outcome");
        match Outcome::from_name(word) {
            Some(outcome) => terms::outcome(outcome),
            None => word,
        }
    }

    fn cause(&self) -> &'e str {
        let word = self.text("cause");
        match Cause::from_name(word) {
            Some(cause) => terms::cause(cause),
            None => word,
        }
    }

    fn because(&self) -> &'e str {
        let word = self.text("because");
        match Cause::from_name(word) {
            Some(cause) => terms::cause(cause),
            None => word,
        }
    }

    fn mismatch(&self) -> String {
        let Some(mismatch) = self.find("mismatch") else {
            return self.cause().to_owned();
        };
        let more = match (
            self.find("kind"),
            self.find("subject"),
            self.find("missing"),
        ) {
            (Some(is), ..) | (None, Some(is), _) => {
                format!(": {is} instead of {}", self.text("expected"))
            }
            (None, None, Some(missing)) => format!(": {missing}"),
            (None, None, None) => String::new(),
        };
        format!("{mismatch}{more}")
    }

    /// The date of the expiry; `perennial show` prints the time, too.
    fn end(&self) -> String {
        let end = self
            .find("expires_at")
            .and_then(|end| end.parse::<Timestamp>().ok());
        end.map_or_else(String::new, |end| format!(" (ends {})", end.strftime("%F")))
    }

    /// The error codes and the trace id, which Meta's support asks for.
    fn meta_s_numbers(&self) -> String {
        let number = |key| self.0.get(key).and_then(Value::as_i64);
        let Some(code) = number("code") else {
            return String::new();
        };
        let subcode = number("subcode").map_or_else(String::new, |sub| format!("/{sub}"));
        let trace = self.find("fbtrace_id");
        let trace = trace.map_or_else(String::new, |trace| format!(", fbtrace_id {trace}"));
        format!(" (code {code}{subcode}{trace})")
    }

    fn state(&self, key: &str) -> Style {
        let state = self.find(key).and_then(State::from_name);
        state.map_or(Style::new(), style::of_state)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(kind: EventKind, detail: &Value) -> String {
        let event = json!({
            "id": "7", "at": "2026-11-22T09:00:00Z", "kind": kind, "token": "a", "app": "acme",
            "detail": detail,
        });
        let event: EventView = serde_json::from_value(event).unwrap();
        sentence(&event).text
    }

    #[test]
    fn what_meta_said_is_shown_with_the_numbers_that_its_support_asks_for() {
        let detail = json!({
            "from": "healthy", "to": "dead", "cause": "password_changed",
            "code": 190, "subcode": 460, "fbtrace_id": "AbC",
        });
        assert_eq!(
            described(EventKind::Changed, &detail),
            "dead: the person's password was changed (code 190/460, fbtrace_id AbC)"
        );
        let back = json!({"from": "dead", "to": "healthy", "cause": null});
        assert_eq!(described(EventKind::Changed, &back), "healthy, was dead");
        let bare = json!({"from": "a", "to": "failing", "cause": "outage", "code": 2});
        assert_eq!(
            described(EventKind::Changed, &bare),
            "failing: Meta does not answer (code 2)"
        );
    }

    #[test]
    fn outcomes_of_orders_are_described() {
        for (kind, detail, expected) in [
            (
                EventKind::Checked,
                json!({"order": "7", "state": "healthy"}),
                "healthy",
            ),
            (
                EventKind::Checked,
                json!({"state": "healthy", "not_rotated": "never_expires"}),
                "healthy; not renewed: it never expires, so there is nothing to renew",
            ),
            (
                EventKind::Rotated,
                json!({"outcome": "same_expiry", "expires_at": "2026-12-01T00:00:00Z"}),
                "a new token with the same expiry; not renewed (ends 2026-12-01)",
            ),
            (
                EventKind::CandidateRefused,
                json!({"mismatch": "it is of another kind", "kind": "user", "expected": "page"}),
                "the new secret was refused: it is of another kind: user instead of page",
            ),
            (
                EventKind::CandidateRefused,
                json!({"cause": "expired"}),
                "the new secret was refused: it has expired",
            ),
            (
                EventKind::CandidateRefused,
                json!({"mismatch": "it lacks permissions", "missing": "pages_messaging"}),
                "the new secret was refused: it lacks permissions: pages_messaging",
            ),
        ] {
            assert_eq!(described(kind, &detail), expected);
        }
    }

    #[test]
    fn every_event_of_another_version_can_be_described() {
        for kind in EventKind::ALL {
            for detail in [
                json!({}),
                json!({"cause": "new", "outcome": 7, "order": {}}),
            ] {
                let text = described(*kind, &detail);
                assert!(!text.is_empty() && text.lines().count() == 1, "{text}");
            }
        }
    }

    #[test]
    fn an_email_s_subject_cannot_clear_the_screen() {
        let sent = json!({"subject": "hi\u{1b}[2J\r\nBcc: x"});
        assert_eq!(
            described(EventKind::EmailSent, &sent),
            "email sent: hi [2J  Bcc: x"
        );
    }
}
