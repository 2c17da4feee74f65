//! What is one story, and which tokens belong to it.

use jiff::{SignedDuration, Timestamp};

use super::{is_coming, later};
use crate::alerts::Rules;
use crate::inventory::{AppRecord, AppTrouble, Concern, IncidentId, Story};
use crate::token::{Cause, Health, Token};

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

/// Which story a token's trouble belongs to; `None` when there is nothing to tell anybody about this token.
pub fn story(token: &Token) -> Option<Story> {
    let cause = settled_cause(token).filter(|cause| befalls_tokens(*cause))?;
    let person = token.facts.as_ref().map(|facts| facts.person.clone());
    let subject = match person {
        // Not empty, which would be the story of the app itself.
        whoever if is_about_the_app(cause) => whoever.unwrap_or_else(|| token.name.clone()),
        Some(person) if !cause.concerns_operator() => person,
        Some(_) | None => String::new(),
    };
    Some(Story {
        app: token.app.clone(),
        cause: cause.story(),
        subject,
    })
}

/// Meta may say of one token that it does not take the app's calls, and serve the app otherwise.
fn befalls_tokens(cause: Cause) -> bool {
    patience(cause).is_none() || cause == Cause::AppUnavailable
}

/// Only what is certain: a failing token still awaits its second look.
fn settled_cause(token: &Token) -> Option<Cause> {
    match token.health {
        Health::Unverified | Health::Failing { .. } => None,
        Health::Healthy
        | Health::Expiring { .. }
        | Health::Lacking { .. }
        | Health::Dead { .. } => token.cause(),
    }
}

/// The other story of an end: one login sets both clocks anew, so that a coming end joins whichever is open.
pub fn sibling(story: &Story) -> Option<Story> {
    let cause = match story.cause {
        Cause::Expired => Cause::DataAccessExpired,
        Cause::DataAccessExpired => Cause::Expired,
        Cause::ExpiresSoon
        | Cause::DataAccessExpiresSoon
        | Cause::PasswordChanged
        | Cause::AppRemoved
        | Cause::SessionEnded
        | Cause::ReplacedElsewhere
        | Cause::Checkpoint
        | Cause::PageRoleLost
        | Cause::PageGone
        | Cause::PermissionMissing
        | Cause::Unreadable
        | Cause::WrongApp
        | Cause::AppSecretWrong
        | Cause::AppUnavailable
        | Cause::Blocked
        | Cause::Throttled
        | Cause::Outage
        | Cause::Unexplained => return None,
    };
    Some(Story {
        cause,
        ..story.clone()
    })
}

/// Where to file a token whose need may have changed. One whose checks do not get through stays where it was:
/// silence is no recovery. One that was asked for ahead of time stays while its end is near.
pub fn filing(concern: &Concern, rules: &Rules, now: Timestamp) -> Filing {
    let token = &concern.token;
    let failing = matches!(token.health, Health::Failing { .. });
    match (&concern.incident, story(token)) {
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
        (Some(here), Some(to)) if here.story != to => {
            let is_coming = token.cause().is_some_and(is_coming);
            if is_coming && sibling(&to).as_ref() == Some(&here.story) {
                Filing::Join(here.story.clone())
            } else {
                let from = here.incident;
                Filing::Move { from, to }
            }
        }
        // The same story again may still mean another end or that the end has come.
        (_, Some(story)) => Filing::Join(story),
    }
}

/// What ends before this is asked for in the same letter.
pub fn horizon(rules: &Rules, now: Timestamp) -> Timestamp {
    let first_step = rules.warn_before.first().copied().unwrap_or_default();
    later(later(now, first_step), rules.plan_window)
}

/// The story that an app's own trouble has become, once it has lasted long enough. Meta does
/// not answer one app alone, so what is told of that already is told for all apps.
pub fn app_story(
    app: &AppRecord,
    outage: Option<&Story>,
    now: Timestamp,
) -> Option<(Story, AppTrouble)> {
    let trouble = app.trouble?;
    let patience = patience(trouble.cause)?;
    (now.duration_since(trouble.since) >= patience).then(|| {
        let story = Story {
            app: app.name.clone(),
            cause: app_level(trouble.cause),
            subject: String::new(),
        };
        let shared = outage.filter(|outage| outage.cause == story.cause);
        (shared.cloned().unwrap_or(story), trouble)
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

/// A cause that ails the app itself, as a rule.
pub const fn is_about_the_app(cause: Cause) -> bool {
    patience(cause).is_some()
}

/// An incident of the app itself, without tokens of its own.
pub fn is_of_the_app(story: &Story) -> bool {
    let of_tokens = befalls_tokens(story.cause) && !story.subject.is_empty();
    is_about_the_app(story.cause) && !of_tokens
}

/// Meta in trouble answers now nothing and now nonsense: that is one story.
pub const fn app_level(cause: Cause) -> Cause {
    match cause {
        Cause::Unexplained => Cause::Outage,
        other => other,
    }
}
