//! Decides which email comes next, and when.

use jiff::{SignedDuration, Timestamp};

use super::{EmailReason, ReviewContext, is_flapping, later};
use crate::alerts::Rules;
use crate::alerts::recipients::Recipients;
use crate::model::{Cause, Incident, IncidentState};

/// How long an incident waits before its first email, so that it includes all tokens found by the same sweep.
const GROUP_WAIT: SignedDuration = SignedDuration::from_mins(2);

/// After an email, tokens that join the incident wait at least this long for the next one.
const NEWS_WAIT: SignedDuration = SignedDuration::from_hours(4);

/// An expiry within this time is urgent.
const LAST_DAY: SignedDuration = SignedDuration::from_hours(24);

/// The minimum time between two emails about permissions that were never granted. A large import takes hours.
const UNGRANTED_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// Whether an email about permissions that were never granted is due. `first` is when the first unreported one was
/// found, `last` when the last such email was written.
pub fn ungranted_due(first: Option<Timestamp>, last: Option<Timestamp>, now: Timestamp) -> bool {
    first.is_some_and(|first| later(first, GROUP_WAIT) <= now)
        && last.is_none_or(|last| later(last, UNGRANTED_WAIT) <= now)
}

/// The next email and its time.
pub(super) fn next(
    incident: &Incident,
    review_context: &ReviewContext,
    recipients_of_incident: &Recipients,
    rules: &Rules,
) -> Option<(Timestamp, EmailReason)> {
    [
        next_email(incident, rules),
        growth(incident, review_context),
        escalation(incident, recipients_of_incident),
    ]
    .into_iter()
    .flatten()
    .min_by_key(|(at, _)| *at)
}

/// The next warning or reminder. `None` if the recipients know and cannot do anything.
fn next_email(incident: &Incident, rules: &Rules) -> Option<(Timestamp, EmailReason)> {
    if is_flapping(incident) {
        let collected = later(incident.opened_at, GROUP_WAIT);
        let notified = incident.flapping_notified_at;
        let at = notified.map_or(collected, |at| later(at, rules.remind_every));
        return Some((at, EmailReason::Flapping));
    }
    let Some(notified_at) = incident.notified_at else {
        return Some((later(incident.opened_at, GROUP_WAIT), EmailReason::First));
    };
    if has_ended(incident) {
        return Some((notified_at, EmailReason::Ended));
    }
    match (incident.cause.is_upcoming(), incident.deadline) {
        (true, Some(end)) => {
            let after = || later(end.max(notified_at), rules.remind_every);
            let at = next_step(end, notified_at, rules).unwrap_or_else(after);
            Some((at, EmailReason::Nearer))
        }
        _ if incident.cause.waits_for_meta() || incident.cause.is_about_database() => None,
        (true, None) => Some((later(notified_at, rules.remind_every), EmailReason::Nearer)),
        (false, end) => {
            let reminder = later(notified_at, rules.remind_every);
            // The token still works, so the recipients are also warned of its expiry.
            let end = end.filter(|_| incident.cause == Cause::PermissionMissing);
            let step = end.and_then(|end| next_step(end, notified_at, rules));
            let at = step.map_or(reminder, |step| step.min(reminder));
            Some((at, EmailReason::Reminder))
        }
    }
}

/// An email about tokens that joined. One login fixes everything that a changed password ended, but each lost page role
/// needs its own fix, so further ones need an email.
fn growth(incident: &Incident, review_context: &ReviewContext) -> Option<(Timestamp, EmailReason)> {
    let joined = review_context
        .unnotified_since
        .filter(|_| incident.incident_key.cause.affects_single_tokens())?;
    let notified_at = incident.notified_at?;
    let at = later(joined, GROUP_WAIT).max(later(notified_at, NEWS_WAIT));
    Some((at, EmailReason::Grown))
}

/// One escalation, if the recipients have not acted for long enough and there is someone else to notify.
fn escalation(
    incident: &Incident,
    recipients_of_incident: &Recipients,
) -> Option<(Timestamp, EmailReason)> {
    let after = recipients_of_incident.escalate_after?;
    let since = incident.awaiting_since?;
    let knows = |address: &String| incident.notified.contains(address);
    let is_new = !recipients_of_incident.escalation.iter().all(knows);
    let can_act = !incident.cause.waits_for_meta();
    (incident.escalated_at.is_none() && is_new && can_act)
        .then(|| (later(since, after), EmailReason::Escalated))
}

/// The next warning step before `end` that no email was written for.
fn next_step(end: Timestamp, notified_at: Timestamp, rules: &Rules) -> Option<Timestamp> {
    let steps = rules.warn_before.iter();
    steps
        .filter_map(|step| end.checked_sub(*step).ok())
        .filter(|at| *at > notified_at)
        .min()
}

/// The recipients were warned of the expiry, and now it has passed.
fn has_ended(incident: &Incident) -> bool {
    !incident.cause.is_upcoming() && incident.notified_cause.is_some_and(Cause::is_upcoming)
}

impl Recipients {
    /// When an email that is due at `at` may be sent, by the recipients' hours.
    pub(super) fn in_hours(
        &self,
        incident: &Incident,
        reason: EmailReason,
        at: Timestamp,
    ) -> Timestamp {
        let urgent_from = urgent_from(incident, reason);
        self.hours.next_open(at).min(urgent_from.max(at))
    }
}

/// From when on an email ignores quiet hours. What is broken or expires within a day does not wait; a reminder does.
fn urgent_from(incident: &Incident, reason: EmailReason) -> Timestamp {
    let end = incident.deadline.filter(|_| incident.cause.is_upcoming());
    if let Some(end) = end {
        return end.checked_sub(LAST_DAY).unwrap_or(Timestamp::MIN);
    }
    let works = matches!(
        incident.cause,
        Cause::PermissionMissing | Cause::Throttled | Cause::ConsumerBehind
    );
    if works || reason == EmailReason::Reminder {
        Timestamp::MAX
    } else {
        Timestamp::MIN
    }
}

/// The incident after an email.
pub fn as_notified(incident: &Incident, reason: EmailReason, now: Timestamp) -> Incident {
    let open = Incident {
        state: IncidentState::Open,
        ..incident.clone()
    };
    if reason == EmailReason::Escalated {
        return Incident {
            escalated_at: Some(now),
            ..open
        };
    }
    let flapping = Some(now).filter(|_| reason == EmailReason::Flapping);
    Incident {
        notified_at: Some(now),
        notified_cause: Some(incident.cause),
        awaiting_since: incident.awaiting_since.or(Some(now)),
        flapping_notified_at: flapping.or(incident.flapping_notified_at),
        ..open
    }
}
