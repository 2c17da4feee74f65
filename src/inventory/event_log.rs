//! The log lines of what the journal records: collected while a transaction runs, written once it is committed. Never a
//! secret, a URL or a mail address.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::model::{Event, NewEvent, Outcome};

/// The events of one job that belong into the log.
#[derive(Debug, Default)]
pub(super) struct EventLog(RefCell<Vec<NewEvent>>);

/// A transaction in which the same happens to more tokens than this writes one line for all of them.
const LINES_PER_CHANGE: usize = 3;

impl EventLog {
    pub(super) fn add(&self, new: &NewEvent) {
        if is_logged(&new.event) {
            self.0.borrow_mut().push(new.clone());
        }
    }

    /// What was collected since the last call.
    pub(super) fn take(&self) -> Self {
        Self(RefCell::new(self.0.take()))
    }

    /// Call it after the commit.
    pub(super) fn write(self) {
        let mut alike: Vec<Vec<NewEvent>> = Vec::new();
        let mut known = HashMap::new();
        for new in self.0.into_inner() {
            let change = (new.app.clone(), new.event.summary());
            let index = *known.entry(change).or_insert(alike.len());
            match alike.get_mut(index) {
                Some(events) => events.push(new),
                None => alike.push(vec![new]),
            }
        }
        for events in alike {
            match events.first() {
                Some(first) if events.len() > LINES_PER_CHANGE => write_for(events.len(), first),
                Some(_) | None => events.iter().for_each(write),
            }
        }
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
            | Event::DataDeleted { .. }
            | Event::IncidentOpened { .. }
            | Event::IncidentResolved { .. }
            | Event::IncidentAcknowledged { .. }
            | Event::LoginEnded(_)
            | Event::EmailSent(_)
    )
}

const fn is_tried_again(event: &Event) -> bool {
    matches!(
        event,
        Event::Rotated {
            outcome: Outcome::Failed,
            ..
        }
    )
}

/// Names come from Meta and from files: none of them starts a line of its own.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}
