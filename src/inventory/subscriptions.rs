//! Webhook subscriptions: whether the app gets a page's webhooks. They are asked for rarely, and stored apart from the
//! tokens because few have one.

use jiff::Timestamp;

use super::columns::LIVES;
use super::engine::{Row, fields};
use super::{Error, Tx, View};
use crate::model::{
    Event, NewEvent, PageSubscription, Token, TokenId, UnsubscribedPages, WebhookSubscription,
};

/// Reads three columns, all of them null if Meta was never asked.
pub(super) fn subscription(
    row: &Row<'_>,
    first: usize,
) -> Result<Option<WebhookSubscription>, Error> {
    let Some(subscription) = row.get(first)? else {
        return Ok(None);
    };
    Ok(Some(WebhookSubscription {
        subscription,
        missing: row.get(first + 1)?,
        asked_at: row.get(first + 2)?,
    }))
}

impl View<'_> {
    pub fn subscription(&self, token: TokenId) -> Result<Option<WebhookSubscription>, Error> {
        let found = self.db.maybe(
            "SELECT state, missing, checked_at FROM webhook_subscription WHERE token = ?1",
            &[&token],
            |row| subscription(row, 0),
        )?;
        Ok(found.flatten())
    }

    /// The unsubscribed pages whose own token works, by app. There are few, so the cross join makes SQLite begin with
    /// them and not with all tokens that work.
    pub fn unsubscribed_pages(&self) -> Result<Vec<UnsubscribedPages>, Error> {
        let unsubscribed = format!(
            "SELECT t.app, count(*), min(t.name) FROM webhook_subscription s CROSS JOIN token t
             WHERE t.id = s.token AND s.state = 'missing' AND {LIVES}
             GROUP BY t.app ORDER BY t.app"
        );
        self.db.all(
            &unsubscribed,
            &[],
            fields!(UnsubscribedPages {
                app,
                pages,
                example
            }),
        )
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
        let WebhookSubscription {
            subscription,
            missing,
            asked_at,
        } = now_is;
        if self.name_of(of.id)?.is_none() {
            return Ok(());
        }
        let before = self.subscription(of.id)?;
        self.db.run(
            "INSERT INTO webhook_subscription (token, state, missing, checked_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (token) DO UPDATE
             SET state = excluded.state, missing = excluded.missing, checked_at = excluded.checked_at",
            &[&of.id, subscription, missing, asked_at],
        )?;
        if before.is_some_and(|was| was.subscription == *subscription && was.missing == *missing) {
            return Ok(());
        }
        let event = Event::WebhookSubscription(PageSubscription {
            subscription: *subscription,
            missing: missing.clone(),
        });
        self.record_event(&NewEvent::about(of, event), now)
            .map(drop)
    }
}
