//! What somebody asked for on the socket. It waits here, survives a crash, and the next pass acts on it.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{Error, EventId, EventKind, NewEvent, Tx, View, rows};
use crate::token::{Token, TokenId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errand {
    pub order: Order,
    /// The event that whoever asked is following.
    pub event: EventId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Check,
    Rotate,
    /// Bring the previous secret back, if Meta still confirms it.
    Rollback,
    /// Take in the pages that this user token reaches.
    Discover,
}

/// All that wait; there are few.
#[derive(Debug, Default)]
pub struct Errands(HashMap<TokenId, Errand>);

impl Order {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Rotate => "rotate",
            Self::Rollback => "rollback",
            Self::Discover => "discover",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Check, Self::Rotate, Self::Rollback, Self::Discover]
            .into_iter()
            .find(|order| order.word() == word)
    }
}

impl Errands {
    pub fn for_token(&self, id: TokenId) -> Option<Errand> {
        self.0.get(&id).copied()
    }
}

impl View<'_> {
    pub fn errands(&self) -> Result<Errands, Error> {
        let mut all = self
            .db
            .prepare_cached("SELECT token, action, event FROM errand")?;
        let all = all.query_map([], |row| {
            let order = rows::word(row, 1, Order::from_word)?;
            Ok((
                row.get(0)?,
                Errand {
                    order,
                    event: EventId(row.get(2)?),
                },
            ))
        })?;
        Ok(Errands(all.collect::<Result<_, _>>()?))
    }
}

impl Tx<'_> {
    /// Files an errand and makes the token due. The event that is returned is the one to follow: where the same is asked
    /// for already and not begun, that of the first.
    pub fn order(
        &self,
        token: &Token,
        order: Order,
        asked_by: &str,
        now: Timestamp,
    ) -> Result<EventId, Error> {
        if let Some(event) = self.same_errand(token.id, order)? {
            self.make_due(token.id, now)?;
            return Ok(event);
        }
        let event = NewEvent::about(token, EventKind::Ordered)
            .with("order", order.word())
            .with("asked_by", asked_by);
        let event = self.note(&event, now)?;
        self.db
            .prepare_cached(
                "INSERT INTO errand (token, action, event, asked_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (token) DO UPDATE
                 SET action = excluded.action, event = excluded.event, asked_at = excluded.asked_at",
            )?
            .execute(params![token.id, order.word(), event.0, now.as_second()])?;
        self.make_due(token.id, now)?;
        Ok(event)
    }

    fn same_errand(&self, token: TokenId, order: Order) -> Result<Option<EventId>, Error> {
        let mut same = self
            .db
            .prepare_cached("SELECT event FROM errand WHERE token = ?1 AND action = ?2")?;
        let same = same.query_row(params![token, order.word()], |row| row.get(0));
        Ok(same.optional()?.map(EventId))
    }

    /// Ends the errand that was carried out; one that came meanwhile has another event and stays.
    pub(super) fn errand_is_done(&self, token: TokenId, order: EventId) -> Result<(), Error> {
        self.db
            .prepare_cached("DELETE FROM errand WHERE token = ?1 AND event = ?2")?
            .execute(params![token, order.0])?;
        Ok(())
    }
}
