//! Whether the daemon does its work: the one rule of `/readyz`, of the status, and of the look from outside. Pure.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::DaemonStatus;
use super::alert_paths::{STUCK_EMAIL, no_way_to_people};
use super::types::{Maintenance, Sweep};
use crate::model::{Figures, MailQueue};

/// What keeps the daemon from its work, as far as its status shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    EmailStuck {
        since: Timestamp,
        reason: String,
    },
    /// No full sweep has ended since the daemon started.
    NoSweep,
    SweepInFuture {
        last: Timestamp,
    },
    SweepLate {
        last: Timestamp,
    },
    Overdue(u64),
    Crashing(u32),
    BackupFailed {
        newest: Option<Timestamp>,
        reason: String,
    },
}

/// A sweep that is later than this is an error.
const LATE_SWEEP: SignedDuration = SignedDuration::from_mins(10);
/// The journal records each crash; this many within an hour are a problem that an operator must solve.
const MANY_CRASHES: u32 = 3;

/// An email that waits for so long that its recipient may read it too late.
pub fn email_fault(
    oldest_queued_at: Option<Timestamp>,
    last_error: Option<&str>,
    now: Timestamp,
) -> Option<Fault> {
    let since = oldest_queued_at.filter(|oldest| now > *oldest + STUCK_EMAIL)?;
    let reason = last_error.unwrap_or("no reason is known").to_owned();
    Some(Fault::EmailStuck { since, reason })
}

/// Sweeps that should have ended by now. One that is not later than `patience` is no fault.
pub fn sweep_fault(sweep: &Sweep, patience: SignedDuration, now: Timestamp) -> Option<Fault> {
    let Some(last) = sweep.last_finished_at else {
        return Some(Fault::NoSweep);
    };
    if last > now + patience {
        return Some(Fault::SweepInFuture { last });
    }
    let expected = sweep.next_at.unwrap_or(last).max(last);
    (now > expected + patience).then_some(Fault::SweepLate { last })
}

/// Faults of the daemon's own maintenance. It does its work despite them.
pub fn maintenance_faults(maintenance: &Maintenance) -> impl Iterator<Item = Fault> {
    let crashes = maintenance.crashes_last_hour;
    let crashes = (crashes >= MANY_CRASHES).then_some(Fault::Crashing(crashes));
    let backup = maintenance
        .backup_error
        .clone()
        .map(|reason| Fault::BackupFailed {
            newest: maintenance.backed_up_at,
            reason,
        });
    [crashes, backup].into_iter().flatten()
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmailStuck { since, reason } => {
                write!(f, "an email has been queued since {since}: {reason}")
            }
            Self::NoSweep => f.write_str("no sweep has finished since the daemon started"),
            Self::SweepInFuture { last } => write!(
                f,
                "according to the inventory, the last sweep finished at {last}, which is in the future. Was the clock \
                 wrong?"
            ),
            Self::SweepLate { last } => write!(
                f,
                "no sweep has finished since {last}; see journalctl -u perennial"
            ),
            Self::Overdue(1) => f.write_str("1 token has been due for too long"),
            Self::Overdue(many) => write!(f, "{many} tokens have been due for too long"),
            Self::Crashing(crashes) => write!(
                f,
                "the daemon crashed {crashes} times within the last hour; see journalctl -u perennial"
            ),
            Self::BackupFailed { newest, reason } => {
                f.write_str("the backup of the inventory failed, ")?;
                match newest {
                    Some(at) => write!(f, "the newest is of {at}: {reason}"),
                    None => write!(f, "there is no earlier one: {reason}"),
                }
            }
        }
    }
}

