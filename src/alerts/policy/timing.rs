//! What is said next, and when.

use jiff::{SignedDuration, Timestamp};

use super::{Circumstances, Occasion, is_coming, is_flapping, later};
use crate::alerts::Rules;
use crate::alerts::audience::Audience;
use crate::inventory::{Incident, IncidentState};
use crate::token::{Cause, Remedy};

/// How long an incident gathers before its first letter, so that siblings found by the same sweep share it.
const GROUP_WAIT: SignedDuration = SignedDuration::from_mins(2);

/// Who joins an incident that was told of waits at least so long after that letter.
const NEWS_WAIT: SignedDuration = SignedDuration::from_hours(4);

/// Nothing else is as pressing as an end within so short a time.
const LAST_DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long the operators hear no more of permissions that were never granted: an import goes on for hours.
const UNGRANTED_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// Are the operators to be told of permissions that were never granted? `first` is since when the first of them waits,
/// `last` when such a letter was written last.
pub fn ungranted_due(first: Option<Timestamp>, last: Option<Timestamp>, now: Timestamp) -> bool {
    first.is_some_and(|first| later(first, GROUP_WAIT) <= now)
        && last.is_none_or(|last| later(last, UNGRANTED_WAIT) <= now)
}

/// What is to be said next, and when.
pub(super) fn next(
    incident: &Incident,
    circumstances: &Circumstances,
    audience: &Audience,
    rules: &Rules,
) -> Option<(Timestamp, Occasion)> {
    [
        next_letter(incident, rules),
        growth(incident, circumstances),
        escalation(incident, audience),
    ]
    .into_iter()
    .flatten()
    .min_by_key(|(at, _)| *at)
}

/// `None` when nobody could do anything about it and everybody knows.
fn next_letter(incident: &Incident, rules: &Rules) -> Option<(Timestamp, Occasion)> {
    if is_flapping(incident) {
        let gathered = later(incident.opened_at, GROUP_WAIT);
        let told = incident.flapping_told_at;
        let at = told.map_or(gathered, |at| later(at, rules.remind_every));
        return Some((at, Occasion::Flapping));
    }
    let Some(told_at) = incident.told_at else {
        return Some((later(incident.opened_at, GROUP_WAIT), Occasion::First));
    };
    if has_ended(incident) {
        return Some((told_at, Occasion::Ended));
    }
    match (is_coming(incident.cause), incident.deadline) {
        (true, Some(end)) => {
            let after = || later(end.max(told_at), rules.remind_every);
            let at = next_step(end, told_at, rules).unwrap_or_else(after);
            Some((at, Occasion::Nearer))
        }
        _ if incident.cause.remedy() == Remedy::Wait => None,
        (true, None) => Some((later(told_at, rules.remind_every), Occasion::Nearer)),
        (false, end) => {
            let reminder = later(told_at, rules.remind_every);
            // It still works, so that its end is one more thing to be told of in time.
            let end = end.filter(|_| incident.cause == Cause::PermissionMissing);
            let step = end.and_then(|end| next_step(end, told_at, rules));
            let at = step.map_or(reminder, |step| step.min(reminder));
            Some((at, Occasion::Reminder))
        }
    }
}

/// One login mends all that one password ended, but each page whose role was lost needs a deed of its own: more of
/// them are news.
fn growth(incident: &Incident, circumstances: &Circumstances) -> Option<(Timestamp, Occasion)> {
    let joined = circumstances
        .untold_since
        .filter(|_| strikes_singly(incident.story.cause))?;
    let told_at = incident.told_at?;
    let at = later(joined, GROUP_WAIT).max(later(told_at, NEWS_WAIT));
    Some((at, Occasion::Grown))
}

/// What befalls one token after the other rather than all of a person at once.
const fn strikes_singly(cause: Cause) -> bool {
    match cause {
        Cause::PageRoleLost
        | Cause::PageGone
        | Cause::ReplacedElsewhere
        | Cause::PermissionMissing
        | Cause::Unreadable
        | Cause::WrongApp => true,
        Cause::ExpiresSoon
        | Cause::Expired
        | Cause::DataAccessExpiresSoon
        | Cause::DataAccessExpired
        | Cause::PasswordChanged
        | Cause::AppRemoved
        | Cause::SessionEnded
        | Cause::Checkpoint
        | Cause::AppSecretWrong
        | Cause::AppUnavailable
        | Cause::Blocked
        | Cause::Throttled
        | Cause::Outage
        | Cause::Unexplained => false,
    }
}

/// Once, when those who know have done nothing for long enough and there is somebody who does not know.
fn escalation(incident: &Incident, audience: &Audience) -> Option<(Timestamp, Occasion)> {
    let after = audience.escalate_after?;
    let since = incident.awaiting_since?;
    let knows = |address: &String| incident.told.contains(address);
    let is_new = !audience.second.iter().all(knows);
    let can_act = incident.cause.remedy() != Remedy::Wait;
    (incident.escalated_at.is_none() && is_new && can_act)
        .then(|| (later(since, after), Occasion::Escalated))
}

/// The next warning step before `end` that nobody was written to about.
fn next_step(end: Timestamp, told_at: Timestamp, rules: &Rules) -> Option<Timestamp> {
    let steps = rules.warn_before.iter();
    steps
        .filter_map(|step| end.checked_sub(*step).ok())
        .filter(|at| *at > told_at)
        .min()
}

/// People were told that it would end, and now it has.
fn has_ended(incident: &Incident) -> bool {
    !is_coming(incident.cause) && incident.told_cause.is_some_and(is_coming)
}

impl Audience {
    /// When something that is due at `at` is said, by the receiver's hours.
    pub(super) fn in_hours(
        &self,
        incident: &Incident,
        occasion: Occasion,
        at: Timestamp,
    ) -> Timestamp {
        let urgent_from = urgent_from(incident, occasion);
        self.hours.next_open(at).min(urgent_from.max(at))
    }
}

/// From when on something is said whatever the hour: what does not work does not wait, and neither does what ends
/// within a day. That it still does not work does.
fn urgent_from(incident: &Incident, occasion: Occasion) -> Timestamp {
    let end = incident.deadline.filter(|_| is_coming(incident.cause));
    if let Some(end) = end {
        return end.checked_sub(LAST_DAY).unwrap_or(Timestamp::MIN);
    }
    let works = matches!(incident.cause, Cause::PermissionMissing | Cause::Throttled);
    if works || occasion == Occasion::Reminder {
        Timestamp::MAX
    } else {
        Timestamp::MIN
    }
}

pub(super) fn as_told(incident: &Incident, occasion: Occasion, now: Timestamp) -> Incident {
    let open = Incident {
        state: IncidentState::Open,
        ..incident.clone()
    };
    if occasion == Occasion::Escalated {
        return Incident {
            escalated_at: Some(now),
            ..open
        };
    }
    let flapping = Some(now).filter(|_| occasion == Occasion::Flapping);
    Incident {
        told_at: Some(now),
        told_cause: Some(incident.cause),
        awaiting_since: incident.awaiting_since.or(Some(now)),
        flapping_told_at: flapping.or(incident.flapping_told_at),
        ..open
    }
}
