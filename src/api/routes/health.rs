//! Liveness, and readiness: every due token visited lately, mail and disk working.

use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::api::DaemonStatus;
use crate::api::alert_paths::{STUCK_EMAIL, no_way_to_people};
use crate::api::state::SharedAppState;
use crate::api::types::{Problem, ProblemType};
use crate::model::MailQueue;

/// A sweep that is later than this is an error.
const LATE_SWEEP: SignedDuration = SignedDuration::from_mins(10);

/// Says that the daemon is alive, but not whether it does its work.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = Object)))]
pub(in crate::api) async fn healthz() -> Json<Value> {
    Json(json!({ "alive": true }))
}

/// Says whether every due token was visited lately and mail and disk work; if not, why.
#[utoipa::path(
    get, path = "/readyz",
    responses((status = 200, body = Object), (status = 503, body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::api) async fn readyz(
    State(app_state): SharedAppState,
) -> Result<Json<Value>, Problem> {
    let mail = app_state.read(|view| view.mail_queue()).await?;
    let reasons = reasons_not_ready(&app_state.daemon_status_now(), &mail, app_state.now());
    if reasons.is_empty() {
        return Ok(Json(json!({ "ready": true })));
    }
    let problem = Problem::new(
        ProblemType::NotReady,
        "the daemon is not doing all of its work",
    );
    Err(problem.with_problems(reasons))
}

/// Why the daemon is not ready, each reason in a sentence, the most serious first.
pub(super) fn reasons_not_ready(
    daemon_status: &DaemonStatus,
    mail: &MailQueue,
    now: Timestamp,
) -> Vec<String> {
    let disk = daemon_status.inventory_error.as_ref();
    let disk = disk.map(|reason| format!("the inventory cannot be written to: {reason}"));
    [
        no_way_to_people(daemon_status, mail, now),
        disk,
        unreadable_emails(mail),
        stuck_emails(mail, now),
        daemon_status.clock_error.clone(),
        late_sweep(daemon_status, now),
        overdue(daemon_status),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The next sweep should have finished by now, or no sweep has finished since the daemon started.
fn late_sweep(daemon_status: &DaemonStatus, now: Timestamp) -> Option<String> {
    let Some(last) = daemon_status.sweep.last_finished_at else {
        return Some("no sweep has finished since the daemon started".to_owned());
    };
    if last > now + LATE_SWEEP {
        return Some(format!(
            "according to the inventory, the last sweep finished at {last}, which is in the future. Was the clock \
             wrong?"
        ));
    }
    let expected = daemon_status.sweep.next_at.unwrap_or(last);
    (now > expected.max(last) + LATE_SWEEP)
        .then(|| format!("no sweep has finished since {last}; see journalctl -u perennial"))
}

fn overdue(daemon_status: &DaemonStatus) -> Option<String> {
    match daemon_status.sweep.overdue {
        0 => None,
        1 => Some("1 token has been due for too long".to_owned()),
        many => Some(format!("{many} tokens have been due for too long")),
    }
}

fn stuck_emails(mail: &MailQueue, now: Timestamp) -> Option<String> {
    let oldest = mail
        .oldest_queued_at
        .filter(|oldest| now > *oldest + STUCK_EMAIL)?;
    let reason = mail.last_error.as_deref().unwrap_or("no reason is known");
    Some(format!("an email has been queued since {oldest}: {reason}"))
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
        reasons_not_ready(&daemon_status, &mail, minutes(1_000))
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
