//! What is worth a line, before it is folded with others of the same day.

use jiff::Timestamp;

use super::tone::LineTone;
use crate::model::{Cause, Event, EventRecord, Outcome, State};

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum Actor {
    Meta,
    Person,
    Email,
    Perennial,
    Consumer,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) at: Timestamp,
    pub(super) actor: Actor,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Sentence(LineTone, String),
    Email(String),
    /// Something that often happens to many tokens at once, with the token's name.
    Token(TokenNews, String),
    AppFails(Cause, String),
    AppWorks(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenNews {
    Died(Cause),
    Failing(Cause),
    Recovered,
    /// Until then.
    Renewed(Option<Timestamp>),
    /// The exchange did not move the end.
    Exchanged,
    Expiring,
    /// Until then; a page token has no end.
    Accepted(Option<Timestamp>),
    Derived {
        through: String,
    },
    Refused(String),
    InUse,
}

impl Actor {
    pub(in crate::demo) const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Person => "person",
            Self::Email => "email",
            Self::Perennial => "perennial",
            Self::Consumer => "chatbot",
        }
    }
}

/// `None` for what leads to nothing that the watcher would see.
pub(super) fn entry(record: &EventRecord) -> Option<Entry> {
    let name = || record.token.clone().unwrap_or_default();
    let app = || record.app.clone().unwrap_or_default();
    let (actor, what) = match &record.event {
        Event::EmailSent(email) => (Actor::Email, What::Email(email.subject.clone())),
        Event::InUse { .. } => (Actor::Consumer, What::Token(TokenNews::InUse, name())),
        Event::AppFailing { cause } => (Actor::Perennial, What::AppFails(*cause, app())),
        Event::AppRecovered { .. } => (Actor::Perennial, What::AppWorks(app())),
        other => (Actor::Perennial, What::Token(token_news(other)?, name())),
    };
    Some(Entry {
        at: record.at,
        actor,
        what,
    })
}

fn token_news(event: &Event) -> Option<TokenNews> {
    Some(match event {
        Event::Changed {
            to: State::Dead,
            cause: Some(cause),
            ..
        } => TokenNews::Died(*cause),
        Event::Changed {
            to: State::Failing,
            cause: Some(cause @ Cause::PermissionMissing),
            ..
        } => TokenNews::Failing(*cause),
        Event::Changed {
            from: State::Dead | State::Failing,
            to: State::Healthy | State::Expiring,
            ..
        } => TokenNews::Recovered,
        Event::Changed {
            to: State::Expiring,
            ..
        } => TokenNews::Expiring,
        Event::Rotated {
            outcome: Outcome::Renewed,
            expires_at,
        } => TokenNews::Renewed(*expires_at),
        Event::Rotated { .. } => TokenNews::Exchanged,
        Event::Derived { through, .. } => TokenNews::Derived {
            through: through.clone(),
        },
        Event::CandidateAccepted { expires_at } => TokenNews::Accepted(*expires_at),
        Event::CandidateRefused { .. } => TokenNews::Refused(event.describe()),
        _ => return None,
    })
}
