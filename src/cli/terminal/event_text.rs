//! An event of the journal as a sentence in its color.

use anstyle::Style;

use super::{style, text};
use crate::api::types::EventView;
use crate::model::{Event, Outcome, Subscription};

#[derive(Debug)]
pub(crate) struct Sentence {
    pub(crate) text: String,
    pub(crate) style: Style,
}

pub(crate) fn sentence(view: &EventView) -> Sentence {
    let event = view.event();
    Sentence {
        text: text::plain(&event.describe()),
        style: color(&event),
    }
}

/// `acme-page: healthy, was dead`
pub(crate) fn line(name: &str, view: &EventView) -> String {
    let sentence = sentence(view);
    let text = style::paint(&sentence.text, sentence.style);
    format!("{}: {text}", text::plain(name))
}

fn color(event: &Event) -> Style {
    match event {
        Event::Checked(checked) => style::of_state(checked.state),
        Event::Changed { to, .. } => style::of_state(*to),
        Event::Rotated { outcome, .. } => match outcome {
            Outcome::Renewed => style::GOOD,
            Outcome::Refused | Outcome::Failed => style::TROUBLE,
            Outcome::SameExpiry | Outcome::Unchanged | Outcome::TooYoung => style::WARNING,
        },
        Event::LoginEnded(end) if end.token.is_some() => style::GOOD,
        Event::WebhookSubscription(page) if page.subscription == Subscription::Missing => {
            style::TROUBLE
        }
        Event::Derived { .. }
        | Event::CandidateAccepted { .. }
        | Event::AppRecovered { .. }
        | Event::PermissionsRestored { .. }
        | Event::IncidentResolved { .. }
        | Event::EmailSent { .. }
        | Event::PostSent { .. } => style::GOOD,
        Event::IncidentOpened { .. }
        | Event::CandidateRefused { .. }
        | Event::OrderRefused { .. }
        | Event::PermissionsLost { .. }
        | Event::SecretRefused { .. }
        | Event::LoginEnded { .. }
        | Event::CalendarRevoked { .. }
        | Event::DataDeleted { .. } => style::WARNING,
        Event::AppFailing { .. }
        | Event::SetAside { .. }
        | Event::EmailDelayed { .. }
        | Event::EmailUndelivered { .. }
        | Event::PostDelayed { .. }
        | Event::PostGivenUp { .. }
        | Event::CommitsLost { .. }
        | Event::BackupFailed { .. } => style::TROUBLE,
        Event::Ordered { .. }
        | Event::CandidateKept { .. }
        | Event::LoginOpened { .. }
        | Event::LoginAnswered { .. }
        | Event::EmailWritten { .. } => style::FAINT,
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(kind: &str, detail: &serde_json::Value) -> String {
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
            described("changed", &detail),
            "dead: the person's password was changed (code 190/460, fbtrace_id AbC)"
        );
        let back = json!({"from": "dead", "to": "healthy", "cause": null});
        assert_eq!(described("changed", &back), "healthy, was dead");
        let bare = json!({"from": "healthy", "to": "failing", "cause": "outage", "code": 2});
        assert_eq!(
            described("changed", &bare),
            "failing: Meta does not answer (code 2)"
        );
    }

    #[test]
    fn outcomes_of_orders_are_described() {
        for (kind, detail, expected) in [
            (
                "checked",
                json!({"order": "7", "state": "healthy"}),
                "healthy",
            ),
            (
                "checked",
                json!({"state": "healthy", "not_rotated": "never_expires"}),
                "healthy; not renewed: it never expires, so there is nothing to renew",
            ),
            (
                "rotated",
                json!({"outcome": "same_expiry", "expires_at": "2026-12-01T00:00:00Z"}),
                "a new token with the same expiry; not renewed (ends 2026-12-01)",
            ),
            (
                "candidate_refused",
                json!({"mismatch": "it is of another kind", "kind": "user", "expected": "page"}),
                "the new secret was refused: it is of another kind: user instead of page",
            ),
            (
                "candidate_refused",
                json!({"cause": "expired"}),
                "the new secret was refused: it has expired",
            ),
            (
                "candidate_refused",
                json!({"mismatch": "it lacks permissions that the one in use has", "missing": "email"}),
                "the new secret was refused: it lacks permissions that the one in use has: email",
            ),
        ] {
            assert_eq!(described(kind, &detail), expected);
        }
    }

    #[test]
    fn an_event_of_another_version_is_shown_by_its_kind() {
        for (kind, detail, expected) in [
            ("moon_landed", json!({"order": {}}), "moon landed"),
            ("rotated", json!({}), "rotated"),
            ("changed", json!({"to": "new"}), "changed"),
        ] {
            assert_eq!(described(kind, &detail), expected);
        }
    }

    #[test]
    fn an_email_s_subject_cannot_clear_the_screen() {
        let sent = json!({"subject": "hi\u{1b}[2J\r\nBcc: x", "message_id": "1"});
        assert_eq!(described("email_sent", &sent), "email sent: hi [2J  Bcc: x");
    }
}
