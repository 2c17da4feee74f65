//! An event of the journal as a sentence.

mod hue;

use anstyle::Style;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{login, style, text, words};
use crate::inventory::EventKind;
use crate::status::snapshot::EventView;
use crate::token::{Cause, Outcome, State};

#[derive(Debug)]
pub(super) struct Sentence {
    pub(super) text: String,
    pub(super) style: Style,
}

pub(super) fn sentence(event: &EventView) -> Sentence {
    let said = Said(&event.detail);
    Sentence {
        text: text::plain(&words_of(event.kind, &said)),
        style: hue::of(event.kind, &said),
    }
}

fn words_of(kind: EventKind, said: &Said<'_>) -> String {
    match kind {
        EventKind::Imported => format!("taken in by {}", said.asked_by()),
        EventKind::Discovered => format!("found through {}", said.word("through")),
        EventKind::Forgotten => format!("removed by {}", said.asked_by()),
        EventKind::Ordered => format!("{} ordered by {}", said.word("order"), said.asked_by()),
        EventKind::Checked => checked(said),
        EventKind::Changed => changed(said),
        EventKind::Notified => format!(
            "Meta tells of a change, so {} asked after",
            said.tokens("is", "are")
        ),
        EventKind::DataDeleted => format!(
            "a person had their data deleted through Meta: {} forgotten (code {})",
            said.tokens("is", "are"),
            said.word("code")
        ),
        EventKind::Rotated => format!("{}{}", said.outcome(), said.end()),
        EventKind::Derived => derived(said),
        EventKind::Listening => listening(said),
        EventKind::PermissionsLost => format!("lost permissions: {}", said.word("permissions")),
        EventKind::PermissionsRestored => {
            format!("permissions are back: {}", said.word("permissions"))
        }
        EventKind::CandidateKept => format!(
            "a new secret waits for Meta's word, handed in by {}",
            said.asked_by()
        ),
        EventKind::CandidateAccepted => {
            format!("the new secret is confirmed and in use{}", said.end())
        }
        EventKind::CandidateRefused => format!("the new secret is not taken: {}", said.objection()),
        EventKind::SecretRead => format!("secret read by {}{}", said.word("user"), times(said)),
        EventKind::SecretRefused => secret_refused(said),
        EventKind::AppTroubled => format!("trouble with the app: {}", said.cause()),
        EventKind::AppRecovered => "the app works again".to_owned(),
        EventKind::IncidentOpened => format!("{} opened: {}", said.incident(), said.cause()),
        EventKind::IncidentAcknowledged => acknowledged(said),
        EventKind::IncidentResolved => format!("{} resolved", said.incident()),
        EventKind::LoginOpened | EventKind::LoginAnswered | EventKind::LoginEnded => {
            login::event(kind, said)
        }
        EventKind::LetterWritten => format!("letter written: {}", said.word("subject")),
        EventKind::LetterSent => format!("letter sent: {}", said.word("subject")),
        EventKind::LetterDelayed => delayed(said),
        EventKind::LetterUndelivered => undelivered(said),
        EventKind::Started => "the daemon started".to_owned(),
        EventKind::Reloaded => reloaded(said),
        EventKind::BackedUp => format!("copied to {}", said.word("path")),
        EventKind::BackupFailed => format!("no copy was made: {}", said.word("reason")),
        EventKind::Restored => "a copy has taken the inventory's place".to_owned(),
        EventKind::SetAside => {
            "set aside: the daemon crashed twice while it was at work on it. Try it again: perennial check".to_owned()
        }
        EventKind::JournalGap => format!(
            "{} events are in the log only: the journal could not be written",
            said.word("events")
        ),
    }
}

fn derived(said: &Said<'_>) -> String {
    let through = said.word("through");
    match said.find("because") {
        Some("replaced_elsewhere") => {
            format!("read anew through {through}: {}", said.because())
        }
        Some(_) | None => format!("read anew through {through}"),
    }
}

