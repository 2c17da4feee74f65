//! Orders: what was asked for on the socket, and what became of it. An order survives a crash, and the next sweep
//! carries it out.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Error, Tx, View};
use crate::model::{
    Cause, Event, EventId, LastOrder, NewEvent, OrderEnd, OrderKind, OrderOutcome, PendingOrder,
    Token, TokenId,
};

impl View<'_> {
    /// All pending orders; there are few.
    pub fn pending_orders(&self) -> Result<HashMap<TokenId, PendingOrder>, Error> {
        let all = "SELECT token, action, event FROM token_order WHERE ended_at IS NULL";
        let orders = self.db.readable(all, &[], |row| {
            let (order, event) = (row.get(1)?, row.get(2)?);
            Ok((row.get(0)?, PendingOrder { order, event }))
        })?;
        Ok(orders.into_iter().collect())
    }

    /// The event of the latest order that is pending.
    pub fn newest_pending_order(&self) -> Result<Option<EventId>, Error> {
        let newest = "SELECT max(event) FROM token_order WHERE ended_at IS NULL";
        self.db.value(newest, &[])
    }

    pub fn last_order(&self, token: TokenId) -> Result<Option<LastOrder>, Error> {
        let last =
            "SELECT action, requested_at, ended_at, outcome FROM token_order WHERE token = ?1";
        self.db.maybe(last, &[&token], |row| {
            let ended_at: Option<Timestamp> = row.get(2)?;
            let outcome: Option<OrderOutcome> = row.get(3)?;
            Ok(LastOrder {
                order: row.get(0)?,
                requested_at: row.get(1)?,
                ended: ended_at
                    .zip(outcome)
                    .map(|(at, outcome)| OrderEnd { at, outcome }),
            })
        })
    }

    /// The orders of an app that end when no call can be made. The others wait for the app.
    pub fn refusable_orders(&self, app: &str) -> Result<Vec<(TokenId, EventId)>, Error> {
        self.db.readable(
            "SELECT o.token, o.event FROM token_order o JOIN token t ON t.id = o.token
             WHERE o.ended_at IS NULL AND t.app = ?1 AND o.action IN ('check', 'rotate') ORDER BY o.event",
            &[&app],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}

impl Tx<'_> {
    /// Stores an order and makes the token due. Returns the event to follow: if the same order is pending already, the
    /// event of that one.
    pub fn order(
        &self,
        token: &Token,
        order: OrderKind,
        asked_by: &str,
        now: Timestamp,
    ) -> Result<EventId, Error> {
        self.schedule_for(token.id, order, now)?;
        if let Some(event) = self.same_order(token.id, order)? {
            return Ok(event);
        }
        let ordered = Event::Ordered {
            order,
            asked_by: asked_by.to_owned(),
        };
        let event = self.record_event(&NewEvent::about(token, ordered), now)?;
        self.db.run(
            "INSERT INTO token_order (token, action, event, requested_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (token) DO UPDATE
             SET action = excluded.action, event = excluded.event,
                requested_at = excluded.requested_at, ended_at = NULL, outcome = NULL",
            &[&token.id, &order, &event, &now],
        )?;
        Ok(event)
    }

    /// A new token or a candidate may be what the app was waiting for. An order to check or rotate brings nothing new,
    /// so it does not end the app's back-off.
    fn schedule_for(&self, id: TokenId, order: OrderKind, now: Timestamp) -> Result<(), Error> {
        match order {
            OrderKind::Check | OrderKind::Rotate => self.schedule_now(id, now),
            OrderKind::Rollback | OrderKind::Discover => self.make_due(id, now),
        }
    }

    /// Ends the orders to check or rotate tokens of an app that no call can be made for, and records why and until when.
    /// Returns how many.
    pub fn refuse_orders(
        &self,
        app: &str,
        cause: Cause,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<usize, Error> {
        let refused = self.refusable_orders(app)?;
        for (id, order) in &refused {
            let Some(token) = self.token(*id)? else {
                continue;
            };
            let event = NewEvent {
                order: Some(*order),
                ..NewEvent::about(&token, Event::OrderRefused { cause, until })
            };
            self.record_event(&event, now)?;
            self.end_order(*id, *order, OrderOutcome::Refused, now)?;
        }
        Ok(refused.len())
    }

    fn same_order(&self, token: TokenId, order: OrderKind) -> Result<Option<EventId>, Error> {
        let same = "SELECT event FROM token_order
            WHERE token = ?1 AND action = ?2 AND ended_at IS NULL";
        self.db.maybe_value(same, &[&token, &order])
    }

    /// Records what became of an order. A newer one has another event and stays pending.
    pub(super) fn end_order(
        &self,
        token: TokenId,
        order: EventId,
        outcome: OrderOutcome,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db.run(
            "UPDATE token_order SET ended_at = ?3, outcome = ?4
             WHERE token = ?1 AND event = ?2 AND ended_at IS NULL",
            &[&token, &order, &now, &outcome],
        )
    }
}
