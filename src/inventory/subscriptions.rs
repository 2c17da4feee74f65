//! Webhook subscriptions: whether the app gets a page's webhooks. They are asked for rarely, and stored apart from the
//! tokens because few have one.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{Error, NewEvent, Tx, View, rows};
use crate::model::{
    Event, PageSubscription, Subscription, Token, TokenId, UnsubscribedPages, WebhookSubscription,
};

/// Reads three columns, all of them null if Meta was never asked.
pub(super) fn subscription(
    row: &Row<'_>,
    first: usize,
) -> rusqlite::Result<Option<WebhookSubscription>> {
    let Some(subscription) = rows::maybe_string_enum(row, first, Subscription::from_name)? else {
        return Ok(None);
    };
    Ok(Some(WebhookSubscription {
        subscription,
        missing: row.get(first + 1)?,
        asked_at: rows::instant(row, first + 2)?,
    }))
}

impl View<'_> {
    pub fn subscription(&self, token: TokenId) -> Result<Option<WebhookSubscription>, Error> {
        let mut found = self.db.prepare_cached(
            "SELECT state, missing, checked_at FROM webhook_subscription WHERE token = ?1",
        )?;
        let found = found
            .query_row([token], |row| subscription(row, 0))
            .optional()?;
        Ok(found.flatten())
    }

    /// The unsubscribed pages whose own token works, by app. There are few.
    pub fn unsubscribed_pages(&self) -> Result<Vec<UnsubscribedPages>, Error> {
        let mut unsubscribed = self.db.prepare_cached(&format!(
            "SELECT t.app, count(*), min(t.name) FROM webhook_subscription s JOIN token t ON t.id = s.token
             WHERE s.state = 'missing' AND {}
             GROUP BY t.app ORDER BY t.app",
            rows::LIVES
        ))?;
        let unsubscribed = unsubscribed.query_map([], |row| {
            Ok(UnsubscribedPages {
                app: row.get(0)?,
                pages: row.get(1)?,
                example: row.get(2)?,
            })
        })?;
        Ok(unsubscribed.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Stores what Meta reported, and records an event if it changed. Does nothing if the token was deleted meanwhile.
    pub fn store_subscription(
        &self,
        of: &Token,
        now_is: &WebhookSubscription,
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.name_of(of.id)?.is_none() {
            return Ok(());
        }
        let before = self.subscription(of.id)?;
        self.db
            .prepare_cached(
                "INSERT INTO webhook_subscription (token, state, missing, checked_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (token) DO UPDATE
                 SET state = excluded.state, missing = excluded.missing, checked_at = excluded.checked_at",
            )?
            .execute(params![
                of.id,
                now_is.subscription.as_str(),
                now_is.missing,
                now_is.asked_at.as_second()
            ])?;
        let was = before.map(|before| (before.subscription, before.missing));
        if was == Some((now_is.subscription, now_is.missing.clone())) {
            return Ok(());
        }
        let event = Event::WebhookSubscription(PageSubscription {
            subscription: now_is.subscription,
            missing: now_is.missing.clone(),
        });
        self.record_event(&NewEvent::about(of, event), now)
            .map(drop)
    }

    /// Removes the subscriptions of an app, for when they are no longer asked for.
    pub fn delete_subscription(&self, app: &str) -> Result<usize, Error> {
        let mut forget = self.db.prepare_cached(
            "DELETE FROM webhook_subscription WHERE token IN (SELECT id FROM token WHERE app = ?1)",
        )?;
        Ok(forget.execute([app])?)
    }
}