fn listening(said: &Said<'_>) -> String {
    let missing = said.find("missing").unwrap_or_default();
    match said.find("subscription") {
        Some("subscribed") => "the page tells the app of what happens on it".to_owned(),
        Some("missing") => format!("the page does not tell the app of: {missing}"),
        Some(_) | None => "Meta does not say what the page tells the app of".to_owned(),
    }
}

fn secret_refused(said: &Said<'_>) -> String {
    let (user, reason) = (said.word("user"), said.word("reason"));
    format!("secret refused to {user}{}: {reason}", times(said))
}

/// An event of one request, or of all the others of an hour.
fn times(said: &Said<'_>) -> String {
    let others = match said.0.get("others") {
        Some(Value::Bool(true)) => " for further tokens",
        Some(_) | None => "",
    };
    match said.0.get("times").and_then(Value::as_u64) {
        None => others.to_owned(),
        Some(1) => format!("{others}, once more within an hour"),
        Some(times) => format!("{others}, {times} times more within an hour"),
    }
}

fn acknowledged(said: &Said<'_>) -> String {
    let (incident, until, who) = (said.incident(), said.word("until"), said.asked_by());
    format!("{incident}: no reminders until {until}, says {who}")
}

fn delayed(said: &Said<'_>) -> String {
    let (subject, reason) = (said.word("subject"), said.word("reason"));
    format!("letter not sent: {subject}: {reason}")
}

fn undelivered(said: &Said<'_>) -> String {
    let (subject, reason) = (said.word("subject"), said.word("reason"));
    let number = |key: &str| said.0.get(key).and_then(Value::as_u64).unwrap_or_default();
    let missed = number("recipients").saturating_sub(number("got_it"));
    let whom = match missed {
        1 => "one of its readers".to_owned(),
        many => format!("{many} of its readers"),
    };
    match said.find("next_try_at") {
        Some(at) => format!("letter does not reach {whom}: {subject}: {reason}; tried again {at}"),
        None => format!("letter will not reach {whom}: {subject}: {reason}"),
    }
}

fn reloaded(said: &Said<'_>) -> String {
    let who = said.asked_by();
    if said.0.get("live") == Some(&Value::Bool(false)) {
        format!("a new configuration was refused, asked for by {who}")
    } else {
        format!("a new configuration is live, asked for by {who}")
    }
}

fn checked(said: &Said<'_>) -> String {
    let state = said.word("state");
    match said.find("not_rotated") {
        Some(why) => format!("{state}; not renewed: {}", words::not_rotated(why)),
        None => state.to_owned(),
    }
}

fn changed(said: &Said<'_>) -> String {
    let to = said.word("to");
    match said.find("cause") {
        Some(_) => format!("{to}: {}{}", said.cause(), said.meta_s_numbers()),
        None => format!("{to}, was {}", said.word("from")),
    }
}

/// What an event brings with it; a newer daemon may leave out or add something.
pub(super) struct Said<'e>(pub(super) &'e Map<String, Value>);

