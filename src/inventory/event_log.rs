//! The log lines of what the journal records: collected while a transaction runs, written once it is committed. Never a
//! secret, a URL or a mail address.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::model::{Event, EventId, NewEvent, Outcome, Token, TokenId};

/// The events of one job that belong into the log.
#[derive(Debug, Default)]
pub(super) struct EventLog(RefCell<Collected>);

/// What an event is about.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About<'a> {
    pub(super) token: Option<TokenId>,
    pub(super) name: Option<&'a str>,
    pub(super) app: Option<&'a str>,
    /// The order that led to it.
    pub(super) order: Option<EventId>,
}

#[derive(Debug, Default)]
struct Collected {
    alike: Vec<Alike>,
    /// Where the events of an app that read the same are.
    known: HashMap<(Option<String>, String), usize>,
    /// Where the last event is: the next one is often the same.
    last: usize,
}

/// Events that read the same: the first few of them, and how many there are.
#[derive(Debug, Default)]
struct Alike {
    first: Vec<NewEvent>,
    events: usize,
}

/// A transaction in which the same happens to more tokens than this writes one line for all of them.
const LINES_PER_CHANGE: usize = 3;

impl<'a> About<'a> {
    pub(super) fn token(token: &'a Token) -> Self {
        Self {
            token: Some(token.id),
            name: Some(&token.name),
            app: Some(&token.app),
            order: None,
        }
    }

    fn event(&self, event: &Event) -> NewEvent {
        NewEvent {
            token: self.token,
            name: self.name.map(str::to_owned),
            app: self.app.map(str::to_owned),
            order: self.order,
            event: event.clone(),
        }
    }
}

impl<'a> From<&'a NewEvent> for About<'a> {
    fn from(new: &'a NewEvent) -> Self {
        Self {
            token: new.token,
            name: new.name.as_deref(),
            app: new.app.as_deref(),
            order: new.order,
        }
    }
}

impl EventLog {
    pub(super) fn add(&self, about: &About<'_>, event: &Event) {
        if is_logged(event) {
            self.0.borrow_mut().add(about, event);
        }
    }

    /// What was collected since the last call.
    pub(super) fn take(&self) -> Self {
        Self(RefCell::new(self.0.take()))
    }

    /// Call it after the commit.
    pub(super) fn write(self) {
        for Alike { first, events } in self.0.into_inner().alike {
            match first.first() {
                Some(example) if events > LINES_PER_CHANGE => write_for(events, example),
                Some(_) | None => first.iter().for_each(write),
            }
        }
    }
}

impl Collected {
    fn add(&mut self, about: &About<'_>, event: &Event) {
        let is_last = |alike: &Alike| alike.is_of(about, event);
        if !self.alike.get(self.last).is_some_and(is_last) {
            let change = (about.app.map(str::to_owned), event.summary());
            self.last = *self.known.entry(change).or_insert(self.alike.len());
        }
        if self.last == self.alike.len() {
            self.alike.push(Alike::default());
        }
        if let Some(alike) = self.alike.get_mut(self.last) {
            alike.events += 1;
            if alike.first.len() < LINES_PER_CHANGE {
                alike.first.push(about.event(event));
            }
        }
    }
}

impl Alike {
    /// Whether the event equals the first. Others may read the same.
    fn is_of(&self, about: &About<'_>, event: &Event) -> bool {
        let first = self.first.first();
        first.is_some_and(|first| first.event == *event && first.app.as_deref() == about.app)
    }
}

fn write(new: &NewEvent) {
    let token = new.name.as_deref().map(plain);
    let incident = new.event.incident().map(String::from);
    let (token, app, incident) = (token.as_deref(), new.app.as_deref(), incident.as_deref());
    let subject = token.map_or_else(String::new, |token| format!("token {token}: "));
    let text = plain(&new.event.describe());
    if is_tried_again(&new.event) {
        tracing::warn!(token, app, incident, "{subject}{text}");
    } else {
        tracing::info!(token, app, incident, "{subject}{text}");
    }
}

fn write_for(tokens: usize, example: &NewEvent) {
    let (app, text) = (example.app.as_deref(), plain(&example.event.summary()));
    if is_tried_again(&example.event) {
        tracing::warn!(app, tokens, "{tokens} tokens: {text}");
    } else {
        tracing::info!(app, tokens, "{tokens} tokens: {text}");
    }
}

/// The others follow from what a person or program asked for just now, or are logged where they arise: what happens to
/// an app, to the daemon, or to an email that could not be sent.
const fn is_logged(event: &Event) -> bool {
    matches!(
        event,
        Event::Changed { .. }
            | Event::PermissionsLost { .. }
            | Event::PermissionsRestored { .. }
            | Event::Rotated { .. }
            | Event::Derived { .. }
            | Event::CandidateAccepted { .. }
            | Event::CandidateRefused { .. }
            | Event::Forgotten { .. }
            | Event::Renamed { .. }
            | Event::DataDeleted { .. }
            | Event::IncidentOpened { .. }
            | Event::IncidentResolved { .. }
            | Event::IncidentAcknowledged { .. }
            | Event::LoginEnded(_)
            | Event::CalendarRevoked { .. }
            | Event::EmailSent(_)
            | Event::DeliveryFailed(_)
            | Event::SinkDisabled { .. }
            | Event::InUse { .. }
            | Event::PostSent(_)
            | Event::PostDelayed(_)
            | Event::PostGivenUp(_)
    )
}

const fn is_tried_again(event: &Event) -> bool {
    matches!(
        event,
        Event::Rotated {
            outcome: Outcome::Failed,
            ..
        } | Event::DeliveryFailed(_)
            | Event::SinkDisabled { .. }
            | Event::PostDelayed(_)
            | Event::PostGivenUp(_)
    )
}

/// Names come from Meta and from files: none of them starts a line of its own.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}
