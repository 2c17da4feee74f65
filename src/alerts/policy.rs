//! What is to be done about an incident. Pure: it asks nobody, and `now` is an argument.
//!
//! - `filing`: what is one story, and which tokens belong to it · `timing`: what is said next, and when

mod filing;
mod timing;

use jiff::{SignedDuration, Timestamp};

use super::audience::Audience;
use super::{LoginLinks, Rules};
use crate::inventory::{Incident, IncidentState};
use crate::token::{Cause, Kind, Remedy, Token};

pub use filing::{
    Filing, app_level, app_story, filing, horizon, is_about_the_app, is_of_the_app, sibling, story,
};
pub use timing::ungranted_due;
use timing::{as_told, next};

/// Trouble that comes back so soon after it was over has not really been over.
pub const RELAPSE_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// From how many relapses on it is told as coming again and again.
const FLAPPING: u32 = 2;
/// How long such a one must be well before that is believed.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// What a review must know besides the incident.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances {
    /// What ails the app itself right now.
    pub app_trouble: Option<Cause>,
    /// How many tokens that ever belonged to the incident are in no trouble any more.
    pub well: u64,
    /// When the first of those joined that nobody was told of.
    pub untold_since: Option<Timestamp>,
}

/// What is to be done about an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing to say before `until`; without it, not before something changes.
    Wait { until: Option<Timestamp> },
    Write {
        occasion: Occasion,
        next_review: Option<Timestamp>,
    },
    /// It is over, but has been before: it is believed if it lasts.
    Settle { until: Timestamp },
    /// It is over; whoever was told gets a last letter, if there is one to write.
    Close { farewell: Option<Occasion> },
}

/// Why a letter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    First,
    /// More of the same, each of which needs a deed of its own.
    Grown,
    /// A further warning step before the end is crossed.
    Nearer,
    /// The end that was coming has come.
    Ended,
    Reminder,
    /// It comes again and again.
    Flapping,
    /// Nobody has acted, so somebody else is told.
    Escalated,
    Recovered,
    /// The tokens it was about were removed.
    Withdrawn,
}

/// What is to be done about `incident` now?
pub fn review(
    incident: &Incident,
    circumstances: &Circumstances,
    audience: &Audience,
    rules: &Rules,
    now: Timestamp,
) -> Decision {
    if let IncidentState::Resolved { .. } = incident.state {
        return Decision::Wait { until: None };
    }
    if is_over(incident, circumstances) {
        return closing(incident, circumstances, now);
    }
    let quiet_until = quiet_until(incident).filter(|until| *until > now);
    let Some((due, occasion)) = next(incident, circumstances, audience, rules) else {
        return Decision::Wait { until: quiet_until };
    };
    let at = audience.in_hours(incident, occasion, due.max(now));
    let at = quiet_until.map_or(at, |until| until.max(at));
    if at > now {
        return Decision::Wait { until: Some(at) };
    }
    let told = as_told(incident, occasion, now);
    let calm = Circumstances {
        untold_since: None,
        ..*circumstances
    };
    let next = next(&told, &calm, audience, rules);
    Decision::Write {
        occasion,
        next_review: next.map(|(at, occasion)| audience.in_hours(&told, occasion, at)),
    }
}

fn is_over(incident: &Incident, circumstances: &Circumstances) -> bool {
    if is_of_the_app(&incident.story) {
        circumstances.app_trouble.map(app_level) != Some(incident.story.cause)
    } else {
        incident.troubled == 0
    }
}

fn closing(incident: &Incident, circumstances: &Circumstances, now: Timestamp) -> Decision {
    let settled_at = later(incident.well_since.unwrap_or(now), SETTLED_AFTER);
    if is_flapping(incident) && incident.told_at.is_some() && now < settled_at {
        return Decision::Settle { until: settled_at };
    }
    Decision::Close {
        farewell: farewell(incident, circumstances),
    }
}

/// Nobody who was not told hears of it, and nothing is called well that merely has another trouble now.
fn farewell(incident: &Incident, circumstances: &Circumstances) -> Option<Occasion> {
    incident.told_at?;
    if is_of_the_app(&incident.story) {
        return circumstances
            .app_trouble
            .is_none()
            .then_some(Occasion::Recovered);
    }
    if circumstances.well > 0 {
        Some(Occasion::Recovered)
    } else {
        (incident.ever_affected == 0).then_some(Occasion::Withdrawn)
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

/// An end that comes, rather than one that has come.
pub fn is_coming(cause: Cause) -> bool {
    cause != cause.story()
}

/// Is it about an end that comes or has come, which only a clock that is right can judge?
pub fn is_about_an_end(cause: Cause) -> bool {
    matches!(cause.story(), Cause::Expired | Cause::DataAccessExpired)
}

fn later(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// Can the person mend it by logging in through a link? A system user is nobody who could, unless a login gives its
/// token (Login for Business).
pub fn is_mended_by_login(incident: &Incident, tokens: &[Token], links: &LoginLinks) -> bool {
    let story = &incident.story;
    let by_login = match incident.cause.remedy() {
        Remedy::Login | Remedy::Reauthorize | Remedy::GrantPermissions => true,
        Remedy::RestorePageRole | Remedy::ClearCheckpoint | Remedy::FixApp | Remedy::Wait => false,
    };
    let is_system = |token: &Token| {
        let facts = token.facts.as_ref();
        facts.is_some_and(|facts| facts.kind == Kind::SystemUser)
    };
    by_login
        && !story.subject.is_empty()
        && !story.cause.concerns_operator()
        && (links.business_apps.contains(&story.app) || !tokens.iter().any(is_system))
}

#[cfg(test)]
mod tests;
