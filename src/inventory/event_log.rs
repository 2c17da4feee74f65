//! The log lines of what the journal records: collected while a transaction runs, written once it is committed. Never a
//! secret, a URL or a mail address.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{EventKind, NewEvent};
use crate::model::Outcome;

/// The events of one job that belong into the log.
#[derive(Debug, Default)]
pub(super) struct EventLog(RefCell<Vec<LogLine>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Info,
    /// It is tried again.
    Warn,
}

#[derive(Debug)]
struct LogLine {
    level: Level,
    token: Option<String>,
    app: Option<String>,
    incident: Option<String>,
    /// What happened to the token, for one and for several of them.
    text: Text,
}

#[derive(Debug)]
enum Text {
    /// "token NAME is healthy"; "N tokens are healthy".
    OfToken {
        one: String,
        many: String,
    },
    Other(String),
}

/// A transaction in which the same happens to more tokens than this writes one line for all of them.
const LINES_PER_CHANGE: usize = 3;

impl EventLog {
    pub(super) fn add(&self, event: &NewEvent) {
        let Some((level, text)) = text_of(event) else {
            return;
        };
        self.0.borrow_mut().push(LogLine {
            level,
            token: event.name.as_deref().map(plain),
            app: event.app.clone(),
            incident: text_detail(event, "incident").map(plain),
            text,
        });
    }

    /// What was collected since the last call.
    pub(super) fn take(&self) -> Self {
        Self(RefCell::new(self.0.take()))
    }

    /// Call it after the commit.
    pub(super) fn write(self) {
        let lines = self.0.into_inner();
        let mut alike: HashMap<Change<'_>, usize> = HashMap::new();
        for line in &lines {
            *alike.entry(line.change()).or_default() += 1;
        }
        let mut summarized = HashSet::new();
        for line in &lines {
            match alike.get(&line.change()) {
                Some(&tokens) if tokens > LINES_PER_CHANGE => {
                    if summarized.insert(line.change()) {
                        line.write_for(tokens);
                    }
                }
                Some(_) | None => line.write(),
            }
        }
    }
}

/// What happened to tokens of which app: lines of the same change can be summarized.
type Change<'l> = (Option<&'l str>, &'l str);

impl LogLine {
    fn change(&self) -> Change<'_> {
        match &self.text {
            Text::OfToken { many, .. } => (self.app.as_deref(), many),
            Text::Other(text) => (self.app.as_deref(), text),
        }
    }

    fn write(&self) {
        let text = match &self.text {
            Text::OfToken { one, .. } => {
                format!("token {} {one}", self.token.as_deref().unwrap_or_default())
            }
            Text::Other(text) => text.clone(),
        };
        let (token, app, incident) = (
            self.token.as_deref(),
            self.app.as_deref(),
            self.incident.as_deref(),
        );
        match self.level {
            Level::Info => tracing::info!(token, app, incident, "{text}"),
            Level::Warn => tracing::warn!(token, app, incident, "{text}"),
        }
    }

    fn write_for(&self, tokens: usize) {
        let app = self.app.as_deref();
        let text = match &self.text {
            Text::OfToken { many, .. } => format!("{tokens} tokens {many}"),
            Text::Other(text) => format!("{tokens} times: {text}"),
        };
        match self.level {
            Level::Info => tracing::info!(app, tokens, "{text}"),
            Level::Warn => tracing::warn!(app, tokens, "{text}"),
        }
    }
}

