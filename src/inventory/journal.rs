//! The journal: what happened, in order, for people and programs to follow. It never holds a secret.

use jiff::Timestamp;
use rusqlite::params;
use serde_json::{Map, Value};

use super::{Error, Tx, View, rows};
use crate::model::{Token, TokenId, string_enum};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId(pub i64);

string_enum! {
    /// The kinds of events in the journal.
    EventKind {
    Imported = "imported",
    Discovered = "discovered",
    Forgotten = "forgotten",
    Ordered = "ordered",
    /// An order to check was carried out, and there is nothing else to report.
    Checked = "checked",
    /// An order to check or rotate was not carried out, because no call could be made for the app.
    OrderRefused = "order_refused",
    /// The state or its cause changed.
    Changed = "changed",
    /// Permissions that the token had are gone.
    PermissionsLost = "permissions_lost",
    PermissionsRestored = "permissions_restored",
    /// Meta reported by webhook that something changed for a person.
    WebhookNotice = "webhook_notice",
    /// A person asked Meta to have their data deleted, and it was.
    DataDeleted = "data_deleted",
    Rotated = "rotated",
    Derived = "derived",
    /// The app's webhook subscription for a page changed.
    WebhookSubscription = "webhook_subscription",
    CandidateKept = "candidate_kept",
    CandidateAccepted = "candidate_accepted",
    CandidateRefused = "candidate_refused",
    SecretRead = "secret_read",
    /// A request for a secret was refused.
    SecretRefused = "secret_refused",
    /// The daemon crashed twice while it was checking this token. The token is no longer checked.
    SetAside = "set_aside",
    AppFailing = "app_failing",
    AppRecovered = "app_recovered",
    IncidentOpened = "incident_opened",
    IncidentAcknowledged = "incident_acknowledged",
    IncidentResolved = "incident_resolved",
    LoginOpened = "login_opened",
    LoginAnswered = "login_answered",
    LoginEnded = "login_ended",
    EmailWritten = "email_written",
    EmailSent = "email_sent",
    EmailDelayed = "email_delayed",
    /// Some recipients do not get the email, or only after a change.
    EmailUndelivered = "email_undelivered",
    Started = "started",
    Reloaded = "reloaded",
    BackedUp = "backed_up",
    BackupFailed = "backup_failed",
    /// A copy has replaced the inventory. Events from after that copy are missing.
    Restored = "restored",
    /// This many events are only in the log, because the journal could not be written.
    JournalGap = "journal_gap",
    }
}

#[derive(Clone, Debug)]
pub struct NewEvent {
    pub kind: EventKind,
    pub token: Option<TokenId>,
    pub name: Option<String>,
    pub app: Option<String>,
    pub detail: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: EventId,
    pub at: Timestamp,
    pub kind: EventKind,
    pub token: Option<String>,
    pub app: Option<String>,
    pub detail: Map<String, Value>,
}

impl NewEvent {
    pub fn new(kind: EventKind) -> Self {
        Self {
            kind,
            token: None,
            name: None,
            app: None,
            detail: Map::new(),
        }
    }

    pub fn about(token: &Token, kind: EventKind) -> Self {
        Self {
            token: Some(token.id),
            name: Some(token.name.clone()),
            app: Some(token.app.clone()),
            ..Self::new(kind)
        }
    }

    pub fn of_app(app: &str, kind: EventKind) -> Self {
        Self {
            app: Some(app.to_owned()),
            ..Self::new(kind)
        }
    }

    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(key.to_owned(), value.into());
        self
    }
}

