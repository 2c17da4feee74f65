//! How old the newest automatic copy of the inventory is.

use jiff::{SignedDuration, Timestamp};

use crate::doctor::{Check, Finding, Subject};
use crate::inventory::newest_backup;

const CHECK: Check = Check::Backup;

/// The backup of last night, and some hours.
const RECENT: SignedDuration = SignedDuration::from_hours(30);
/// Then the copies of two nights are missing.
const OLD: SignedDuration = SignedDuration::from_hours(54);

/// What is known of the backups.
struct Backups {
    is_on_server: bool,
    /// `None` if the configuration cannot be read.
    are_scheduled: Option<bool>,
    newest: Option<Timestamp>,
    error: Option<String>,
}

pub(in crate::doctor) fn check(subject: &Subject<'_>) -> Finding {
    let known = subject.known;
    let report = subject.daemon.report();
    let of_daemon = report.and_then(|report| report.maintenance.backed_up_at);
    let stores = known.stores.as_ref();
    let of_folder = stores.and_then(|it| newest_backup(&it.backups.folder, subject.now));
    let config = known.config.as_ref();
    let backups = Backups {
        is_on_server: known.is_on_server(),
        are_scheduled: config.map(|config| config.schedule.backup.is_some()),
        newest: of_daemon.max(of_folder),
        error: report.and_then(|report| report.maintenance.backup_error.clone()),
    };
    judge(backups, report.is_some(), subject.now)
}

fn judge(backups: Backups, daemon_answers: bool, now: Timestamp) -> Finding {
    if backups.is_on_server {
        return Finding::not_checked(CHECK, ON_SERVER);
    }
    if let Some(error) = backups.error {
        return Finding::problem(
            CHECK,
            format!("the last automatic copy failed: {error}"),
            BY_HAND,
        );
    }
    let is_off = backups.are_scheduled == Some(false);
    match backups.newest {
        Some(at) => of_age(at, is_off, now),
        None if is_off => turned_off(),
        None if daemon_answers => Finding::warning(CHECK, NONE_YET, NOW),
        None => Finding::only_root(
            CHECK,
            "no copy was found; there may be some that this user cannot see",
        ),
    }
}

const ON_SERVER: &str = "a server's inventory is copied with its own tools, and Perennial does not know when; schedule \
                         pg_dump";
const NONE_YET: &str =
    "there is no copy yet; the first one is made in the coming night ([schedule] backup)";
const NOW: &str = "To have one now: sudo perennial backup FILE";
const BY_HAND: &str = "Make a copy by hand to see what is wrong: sudo perennial backup FILE";

fn of_age(at: Timestamp, is_off: bool, now: Timestamp) -> Finding {
    let age = now.duration_since(at);
    let says = format!("the newest copy is of {at}");
    if age <= RECENT {
        return Finding::good(CHECK, says);
    }
    match (is_off, age > OLD) {
        (true, _) => turned_off(),
        (false, true) => Finding::problem(CHECK, says, BY_HAND),
        (false, false) => Finding::warning(CHECK, says, BY_HAND),
    }
}

fn turned_off() -> Finding {
    Finding::warning(
        CHECK,
        "automatic copies are turned off ([schedule] backup = \"\")",
        "Turn them on, or schedule: perennial backup FILE",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome::{self, *};

    fn outcome(hours: Option<i64>, scheduled: Option<bool>, error: Option<&str>) -> Outcome {
        let now: Timestamp = "2026-11-28T03:00:00Z".parse().unwrap();
        let backups = Backups {
            is_on_server: false,
            are_scheduled: scheduled,
            newest: hours.map(|hours| now - SignedDuration::from_hours(hours)),
            error: error.map(str::to_owned),
        };
        judge(backups, true, now).outcome
    }

    #[test]
    fn two_missing_nights_are_a_problem() {
        for (hours, scheduled, error, expected) in [
            (Some(1), Some(true), None, Good),
            (Some(30), None, None, Good),
            (Some(31), Some(true), None, Warning),
            (Some(55), Some(true), None, Problem),
            (Some(55), Some(false), None, Warning),
            (Some(1), Some(false), None, Good),
            (None, Some(false), None, Warning),
            (None, Some(true), None, Warning),
            (Some(1), Some(true), Some("the disk is full"), Problem),
        ] {
            assert_eq!(outcome(hours, scheduled, error), expected, "{hours:?}");
        }
    }

    #[test]
    fn a_server_is_copied_by_others() {
        let backups = Backups {
            is_on_server: true,
            are_scheduled: None,
            newest: None,
            error: None,
        };
        let found = judge(backups, true, Timestamp::UNIX_EPOCH);
        assert_eq!(found.outcome, NotChecked);
        assert!(found.says.contains("pg_dump"));
    }
}
