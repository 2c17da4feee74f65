//! Decides which incident a token belongs to.

use jiff::{SignedDuration, Timestamp};

use super::later;
use crate::alerts::Rules;
use crate::model::{
    AppError, AppRecord, Cause, Health, IncidentId, IncidentKey, PendingToken, Token,
};

/// App errors that last at least this long get an email; most pass sooner.
const PASSING: SignedDuration = SignedDuration::from_mins(30);
const THROTTLED: SignedDuration = SignedDuration::from_hours(24);

/// What to do with a token's incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filing {
    Stay,
    Leave(IncidentId),
    Join(IncidentKey),
    Move { from: IncidentId, to: IncidentKey },
}

/// The key of the incident that a token's problem belongs to. `None` if nobody needs to be notified of this token.
pub fn incident_key(token: &Token) -> Option<IncidentKey> {
    let cause = stable_cause(token).filter(|cause| affects_tokens(*cause))?;
    let subject = match token.facts.as_ref().map(|facts| facts.person.clone()) {
        // Never empty: an empty subject is the incident of the app itself.
        anyone if cause.is_about_app() => anyone.unwrap_or_else(|| token.name.clone()),
        Some(person) if !cause.concerns_operator() => person,
        Some(_) | None => String::new(),
    };
    Some(IncidentKey {
        app: token.app.clone(),
        cause: cause.incident_key(),
        subject,
    })
}

/// Meta may refuse the app's calls for one token only and serve the app otherwise.
fn affects_tokens(cause: Cause) -> bool {
    let of_tokens = delay(cause).is_none() && !cause.is_about_sink() && !cause.is_about_database();
    of_tokens || cause == Cause::AppUnavailable
}

/// Only confirmed causes: a failing token still waits for its second check.
fn stable_cause(token: &Token) -> Option<Cause> {
    match token.health {
        Health::Failing { .. } => None,
        _ => token.cause(),
    }
}

/// The incident about the person's other expiry. One login resets both, so a coming expiry joins the one that is open.
pub fn sibling(incident_key: &IncidentKey) -> Option<IncidentKey> {
    let cause = incident_key.cause.other_expiry()?;
    Some(IncidentKey {
        cause,
        ..incident_key.clone()
    })
}

/// Decides where a token belongs. A failing token stays in its incident, because a failed check is no recovery. A token
/// that was added ahead of time stays while its expiry is near.
pub fn filing(pending_token: &PendingToken, rules: &Rules, now: Timestamp) -> Filing {
    let token = &pending_token.token;
    let failing = matches!(token.health, Health::Failing { .. });
    match (&pending_token.incident, incident_key(token)) {
        (Some(_), _) if failing => Filing::Stay,
        (None, None) => Filing::Stay,
        (Some(here), None) => {
            let ends = token
                .deadline()
                .is_some_and(|end| end <= horizon(rules, now));
            if here.ahead && ends {
                Filing::Stay
            } else {
                Filing::Leave(here.incident)
            }
        }
        (Some(here), Some(to)) if here.incident_key != to => {
            let is_coming = token.cause().is_some_and(Cause::is_upcoming);
            if is_coming && sibling(&to).as_ref() == Some(&here.incident_key) {
                Filing::Join(here.incident_key.clone())
            } else {
                let from = here.incident;
                Filing::Move { from, to }
            }
        }
        // The same incident: the expiry may have changed, or may have passed.
        (_, Some(incident_key)) => Filing::Join(incident_key),
    }
}

/// Tokens that expire before this time are included in the same email.
pub fn horizon(rules: &Rules, now: Timestamp) -> Timestamp {
    let first_step = rules.warn_before.first().copied().unwrap_or_default();
    later(later(now, first_step), rules.plan_window)
}

/// The incident of an app's error, once it has lasted long enough. An outage of Meta affects all apps, so they share
/// one incident.
pub fn app_incident_key(
    app: &AppRecord,
    outage: Option<&IncidentKey>,
    now: Timestamp,
) -> Option<(IncidentKey, AppError)> {
    let error = app.error?;
    let delay = delay(error.cause)?;
    (now.duration_since(error.since) >= delay).then(|| {
        let incident_key = IncidentKey {
            app: app.name.clone(),
            cause: error.cause.of_app(),
            subject: String::new(),
        };
        let shared = outage.filter(|outage| outage.cause == incident_key.cause);
        (shared.cloned().unwrap_or(incident_key), error)
    })
}

/// How long an app's error lasts before the operators are notified; `None` for causes of single tokens.
const fn delay(cause: Cause) -> Option<SignedDuration> {
    match cause {
        Cause::AppSecretWrong | Cause::AppUnavailable | Cause::VersionEnded => {
            Some(SignedDuration::ZERO)
        }
        Cause::Outage | Cause::Blocked | Cause::Unexplained => Some(PASSING),
        Cause::Throttled => Some(THROTTLED),
        _ => None,
    }
}
