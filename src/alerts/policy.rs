//! Decides what to do about an incident. Pure: no I/O, and `now` is an argument.
//!
//! - `filing`: which tokens belong to one incident · `timing`: which email comes next, and when

mod filing;
mod timing;

use jiff::{SignedDuration, Timestamp};

use super::recipients::Recipients;
use super::{LoginLinks, Rules};
use crate::model::{Cause, EmailReason, Incident, IncidentState, Kind, Remedy, Token};

pub use filing::{Filing, app_incident_key, filing, horizon, incident_key, sibling};
use timing::next;
pub use timing::{as_notified, ungranted_due};

/// A problem that returns this soon after its end counts as a relapse.
pub const RELAPSE_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// From this number of relapses on, an incident is flapping.
const FLAPPING: u32 = 2;
/// How long a flapping incident must be without problems before it is resolved.
const STABLE_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// How long an incident stays open that only an acknowledgement resolves, once people were notified.
const NOTICE_STAYS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a review needs to know besides the incident.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReviewContext {
    /// What is wrong now with the app or the sink that the incident is about; `None` for incidents of tokens.
    pub error: Option<Cause>,
    /// The number of tokens of this incident that have no problem any more.
    pub recovered: u64,
    /// When the first token joined that no email has mentioned.
    pub unnotified_since: Option<Timestamp>,
}

/// What to do about an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing to do before `until`, or before something changes if it is `None`.
    Wait { until: Option<Timestamp> },
    Write {
        reason: EmailReason,
        next_review: Option<Timestamp>,
    },
    /// The problem is over, but it has returned before: it must stay away until then.
    Stabilize { until: Timestamp },
    /// The problem is over. Those who were notified get a last email, if there is one.
    Close {
        resolution_email: Option<EmailReason>,
    },
}

/// Decides what to do about `incident` now.
pub fn review(
    incident: &Incident,
    review_context: &ReviewContext,
    recipients_of_incident: &Recipients,
    rules: &Rules,
    now: Timestamp,
) -> Decision {
    if let IncidentState::Resolved { .. } = incident.state {
        return Decision::Wait { until: None };
    }
    if is_over(incident, review_context, now) {
        return closing(incident, review_context, now);
    }
    let quiet_until = quiet_until(incident).filter(|until| *until > now);
    let Some((due, reason)) = next(incident, review_context, recipients_of_incident, rules) else {
        let until = quiet_until.or(notice_ends_at(incident));
        return Decision::Wait { until };
    };
    let at = recipients_of_incident.in_hours(incident, reason, due.max(now));
    let at = quiet_until.map_or(at, |until| until.max(at));
    if at > now {
        return Decision::Wait {
            until: earliest(Some(at), notice_ends_at(incident)),
        };
    }
    let notified = as_notified(incident, reason, now);
    let calm = ReviewContext {
        unnotified_since: None,
        ..*review_context
    };
    let next = next(&notified, &calm, recipients_of_incident, rules);
    let next = next.map(|(at, reason)| recipients_of_incident.in_hours(&notified, reason, at));
    Decision::Write {
        reason,
        next_review: earliest(next, notice_ends_at(&notified)),
    }
}

fn is_over(incident: &Incident, review_context: &ReviewContext, now: Timestamp) -> bool {
    if incident.incident_key.cause.is_about_database() {
        notice_ends_at(incident).is_some_and(|at| at <= now)
    } else if incident.incident_key.is_without_tokens() {
        review_context.error.map(Cause::of_app) != Some(incident.incident_key.cause)
    } else {
        incident.still_affected == 0
    }
}

/// When an incident ends that tells of something past: when someone acknowledges it, or after a while. `None` for others,
/// and as long as no one was notified.
fn notice_ends_at(incident: &Incident) -> Option<Timestamp> {
    if !incident.incident_key.cause.is_about_database() {
        return None;
    }
    match incident.state {
        IncidentState::Acknowledged { .. } => Some(Timestamp::MIN),
        IncidentState::Open | IncidentState::Resolved { .. } => {
            incident.notified_at.map(|at| later(at, NOTICE_STAYS))
        }
    }
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}

fn closing(incident: &Incident, review_context: &ReviewContext, now: Timestamp) -> Decision {
    let stable_at = later(incident.well_since.unwrap_or(now), STABLE_AFTER);
    if is_flapping(incident) && incident.notified_at.is_some() && now < stable_at {
        return Decision::Stabilize { until: stable_at };
    }
    Decision::Close {
        resolution_email: resolution_email(incident, review_context),
    }
}

/// The last email. There is none if nobody was notified, if the tokens only have another problem now, or if it would say
/// what an operator did.
fn resolution_email(incident: &Incident, review_context: &ReviewContext) -> Option<EmailReason> {
    incident.notified_at?;
    if incident.incident_key.cause.is_about_database() {
        return None;
    }
    if incident.incident_key.is_without_tokens() {
        return review_context
            .error
            .is_none()
            .then_some(EmailReason::Recovered);
    }
    if review_context.recovered > 0 {
        Some(EmailReason::Recovered)
    } else {
        (incident.ever_affected == 0).then_some(EmailReason::Withdrawn)
    }
}

const fn quiet_until(incident: &Incident) -> Option<Timestamp> {
    match incident.state {
        IncidentState::Acknowledged { until } => Some(until),
        IncidentState::Open | IncidentState::Resolved { .. } => None,
    }
}

pub const fn is_flapping(incident: &Incident) -> bool {
    incident.relapses >= FLAPPING
}

fn later(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// Whether a person fixes the incident at Meta, after which a check shows that it works.
pub fn is_lifted_elsewhere(incident: &Incident) -> bool {
    incident.cause.remedy().is_lifted_elsewhere()
        && !incident.incident_key.subject.is_empty()
        && !incident.incident_key.cause.concerns_operator()
}

/// Whether a login through a link fixes the incident. A system user cannot log in, except with Login for Business.
pub fn is_fixed_by_login(incident: &Incident, tokens: &[Token], links: &LoginLinks) -> bool {
    let incident_key = &incident.incident_key;
    let by_login = matches!(
        incident.cause.remedy(),
        Remedy::Login | Remedy::Reauthorize | Remedy::GrantPermissions
    );
    let is_system = |token: &Token| {
        let facts = token.facts.as_ref();
        facts.is_some_and(|facts| facts.kind == Kind::SystemUser)
    };
    by_login
        && !incident_key.subject.is_empty()
        && !incident_key.cause.concerns_operator()
        && (links.business_apps.contains(&incident_key.app) || !tokens.iter().any(is_system))
}

#[cfg(test)]
mod tests;
