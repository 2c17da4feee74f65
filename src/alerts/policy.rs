//! What is one story, when to write, and to whom. Pure: it asks nobody, and `now` is an argument.

use jiff::{SignedDuration, Timestamp};

use super::{LoginLinks, Rules};
use crate::inventory::{AppRecord, Concern, Incident, IncidentId, IncidentState, Story};
use crate::token::{Cause, Health, Kind, Remedy, Token};

/// How long an incident gathers before its first letter, so that siblings found by the same sweep share it.
const GROUP_WAIT: SignedDuration = SignedDuration::from_mins(2);

/// What trouble of the app is worth a letter only after it has lasted: most of it passes by itself.
const PASSING: SignedDuration = SignedDuration::from_mins(30);
const THROTTLED: SignedDuration = SignedDuration::from_hours(24);

/// Where a token belongs now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filing {
    Stay,
    Leave(IncidentId),
    Join(Story),
    Move { from: IncidentId, to: Story },
}

/// What a review must know besides the incident.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances {
    /// What ails the app itself right now.
    pub app_trouble: Option<Cause>,
    /// How many tokens that ever belonged to the incident are in no trouble any more.
    pub well: u64,
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
    /// It is over; whoever was told gets a last letter, if there is one to write.
    Close { farewell: Option<Occasion> },
}

/// Why a letter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    First,
    /// A further warning step before the end is crossed.
    Nearer,
    /// The end that was coming has come.
    Ended,
    Reminder,
    Recovered,
    /// The tokens it was about were removed.
    Withdrawn,
}

/// Which story a token's trouble belongs to; `None` when there is nothing to tell anybody about this token.
pub fn story(token: &Token) -> Option<Story> {
    let cause = settled_cause(token).filter(|cause| patience(*cause).is_none())?;
    let person = token.facts.as_ref().map(|facts| facts.person.clone());
    Some(Story {
        app: token.app.clone(),
        cause: cause.story(),
        subject: person
            .filter(|_| !cause.concerns_operator())
            .unwrap_or_default(),
    })
}

/// Only what is certain: a failing token still awaits its second look.
fn settled_cause(token: &Token) -> Option<Cause> {
    match token.health {
        Health::Unverified | Health::Failing { .. } => None,
        Health::Healthy | Health::Expiring { .. } | Health::Dead { .. } => token.cause(),
    }
}

/// Where to file a token whose need may have changed. One whose checks do not get through stays where it was:
/// silence is no recovery.
pub fn filing(concern: &Concern) -> Filing {
    let failing = matches!(concern.token.health, Health::Failing { .. });
    match (&concern.incident, story(&concern.token)) {
        (Some(_), _) if failing => Filing::Stay,
        (None, None) => Filing::Stay,
        (Some((incident, _)), None) => Filing::Leave(*incident),
        (Some((from, told)), Some(to)) if *told != to => Filing::Move { from: *from, to },
        // The same story again may still mean another end or that the end has come.
        (_, Some(story)) => Filing::Join(story),
    }
}

/// The story that an app's own trouble has become, once it has lasted long enough, and its present cause.
pub fn app_story(app: &AppRecord, now: Timestamp) -> Option<(Story, Cause)> {
    let trouble = app.trouble?;
    let patience = patience(trouble.cause)?;
    (now.duration_since(trouble.since) >= patience).then(|| {
        let story = Story {
            app: app.name.clone(),
            cause: app_level(trouble.cause),
            subject: String::new(),
        };
        (story, trouble.cause)
    })
}

/// How long an app's trouble may last before the operator hears of it; `None` for what is a token's own.
const fn patience(cause: Cause) -> Option<SignedDuration> {
    match cause {
        Cause::AppSecretWrong | Cause::AppUnavailable => Some(SignedDuration::ZERO),
        Cause::Outage | Cause::Blocked | Cause::Unexplained => Some(PASSING),
        Cause::Throttled => Some(THROTTLED),
        Cause::ExpiresSoon
        | Cause::Expired
        | Cause::DataAccessExpiresSoon
        | Cause::DataAccessExpired
        | Cause::PasswordChanged
        | Cause::AppRemoved
        | Cause::SessionEnded
        | Cause::ReplacedElsewhere
        | Cause::Checkpoint
        | Cause::PageRoleLost
        | Cause::PageGone
        | Cause::PermissionMissing
        | Cause::Unreadable
        | Cause::WrongApp => None,
    }
}