/// Why the daemon is not ready, each reason in a sentence, the most serious first.
pub(super) fn reasons_not_ready(
    daemon_status: &DaemonStatus,
    figures: &Figures,
    now: Timestamp,
) -> Vec<String> {
    let mail = &figures.mail;
    let disk = daemon_status.inventory_error.as_ref();
    let disk = disk.map(|reason| format!("the inventory cannot be written to: {reason}"));
    let outdated = figures.outdated.as_ref().map(|reason| {
        format!("the inventory cannot be read, so its numbers here may be outdated: {reason}")
    });
    let stuck = email_fault(mail.oldest_queued_at, mail.last_error.as_deref(), now);
    let late = sweep_fault(&daemon_status.sweep, LATE_SWEEP, now);
    let overdue = Some(daemon_status.sweep.overdue).filter(|overdue| *overdue > 0);
    let reasons = [
        no_way_to_people(daemon_status, mail, now),
        disk,
        outdated,
        unreadable_emails(mail),
        stuck.map(|fault| fault.to_string()),
        daemon_status.clock_error.clone(),
        late.map(|fault| fault.to_string()),
        overdue.map(|overdue| Fault::Overdue(overdue).to_string()),
    ];
    reasons.into_iter().flatten().collect()
}

/// An email that reaches no recipient makes the daemon not ready.
fn unreadable_emails(mail: &MailQueue) -> Option<String> {
    let emails = match mail.unread {
        0 => return None,
        1 => "1 email reached no recipient".to_owned(),
        many => format!("{many} emails reached no recipient"),
    };
    Some(with_rejection(&emails, mail))
}

/// Emails that reach some of their recipients, but not all.
pub(super) fn undelivered_emails(mail: &MailQueue) -> Option<String> {
    let emails = match mail.undelivered - mail.unread.min(mail.undelivered) {
        0 => return None,
        1 => "1 email does not reach all its recipients".to_owned(),
        many => format!("{many} emails do not reach all their recipients"),
    };
    Some(with_rejection(&emails, mail))
}

fn with_rejection(emails: &str, mail: &MailQueue) -> String {
    let reason = mail.rejection.as_deref().unwrap_or("no reason is known");
    format!("{emails}: {reason}; see perennial events")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::Sweep;

    fn minutes(count: i64) -> Timestamp {
        Timestamp::from_second(count * 60).unwrap()
    }

    fn sweep(last: i64, next: i64) -> Sweep {
        Sweep {
            last_finished_at: Some(minutes(last)),
            next_at: Some(minutes(next)),
            due: 3,
            overdue: 0,
        }
    }

    fn reasons(sweep: Sweep, oldest_email: Option<i64>, error: Option<&str>) -> Vec<String> {
        let daemon_status = DaemonStatus {
            sweep,
            inventory_error: error.map(str::to_owned),
            ..DaemonStatus::default()
        };
        let mail = MailQueue {
            queued: u64::from(oldest_email.is_some()),
            oldest_queued_at: oldest_email.map(minutes),
            ..MailQueue::default()
        };
        let figures = Figures {
            mail,
            ..Figures::default()
        };
        reasons_not_ready(&daemon_status, &figures, minutes(1_000))
    }

    #[test]
    fn ready_is_more_than_being_alive() {
        let well = sweep(999, 1_001);
        let never = Sweep {
            last_finished_at: None,
            ..well
        };
        let behind = Sweep { overdue: 7, ..well };
        for (sweep, email, error, expected) in [
            (well, None, None, None),
            (sweep(950, 1_010), None, None, None),
            (sweep(980, 990), None, None, None),
            (
                sweep(99_999, 99_999),
                None,
                None,
                Some("which is in the future"),
            ),
            (
                sweep(980, 989),
                None,
                None,
                Some("no sweep has finished since 1970"),
            ),
            (
                never,
                None,
                None,
                Some("no sweep has finished since the daemon"),
            ),
            (behind, None, None, Some("7 tokens have been due")),
            (well, Some(940), None, None),
            (well, Some(939), None, Some("has been queued since")),
            (well, None, Some("disk full"), Some("disk full")),
        ] {
            let reasons = reasons(sweep, email, error);
            assert_eq!(
                reasons.len(),
                usize::from(expected.is_some()),
                "{reasons:?}"
            );
            assert!(
                reasons
                    .iter()
                    .all(|reason| reason.contains(expected.unwrap_or_default()))
            );
        }
    }
}