impl<'e> Said<'e> {
    pub(super) fn find(&self, key: &str) -> Option<&'e str> {
        self.0.get(key)?.as_str()
    }

    pub(super) fn word(&self, key: &str) -> &'e str {
        self.find(key).unwrap_or("unknown")
    }

    fn tokens(&self, one: &str, many: &str) -> String {
        match self.0.get("tokens").and_then(Value::as_u64) {
            Some(1) => format!("1 token {one}"),
            Some(n) => format!("{n} tokens {many}"),
            None => format!("its tokens {many}"),
        }
    }

    pub(super) fn asked_by(&self) -> &'e str {
        self.word("asked_by")
    }

    fn incident(&self) -> String {
        format!("incident {}", self.word("incident"))
    }

    fn outcome(&self) -> &'e str {
        let word = self.word("outcome");
        match Outcome::from_word(word) {
            Some(outcome) => words::outcome(outcome),
            None => word,
        }
    }

    fn cause(&self) -> &'e str {
        let word = self.word("cause");
        match Cause::from_word(word) {
            Some(cause) => words::cause(cause),
            None => word,
        }
    }

    fn because(&self) -> &'e str {
        let word = self.word("because");
        match Cause::from_word(word) {
            Some(cause) => words::cause(cause),
            None => word,
        }
    }

    fn objection(&self) -> String {
        let Some(objection) = self.find("objection") else {
            return self.cause().to_owned();
        };
        let more = match (
            self.find("kind"),
            self.find("subject"),
            self.find("missing"),
        ) {
            (Some(is), ..) | (None, Some(is), _) => {
                format!(": {is} instead of {}", self.word("expected"))
            }
            (None, None, Some(missing)) => format!(": {missing}"),
            (None, None, None) => String::new(),
        };
        format!("{objection}{more}")
    }

    /// The day is enough; the hour is in `show`.
    fn end(&self) -> String {
        let end = self
            .find("expires_at")
            .and_then(|end| end.parse::<Timestamp>().ok());
        end.map_or_else(String::new, |end| format!(" (ends {})", end.strftime("%F")))
    }

    /// What Meta's support asks for.
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
        let state = self.find(key).and_then(State::from_word);
        state.map_or(Style::new(), style::of_state)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(kind: EventKind, detail: &Value) -> String {
        let event = json!({
            "id": "7", "at": "2026-11-22T09:00:00Z", "kind": kind, "token": "a", "app": "acme",
            "detail": detail,
        });
        let event: EventView = serde_json::from_value(event).unwrap();
        sentence(&event).text
    }

    #[test]
    fn what_meta_said_is_told_with_the_numbers_that_its_support_asks_for() {
        let detail = json!({
            "from": "healthy", "to": "dead", "cause": "password_changed",
            "code": 190, "subcode": 460, "fbtrace_id": "AbC",
        });
        assert_eq!(
            said(EventKind::Changed, &detail),
            "dead: the person's password was changed (code 190/460, fbtrace_id AbC)"
        );
        let back = json!({"from": "dead", "to": "healthy", "cause": null});
        assert_eq!(said(EventKind::Changed, &back), "healthy, was dead");
        let bare = json!({"from": "a", "to": "failing", "cause": "outage", "code": 2});
        assert_eq!(
            said(EventKind::Changed, &bare),
            "failing: Meta does not answer (code 2)"
        );
    }

    #[test]
    fn orders_end_in_words() {
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
                "a new token with the same end; nothing was won (ends 2026-12-01)",
            ),
            (
                EventKind::CandidateRefused,
                json!({"objection": "it is of another kind", "kind": "user", "expected": "page"}),
                "the new secret is not taken: it is of another kind: user instead of page",
            ),
            (
                EventKind::CandidateRefused,
                json!({"cause": "expired"}),
                "the new secret is not taken: it has expired",
            ),
            (
                EventKind::CandidateRefused,
                json!({"objection": "it lacks permissions", "missing": "pages_messaging"}),
                "the new secret is not taken: it lacks permissions: pages_messaging",
            ),
        ] {
            assert_eq!(said(kind, &detail), expected);
        }
    }

    #[test]
    fn no_event_of_another_version_is_too_odd_to_be_told() {
        for kind in EventKind::ALL {
            for detail in [
                json!({}),
                json!({"cause": "new", "outcome": 7, "order": {}}),
            ] {
                let words = said(*kind, &detail);
                assert!(!words.is_empty() && words.lines().count() == 1, "{words}");
            }
        }
    }

    #[test]
    fn a_letter_s_subject_cannot_clear_the_screen() {
        let sent = json!({"subject": "hi\u{1b}[2J\r\nBcc: x"});
        assert_eq!(
            said(EventKind::LetterSent, &sent),
            "letter sent: hi [2J  Bcc: x"
        );
    }
}