/// An incident of the app itself, without tokens of its own.
pub const fn is_about_the_app(cause: Cause) -> bool {
    patience(cause).is_some()
}

/// Meta in trouble answers now nothing and now nonsense: that is one story.
const fn app_level(cause: Cause) -> Cause {
    match cause {
        Cause::Unexplained => Cause::Outage,
        other => other,
    }
}

/// What is to be done about `incident` now?
pub fn review(
    incident: &Incident,
    circumstances: &Circumstances,
    rules: &Rules,
    now: Timestamp,
) -> Decision {
    if let IncidentState::Resolved { .. } = incident.state {
        return Decision::Wait { until: None };
    }
    if is_over(incident, circumstances) {
        let farewell = farewell(incident, circumstances);
        return Decision::Close { farewell };
    }
    let quiet_until = quiet_until(incident).filter(|until| *until > now);
    match next_letter(incident, rules).max(quiet_until) {
        Some(at) if at <= now => Decision::Write {
            occasion: occasion(incident),
            next_review: next_letter(&as_told(incident, now), rules),
        },
        until => Decision::Wait { until },
    }
}

fn is_over(incident: &Incident, circumstances: &Circumstances) -> bool {
    if is_about_the_app(incident.story.cause) {
        circumstances.app_trouble.map(app_level) != Some(incident.story.cause)
    } else {
        incident.affected == 0
    }
}

/// Nobody who was not told hears of it, and nothing is called well that merely has another trouble now.
fn farewell(incident: &Incident, circumstances: &Circumstances) -> Option<Occasion> {
    incident.told_at?;
    if is_about_the_app(incident.story.cause) {
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

/// When the next letter is due; `None` when nobody could do anything about it and everybody knows.
fn next_letter(incident: &Incident, rules: &Rules) -> Option<Timestamp> {
    let Some(told_at) = incident.told_at else {
        return Some(later(incident.opened_at, GROUP_WAIT));
    };
    if has_ended(incident) {
        return Some(told_at);
    }
    match (is_coming(incident.cause), incident.deadline) {
        (true, Some(end)) => next_step(end, told_at, rules)
            .or_else(|| Some(later(end.max(told_at), rules.remind_every))),
        _ if incident.cause.remedy() == Remedy::Wait => None,
        _ => Some(later(told_at, rules.remind_every)),
    }
}

/// The next warning step before `end` that nobody was written to about.
fn next_step(end: Timestamp, told_at: Timestamp, rules: &Rules) -> Option<Timestamp> {
    let steps = rules.warn_before.iter();
    steps
        .filter_map(|step| end.checked_sub(*step).ok())
        .filter(|at| *at > told_at)
        .min()
}

fn occasion(incident: &Incident) -> Occasion {
    if incident.told_at.is_none() {
        Occasion::First
    } else if has_ended(incident) {
        Occasion::Ended
    } else if is_coming(incident.cause) {
        Occasion::Nearer
    } else {
        Occasion::Reminder
    }
}

/// An end that comes, rather than one that has come.
pub fn is_coming(cause: Cause) -> bool {
    cause != cause.story()
}

/// People were told that it would end, and now it has.
fn has_ended(incident: &Incident) -> bool {
    !is_coming(incident.cause) && incident.told_cause.is_some_and(is_coming)
}

fn as_told(incident: &Incident, now: Timestamp) -> Incident {
    Incident {
        state: IncidentState::Open,
        told_at: Some(now),
        told_cause: Some(incident.cause),
        ..incident.clone()
    }
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

/// Who gets the letter: the owners, unless there are none or only the operator can do anything.
pub fn recipients(incident: &Incident, owners: Vec<String>, rules: &Rules) -> Vec<String> {
    if owners.is_empty() || incident.story.cause.concerns_operator() {
        rules.operators.clone()
    } else {
        owners
    }
}

#[cfg(test)]
mod tests;
