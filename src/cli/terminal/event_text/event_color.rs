//! The color of an event's sentence.

use anstyle::Style;

use super::EventDetail;
use crate::cli::terminal::style;
use crate::inventory::EventKind;
use crate::model::Outcome;

pub(super) fn of(kind: EventKind, detail: &EventDetail<'_>) -> Style {
    match kind {
        EventKind::Checked => detail.state("state"),
        EventKind::Changed => detail.state("to"),
        EventKind::Rotated => match detail.find("outcome").and_then(Outcome::from_name) {
            Some(Outcome::Renewed) => style::GOOD,
            Some(Outcome::Refused | Outcome::Failed) => style::TROUBLE,
            Some(Outcome::SameExpiry | Outcome::Unchanged) | None => style::WARNING,
        },
        EventKind::Derived
        | EventKind::CandidateAccepted
        | EventKind::AppRecovered
        | EventKind::PermissionsRestored
        | EventKind::IncidentResolved
        | EventKind::EmailSent => style::GOOD,
        EventKind::LoginEnded if detail.find("token").is_some() => style::GOOD,
        EventKind::IncidentOpened
        | EventKind::CandidateRefused
        | EventKind::OrderRefused
        | EventKind::PermissionsLost
        | EventKind::SecretRefused
        | EventKind::LoginEnded
        | EventKind::DataDeleted => style::WARNING,
        EventKind::AppFailing
        | EventKind::SetAside
        | EventKind::EmailDelayed
        | EventKind::EmailUndelivered
        | EventKind::BackupFailed => style::TROUBLE,
        EventKind::Ordered
        | EventKind::CandidateKept
        | EventKind::LoginOpened
        | EventKind::LoginAnswered
        | EventKind::EmailWritten => style::FAINT,
        EventKind::WebhookSubscription => match detail.find("subscription") {
            Some("missing") => style::TROUBLE,
            Some(_) | None => Style::new(),
        },
        EventKind::Imported
        | EventKind::Discovered
        | EventKind::Forgotten
        | EventKind::WebhookNotice
        | EventKind::SecretRead
        | EventKind::IncidentAcknowledged
        | EventKind::Started
        | EventKind::Reloaded
        | EventKind::BackedUp
        | EventKind::JournalGap
        | EventKind::Restored => Style::new(),
    }
}