impl View<'_> {
    /// Up to `limit` events after `after`, oldest first. Only those of `token`, if it is given.
    pub fn events(
        &self,
        after: EventId,
        token: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Event>, Error> {
        let mut events = self.db.prepare_cached(match token {
            None => {
                "SELECT id, at, kind, name, app, detail FROM event WHERE id > ?1 AND ?2 IS NULL
                 ORDER BY id LIMIT ?3"
            }
            Some(_) => {
                "SELECT id, at, kind, name, app, detail FROM event
                 WHERE token = (SELECT id FROM token WHERE name = ?2) AND id > ?1
                 ORDER BY id LIMIT ?3"
            }
        })?;
        let events = events.query_map(params![after.0, token, limit], event)?;
        Ok(events.collect::<Result<_, _>>()?)
    }

    /// The latest events of a token, newest first.
    pub fn latest_events(&self, token: TokenId, limit: usize) -> Result<Vec<Event>, Error> {
        let mut events = self.db.prepare_cached(
            "SELECT id, at, kind, name, app, detail FROM event WHERE token = ?1
             ORDER BY id DESC LIMIT ?2",
        )?;
        let events = events.query_map(params![token, limit], event)?;
        Ok(events.collect::<Result<_, _>>()?)
    }

    pub fn newest_event(&self) -> Result<EventId, Error> {
        let mut newest = self
            .db
            .prepare_cached("SELECT coalesce(max(id), 0) FROM event")?;
        Ok(EventId(newest.query_row([], |row| row.get(0))?))
    }
}

fn event(row: &rusqlite::Row<'_>) -> rusqlite::Result<Event> {
    let detail = row.get_ref(5)?.as_str()?;
    Ok(Event {
        id: EventId(row.get(0)?),
        at: rows::instant(row, 1)?,
        kind: rows::string_enum(row, 2, EventKind::from_name)?,
        token: row.get(3)?,
        app: row.get(4)?,
        detail: serde_json::from_str(detail).unwrap_or_default(),
    })
}

impl Tx<'_> {
    /// Records an event from the backlog. A token that was deleted meanwhile is not named again.
    pub fn record_unless_gone(&self, event: NewEvent, now: Timestamp) -> Result<(), Error> {
        let is_gone = match event.token {
            Some(token) => self.token(token)?.is_none(),
            None => false,
        };
        let event = if is_gone {
            NewEvent {
                token: None,
                name: None,
                ..event
            }
        } else {
            event
        };
        self.record_event(&event, now).map(drop)
    }

    pub fn record_event(&self, event: &NewEvent, now: Timestamp) -> Result<EventId, Error> {
        let mut insert = self.db.prepare_cached(
            "INSERT INTO event (at, kind, token, name, app, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
        )?;
        let detail = shortened(Value::Object(event.detail.clone())).to_string();
        let row = params![
            now.as_second(),
            event.kind.as_str(),
            event.token,
            event.name,
            event.app,
            detail
        ];
        let id = EventId(insert.query_row(row, |row| row.get(0))?);
        self.event_log.add(event);
        Ok(id)
    }
}

/// Texts from mail servers and Meta are shortened for the journal.
const LONGEST: usize = 1_000;
const MOST: usize = 100;

fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(cut(&text)),
        Value::Array(items) => items.into_iter().take(MOST).map(shortened).collect(),
        Value::Object(entries) => {
            let entries = entries.into_iter().take(MOST);
            entries
                .map(|(key, value)| (key, shortened(value)))
                .collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// Cuts at a whole character, and marks that something is missing.
pub(super) fn cut(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(LONGEST)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_a_greatest_size_whatever_a_server_says() {
        let long = "ü".repeat(100_000);
        let lines: Vec<Value> = vec![Value::String(long.clone()); 1_000];
        let event = NewEvent::new(EventKind::EmailDelayed)
            .with("reason", long.as_str())
            .with("conversation", lines)
            .with("code", 421);
        let detail = shortened(Value::Object(event.detail));
        assert!(detail.to_string().len() < 300_000);
        assert_eq!(detail["code"], 421);
        let reason = detail["reason"].as_str().unwrap();
        assert!(reason.starts_with("üü") && reason.ends_with('…'));
        assert_eq!(cut("short"), "short");
    }
}
