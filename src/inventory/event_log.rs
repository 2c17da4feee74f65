//! The log lines of what the journal records: collected while a transaction runs, written once it is committed. Never a
//! secret, a URL or a mail address.

use std::cell::RefCell;
use std::collections::HashMap;

use super::NewEvent;
use crate::model::{Event, Outcome};

/// The events of one job that belong into the log.
#[derive(Debug, Default)]
pub(super) struct EventLog(RefCell<Vec<LogLine>>);

#[derive(Debug)]
struct LogLine {
    level: Level,
    token: Option<String>,
    app: Option<String>,
    incident: Option<String>,
    /// What happened to the token, for one and for several of them.
    text: String,
    summary: String,
}

#[derive(Clone, Copy, Debug)]
enum Level {
    Info,
    /// It is tried again.
    Warn,
}

/// A transaction in which the same happens to more tokens than this writes one line for all of them.
const LINES_PER_CHANGE: usize = 3;

impl EventLog {
    pub(super) fn add(&self, new: &NewEvent) {
        let Some(level) = level_of(&new.event) else {
            return;
        };
        self.0.borrow_mut().push(LogLine {
            level,
            token: new.name.as_deref().map(plain),
            app: new.app.clone(),
            incident: new.event.incident().map(String::from),
            text: plain(&new.event.describe()),
            summary: plain(&new.event.summary()),
        });
    }

    /// What was collected since the last call.
    pub(super) fn take(&self) -> Self {
        Self(RefCell::new(self.0.take()))
    }

    /// Call it after the commit.
    pub(super) fn write(self) {
        let mut alike: Vec<Vec<LogLine>> = Vec::new();
        let mut known = HashMap::new();
        for line in self.0.into_inner() {
            let index = *known.entry(line.change()).or_insert(alike.len());
            match alike.get_mut(index) {
                Some(lines) => lines.push(line),
                None => alike.push(vec![line]),
            }
        }
        for lines in alike {
            match lines.first() {
                Some(first) if lines.len() > LINES_PER_CHANGE => first.write_for(lines.len()),
                Some(_) | None => lines.iter().for_each(LogLine::write),
            }
        }
    }
}

impl LogLine {
    /// What happened in which app: lines that agree in it can be summarized.
    fn change(&self) -> (Option<String>, String) {
        (self.app.clone(), self.summary.clone())
    }

    fn write(&self) {
        let (token, app) = (self.token.as_deref(), self.app.as_deref());
        let incident = self.incident.as_deref();
        let subject = token.map_or_else(String::new, |token| format!("token {token}: "));
        let text = &self.text;
        match self.level {
            Level::Info => tracing::info!(token, app, incident, "{subject}{text}"),
            Level::Warn => tracing::warn!(token, app, incident, "{subject}{text}"),
        }
    }

    fn write_for(&self, tokens: usize) {
        let (app, text) = (self.app.as_deref(), &self.summary);
        match self.level {
            Level::Info => tracing::info!(app, tokens, "{tokens} tokens: {text}"),
            Level::Warn => tracing::warn!(app, tokens, "{tokens} tokens: {text}"),
        }
    }
}

/// `None` for what is logged elsewhere, or is no news for the person who reads the log.
const fn level_of(event: &Event) -> Option<Level> {
    match event {
        Event::Rotated {
            outcome: Outcome::Failed,
            ..
        } => Some(Level::Warn),
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
        | Event::LoginEnded { .. }
        | Event::EmailSent { .. } => Some(Level::Info),
        // The mailer logs what it could not send, with the reason.
        Event::EmailDelayed { .. }
        | Event::EmailUndelivered { .. }
        | Event::EmailWritten { .. }
        // Whoever looks after the app logs these.
        | Event::AppFailing { .. }
        | Event::AppRecovered { .. }
        | Event::SetAside { .. }
        | Event::Reloaded { .. }
        | Event::BackedUp { .. }
        | Event::BackupFailed { .. }
        | Event::Started { .. }
        | Event::Restored { .. }
        | Event::JournalGap { .. }
        // These follow from what a person or program asked for just now.
        | Event::Imported { .. }
        | Event::Discovered { .. }
        | Event::Ordered { .. }
        | Event::OrderRefused { .. }
        | Event::Checked { .. }
        | Event::CandidateKept { .. }
        | Event::SecretRead { .. }
        | Event::SecretRefused { .. }
        | Event::LoginOpened { .. }
        | Event::LoginAnswered { .. }
        | Event::WebhookNotice { .. }
        | Event::WebhookSubscription { .. }
        | Event::Unknown { .. } => None,
    }
}

/// Names come from Meta and from files: none of them starts a line of its own.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}
