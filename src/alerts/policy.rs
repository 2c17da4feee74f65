//! What is to be done about an incident. Pure: it asks nobody, and `now` is an argument.
//!
//! - `filing`: what is one story, and which tokens belong to it · `timing`: what is said next, and when

mod filing;
mod timing;

use jiff::{SignedDuration, Timestamp};

use super::recipients::Recipients;
use super::{LoginLinks, Rules};
use crate::email::EmailReason;
use crate::inventory::{Incident, IncidentState};
use crate::model::{Cause, Kind, Remedy, Token};

pub use filing::{Filing, app_incident_key, app_level, filing, horizon, incident_key, sibling};
pub use timing::ungranted_due;
use timing::{as_notified, next};

/// Problem that comes back so soon after it was over has not really been over.
pub const RELAPSE_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// From how many relapses on it is told as coming again and again.
const FLAPPING: u32 = 2;
/// How long such a one must be well before that is believed.
const STABLE_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// What a review must know besides the incident.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReviewContext {
    /// What ails the app itself right now.
    pub app_error: Option<Cause>,
    /// How many tokens that ever belonged to the incident are in no trouble any more.
    pub recovered: u64,
    /// When the first of those joined that nobody was told of.
    pub unnotified_since: Option<Timestamp>,
}

/// What is to be done about an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing to say before `until`; without it, not before something changes.
    Wait { until: Option<Timestamp> },
    Write {
        reason: EmailReason,
        next_review: Option<Timestamp>,
    },
    /// It is over, but has been before: it is believed if it lasts.
    Stabilize { until: Timestamp },
    /// It is over; whoever was told gets a last email, if there is one to write.
    Close {
        resolution_email: Option<EmailReason>,
    },
}

/// What is to be done about `incident` now?
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
    if is_over(incident, review_context) {
        return closing(incident, review_context, now);
    }
    let quiet_until = quiet_until(incident).filter(|until| *until > now);
    let Some((due, reason)) = next(incident, review_context, recipients_of_incident, rules) else {
        return Decision::Wait { until: quiet_until };
    };
    let at = recipients_of_incident.in_hours(incident, reason, due.max(now));
    let at = quiet_until.map_or(at, |until| until.max(at));
    if at > now {
        return Decision::Wait { until: Some(at) };
    }
    let notified = as_notified(incident, reason, now);
    let calm = ReviewContext {
        unnotified_since: None,
        ..*review_context
    };
    let next = next(&notified, &calm, recipients_of_incident, rules);
    Decision::Write {
        reason,
        next_review: next
            .map(|(at, reason)| recipients_of_incident.in_hours(&notified, reason, at)),
    }
}

fn is_over(incident: &Incident, review_context: &ReviewContext) -> bool {
    if incident.incident_key.is_of_app() {
        review_context.app_error.map(app_level) != Some(incident.incident_key.cause)
    } else {
        incident.still_affected == 0
    }
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

/// Nobody who was not told hears of it, and nothing is called well that merely has another trouble now.
fn resolution_email(incident: &Incident, review_context: &ReviewContext) -> Option<EmailReason> {
    incident.notified_at?;
    if incident.incident_key.is_of_app() {
        return review_context
            .app_error
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

/// Is it about an end that comes or has come, which only a clock that is right can judge?
pub fn is_about_an_end(cause: Cause) -> bool {
    matches!(
        cause.incident_key(),
        Cause::Expired | Cause::DataAccessExpired
    )
}

fn later(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// Can the person mend it by logging in through a link? A system user is nobody who could, unless a login gives its
/// token (Login for Business).
pub fn is_fixed_by_login(incident: &Incident, tokens: &[Token], links: &LoginLinks) -> bool {
    let incident_key = &incident.incident_key;
    let by_login = match incident.cause.remedy() {
        Remedy::Login | Remedy::Reauthorize | Remedy::GrantPermissions => true,
        Remedy::RestorePageRole | Remedy::ClearCheckpoint | Remedy::FixApp | Remedy::Wait => false,
    };
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
