//! Decides whether the daemon can still reach people by email. Pure.

use jiff::{SignedDuration, Timestamp};

use super::DaemonStatus;
use crate::model::MailQueue;

/// An email that waits longer than this is an error: its recipient should read it today.
pub(super) const STUCK_EMAIL: SignedDuration = SignedDuration::from_hours(1);

/// A disk that is full only briefly does not delay an email long enough to matter.
const LASTING: SignedDuration = SignedDuration::from_mins(10);

/// Returns a sentence when no person can be reached: since when, why, and what to do. It comes before all other
/// problems, because those reach only people who look at the status.
pub fn no_way_to_people(
    daemon_status: &DaemonStatus,
    mail: &MailQueue,
    now: Timestamp,
) -> Option<String> {
    let (since, why) = unsent(mail, now)
        .into_iter()
        .chain(unwritten(daemon_status, now))
        .min_by_key(|(since, _)| *since)?;
    Some(format!(
        "no person can be reached since {since}: {why}. Until this is fixed, read perennial incidents and notify \
         people yourself. Then send a test email: perennial mail-test"
    ))
}

/// Since then, every email was refused or is still queued, and none was delivered.
fn unsent(mail: &MailQueue, now: Timestamp) -> Option<(Timestamp, String)> {
    let since = mail.unreached_since?;
    let lasts = mail.unread > 0 || now > since + STUCK_EMAIL;
    let reason = mail.rejection.as_ref().or(mail.last_error.as_ref());
    let reason = reason.map_or("no reason is known", String::as_str);
    lasts.then(|| (since, format!("no email is delivered ({reason})")))
}

/// The daemon writes an email into the inventory before it sends it.
fn unwritten(daemon_status: &DaemonStatus, now: Timestamp) -> Option<(Timestamp, String)> {
    let since = daemon_status.unwritable_since?;
    let why = daemon_status.inventory_error.as_ref()?;
    (now > since + LASTING).then(|| {
        (
            since,
            format!("no email can be written while the inventory cannot be written to ({why})"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(count: i64) -> Timestamp {
        Timestamp::from_second(count * 60).unwrap()
    }

    #[test]
    fn people_are_out_of_reach_when_no_way_is_left() {
        let now = minutes(1_000);
        let mail = |since: Option<i64>, unread: u64| MailQueue {
            unreached_since: since.map(minutes),
            unread,
            rejection: Some("550 no".to_owned()),
            ..MailQueue::default()
        };
        let disk = |since: Option<i64>| DaemonStatus {
            unwritable_since: since.map(minutes),
            inventory_error: since.map(|_| "the disk is full".to_owned()),
            ..DaemonStatus::default()
        };
        for (daemon_status, mail, since) in [
            (disk(None), mail(None, 0), None),
            (disk(None), mail(Some(990), 1), Some(990)),
            // It is queued, which is fine for a while.
            (disk(None), mail(Some(990), 0), None),
            (disk(None), mail(Some(900), 0), Some(900)),
            (disk(Some(995)), mail(None, 0), None),
            (disk(Some(980)), mail(None, 0), Some(980)),
            (disk(Some(980)), mail(Some(900), 1), Some(900)),
        ] {
            let reasons = no_way_to_people(&daemon_status, &mail, now);
            let expected = since.map(|since| minutes(since).to_string());
            assert_eq!(reasons.is_some(), expected.is_some(), "{reasons:?}");
            assert!(
                reasons
                    .unwrap_or_default()
                    .contains(&expected.unwrap_or_default())
            );
        }
    }
}