/// `None` for what is logged elsewhere, or is no news for whoever reads the log.
fn text_of(event: &NewEvent) -> Option<(Level, Text)> {
    let detail = |key: &str| text_detail(event, key).map(plain).unwrap_or_default();
    let token = |one: String, many: String| Some((Level::Info, Text::OfToken { one, many }));
    let same = |what: String| token(what.clone(), what);
    let other = |text: String| Some((Level::Info, Text::Other(text)));
    match event.kind {
        EventKind::Changed => changed(event),
        EventKind::PermissionsLost => same(format!("lost permissions: {}", detail("permissions"))),
        EventKind::PermissionsRestored => same(format!(
            "got permissions back: {}",
            detail("permissions")
        )),
        EventKind::Rotated => rotated(event),
        EventKind::Derived => same(format!("got a new secret through {}", detail("through"))),
        EventKind::CandidateAccepted => token(
            "has a new secret, confirmed by Meta".to_owned(),
            "have new secrets, confirmed by Meta".to_owned(),
        ),
        EventKind::CandidateRefused => same(format!("keeps its secret: {}", mismatch(event))),
        EventKind::Forgotten => token(
            format!("was removed by {}", detail("asked_by")),
            format!("were removed by {}", detail("asked_by")),
        ),
        EventKind::DataDeleted => other(
            "a person had their data deleted through Meta, and their tokens are removed".to_owned(),
        ),
        EventKind::IncidentOpened => other(incident(event, "opened")),
        EventKind::IncidentResolved => other(incident(event, "resolved")),
        EventKind::IncidentAcknowledged => other(format!(
            "incident {} is acknowledged by {}: no reminders until {}",
            detail("incident"),
            detail("asked_by"),
            detail("until")
        )),
        EventKind::LoginEnded => other(login_ended(event)),
        EventKind::EmailSent => other(format!("email sent: {}", detail("subject"))),
        // The mailer logs what it could not send, with the reason.
        EventKind::EmailDelayed
        | EventKind::EmailUndelivered
        | EventKind::EmailWritten
        // Whoever looks after the app logs these.
        | EventKind::AppFailing
        | EventKind::AppRecovered
        | EventKind::SetAside
        | EventKind::Reloaded
        | EventKind::BackedUp
        | EventKind::BackupFailed
        | EventKind::Started
        | EventKind::Restored
        | EventKind::JournalGap
        // These follow from what a person or program asked for just now.
        | EventKind::Imported
        | EventKind::Discovered
        | EventKind::Ordered
        | EventKind::OrderRefused
        | EventKind::Checked
        | EventKind::CandidateKept
        | EventKind::SecretRead
        | EventKind::SecretRefused
        | EventKind::LoginOpened
        | EventKind::LoginAnswered
        | EventKind::WebhookNotice
        | EventKind::WebhookSubscription => None,
    }
}

fn changed(event: &NewEvent) -> Option<(Level, Text)> {
    let state = plain(text_detail(event, "to")?);
    let why = text_detail(event, "cause").map(words);
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    let text = Text::OfToken {
        one: format!("is {state} now{why}"),
        many: format!("are {state} now{why}"),
    };
    Some((Level::Info, text))
}

fn rotated(event: &NewEvent) -> Option<(Level, Text)> {
    let outcome = Outcome::from_name(text_detail(event, "outcome")?)?;
    let end = text_detail(event, "expires_at").and_then(|end| end.split('T').next());
    let ends = |verb: &str| end.map_or_else(String::new, |end| format!(" and {verb} on {end}"));
    let (level, one, many) = match outcome {
        Outcome::Renewed => (
            Level::Info,
            format!("was renewed{}", ends("expires")),
            "were renewed".to_owned(),
        ),
        Outcome::SameExpiry | Outcome::Unchanged => (
            Level::Info,
            format!(
                "was exchanged, but its expiry did not move{}",
                ends("expires")
            ),
            "were exchanged, but their expiries did not move".to_owned(),
        ),
        Outcome::Refused => (
            Level::Info,
            "was not renewed: Meta refused".to_owned(),
            "were not renewed: Meta refused".to_owned(),
        ),
        Outcome::Failed => (
            Level::Warn,
            "could not be renewed; it will be tried again".to_owned(),
            "could not be renewed; they will be tried again".to_owned(),
        ),
    };
    Some((level, Text::OfToken { one, many }))
}

fn incident(event: &NewEvent, what: &str) -> String {
    let number = text_detail(event, "incident").unwrap_or_default();
    let cause = words(text_detail(event, "cause").unwrap_or("unknown"));
    format!("incident {number} {what}: {cause}")
}

fn login_ended(event: &NewEvent) -> String {
    let number = text_detail(event, "login").unwrap_or_default();
    match (text_detail(event, "outcome"), text_detail(event, "token")) {
        (Some("granted"), Some(token)) => {
            format!("login {number} succeeded for token {}", plain(token))
        }
        (Some(why), _) => format!("login {number} ended without a token: {}", words(why)),
        (None, _) => format!("login {number} ended"),
    }
}

fn mismatch(event: &NewEvent) -> String {
    let why = text_detail(event, "mismatch").map(plain);
    let why = why.or_else(|| text_detail(event, "cause").map(words));
    let why = why.unwrap_or_else(|| "Meta does not confirm it".to_owned());
    format!("the new one was refused, {why}")
}

fn text_detail<'e>(event: &'e NewEvent, key: &str) -> Option<&'e str> {
    event.detail.get(key).and_then(Value::as_str)
}

/// A name of ours as a reader knows it.
fn words(name: &str) -> String {
    plain(&name.replace('_', " "))
}

/// Names come from Meta and from files: none of them starts a line of its own.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}
