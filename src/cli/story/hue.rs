//! In which colour a sentence of the journal stands out.

use anstyle::Style;

use super::Said;
use crate::cli::style;
use crate::inventory::EventKind;
use crate::token::Outcome;

pub(super) fn of(kind: EventKind, said: &Said<'_>) -> Style {
    match kind {
        EventKind::Checked => said.state("state"),
        EventKind::Changed => said.state("to"),
        EventKind::Rotated => match said.find("outcome").and_then(Outcome::from_word) {
            Some(Outcome::Renewed) => style::GOOD,
            Some(Outcome::Refused | Outcome::Failed) => style::TROUBLE,
            Some(Outcome::SameExpiry | Outcome::Unchanged) | None => style::WARNING,
        },
        EventKind::Derived
        | EventKind::CandidateAccepted
        | EventKind::AppRecovered
        | EventKind::PermissionsRestored
        | EventKind::IncidentResolved
        | EventKind::LetterSent => style::GOOD,
        EventKind::LoginEnded if said.find("token").is_some() => style::GOOD,
        EventKind::IncidentOpened
        | EventKind::CandidateRefused
        | EventKind::PermissionsLost
        | EventKind::SecretRefused
        | EventKind::LoginEnded
        | EventKind::DataDeleted => style::WARNING,
        EventKind::AppTroubled
        | EventKind::SetAside
        | EventKind::LetterDelayed
        | EventKind::LetterUndelivered
        | EventKind::BackupFailed => style::TROUBLE,
        EventKind::Ordered
        | EventKind::CandidateKept
        | EventKind::LoginOpened
        | EventKind::LoginAnswered
        | EventKind::LetterWritten => style::FAINT,
        EventKind::Listening => match said.find("subscription") {
            Some("missing") => style::TROUBLE,
            Some(_) | None => Style::new(),
        },
        EventKind::Imported
        | EventKind::Discovered
        | EventKind::Forgotten
        | EventKind::Notified
        | EventKind::SecretRead
        | EventKind::IncidentAcknowledged
        | EventKind::Started
        | EventKind::Reloaded
        | EventKind::BackedUp
        | EventKind::JournalGap
        | EventKind::Restored => Style::new(),
    }
}
