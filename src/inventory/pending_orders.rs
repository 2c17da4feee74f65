//! Pending orders: what was asked for on the socket. An order survives a crash, and the next sweep carries it out.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Error, Tx, View};
use crate::model::{Cause, Event, EventId, NewEvent, OrderKind, PendingOrder, Token, TokenId};

impl View<'_> {
    /// All pending orders; there are few.
    pub fn pending_orders(&self) -> Result<HashMap<TokenId, PendingOrder>, Error> {
        let all = "SELECT token, action, event FROM pending_order";
        self.db.all(all, &[], |row| {
            let (order, event) = (row.get(1)?, row.get(2)?);
            Ok((row.get(0)?, PendingOrder { order, event }))
        })
    }

    /// The orders of an app that end when no call can be made. The others wait for the app.
    pub fn refusable_orders(&self, app: &str) -> Result<Vec<(TokenId, EventId)>, Error> {
        self.db.all(
            "SELECT o.token, o.event FROM pending_order o JOIN token t ON t.id = o.token
             WHERE t.app = ?1 AND o.action IN ('check', 'rotate') ORDER BY o.event",
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
            "INSERT INTO pending_order (token, action, event, requested_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (token) DO UPDATE
             SET action = excluded.action, event = excluded.event, requested_at = excluded.requested_at",
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
            self.order_is_done(*id, *order)?;
        }
        Ok(refused.len())
    }

    fn same_order(&self, token: TokenId, order: OrderKind) -> Result<Option<EventId>, Error> {
        let same = "SELECT event FROM pending_order WHERE token = ?1 AND action = ?2";
        self.db.maybe_value(same, &[&token, &order])
    }

    /// Removes the order that was carried out. A newer one has another event and stays.
    pub(super) fn order_is_done(&self, token: TokenId, order: EventId) -> Result<(), Error> {
        let done = "DELETE FROM pending_order WHERE token = ?1 AND event = ?2";
        self.db.run(done, &[&token, &order])
    }
}
