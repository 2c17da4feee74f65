//! The journal: what happened, in order, for people and programs to follow. It never holds a secret.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::engine::{Row, fields};
use super::event_log::About;
use super::{Error, Mark, Tx, View};
use crate::model::{Event, EventId, EventRecord, NewEvent, TokenId};

const NO_TOKEN: TokenId = TokenId(0);

impl View<'_> {
    /// Up to `limit` events after `after`, oldest first. Only those of `token`, if it is given.
    pub fn events(
        &self,
        after: EventId,
        token: Option<&str>,
        limit: usize,
    ) -> Result<Vec<EventRecord>, Error> {
        match token {
            None => self.db.all(
                "SELECT id, at, kind, name, app, detail FROM event WHERE id > ?1 ORDER BY id LIMIT ?2",
                &[&after, &limit],
                record,
            ),
            Some(token) => self.db.all(
                "SELECT id, at, kind, name, app, detail FROM event
                 WHERE token = (SELECT id FROM token WHERE name = ?2) AND id > ?1
                 ORDER BY id LIMIT ?3",
                &[&after, &token, &limit],
                record,
            ),
        }
    }

    /// The latest events of a token, newest first.
    pub fn latest_events(&self, token: TokenId, limit: usize) -> Result<Vec<EventRecord>, Error> {
        self.db.all(
            "SELECT id, at, kind, name, app, detail FROM event WHERE token = ?1
             ORDER BY id DESC LIMIT ?2",
            &[&token, &limit],
            record,
        )
    }

    /// The newest event, to find out later whether it is still there.
    pub fn newest_mark(&self) -> Result<Option<Mark>, Error> {
        self.db.maybe(
            "SELECT id, at, kind, token, (SELECT restored_at FROM totals)
             FROM event ORDER BY id DESC LIMIT 1",
            &[],
            fields!(Mark {
                id,
                at,
                kind,
                token,
                checked_anew_at
            }),
        )
    }

    /// The first of these that is gone.
    pub fn lost_mark(&self, known: impl Iterator<Item = Mark>) -> Result<Option<Mark>, Error> {
        for mark in known {
            if !self.has_mark(&mark)? {
                return Ok(Some(mark));
            }
        }
        Ok(None)
    }

    /// Another event may have got the number meanwhile. A time in the future may have been corrected, and a deletion of
    /// data removes the token.
    pub fn has_mark(&self, mark: &Mark) -> Result<bool, Error> {
        let token = mark.token.unwrap_or(NO_TOKEN);
        self.db.value(
            "SELECT EXISTS (SELECT 1 FROM event
                WHERE id = ?1 AND at <= ?2 AND kind = ?3 AND (token IS NULL OR token = ?4))",
            &[&mark.id, &mark.at, &mark.kind, &token],
        )
    }

    pub fn newest_event(&self) -> Result<EventId, Error> {
        self.db.value("SELECT coalesce(max(id), 0) FROM event", &[])
    }
}

fn record(row: &Row<'_>) -> Result<EventRecord, Error> {
    let (event, order) = event(row, 2, 5)?;
    Ok(EventRecord {
        id: row.get(0)?,
        at: row.get(1)?,
        token: row.get(3)?,
        app: row.get(4)?,
        order,
        event,
    })
}

/// Reads an event from its two columns, and the order that led to it.
pub(super) fn event(
    row: &Row<'_>,
    kind: usize,
    detail: usize,
) -> Result<(Event, Option<EventId>), Error> {
    let kind: String = row.get(kind)?;
    let detail: String = row.get(detail)?;
    let detail = serde_json::from_str(&detail).unwrap_or_default();
    let order = Event::order_in(&detail);
    Ok((Event::from_parts(&kind, detail), order))
}

impl Tx<'_> {
    /// Records an event from the backlog. A token that was deleted meanwhile is not named again.
    pub fn record_unless_gone(&self, mut event: NewEvent, now: Timestamp) -> Result<(), Error> {
        let is_gone = match event.token {
            Some(token) => self.token(token)?.is_none(),
            None => false,
        };
        if is_gone {
            (event.token, event.name) = (None, None);
        }
        self.record_event(&event, now).map(drop)
    }

    pub fn record_event(&self, event: &NewEvent, now: Timestamp) -> Result<EventId, Error> {
        self.record_about(&About::from(event), &event.event, now)
    }

    pub(super) fn record_about(
        &self,
        about: &About<'_>,
        event: &Event,
        now: Timestamp,
    ) -> Result<EventId, Error> {
        let json = serde_json::to_string(event).unwrap_or_default();
        let (kind, detail) = columns(&json, event, about.order);
        let id = self.db.insert(
            "INSERT INTO event (at, kind, token, name, app, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            &[
                &now,
                &&*kind,
                &about.token,
                &about.name,
                &about.app,
                &&*detail,
            ],
        )?;
        *self.newest.borrow_mut() = Some(Mark {
            id,
            at: now,
            kind: kind.into_owned(),
            token: about.token,
            checked_anew_at: None,
        });
        self.event_log.add(about, event);
        self.recorded.borrow_mut().add_event(about.app, event);
        Ok(id)
    }
}

/// The two parts of an event, as its JSON has them.
#[derive(Deserialize)]
struct Parts<'a> {
    kind: &'a str,
    #[serde(borrow)]
    detail: &'a RawValue,
}

/// The kind and the details to store. Those of the usual event are a part of its JSON.
fn columns<'a>(
    json: &'a str,
    event: &Event,
    order: Option<EventId>,
) -> (Cow<'a, str>, Cow<'a, str>) {
    if order.is_none()
        && json.len() <= LONGEST
        && let Ok(Parts { kind, detail }) = serde_json::from_str(json)
    {
        return (kind.into(), detail.get().into());
    }
    let (kind, detail) = event.parts(order);
    let detail = shortened(Value::Object(detail)).to_string();
    (kind.into(), detail.into())
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
    use crate::model::EmailProgress;

    #[test]
    fn an_event_has_a_greatest_size_whatever_a_server_says() {
        let long = "ü".repeat(100_000);
        let (_, detail) = Event::EmailDelayed(EmailProgress {
            reason: Some(long.clone()),
            conversation: vec![long; 1_000],
            subject: "short".to_owned(),
            ..EmailProgress::default()
        })
        .parts(None);
        let detail = shortened(Value::Object(detail));
        assert!(detail.to_string().len() < 300_000);
        assert_eq!(detail["subject"], "short");
        let reason = detail["reason"].as_str().unwrap();
        assert!(reason.starts_with("üü") && reason.ends_with('…'));
        assert_eq!(cut("short"), "short");
    }
}
