//! How deliveries are put into the queue, and what becomes of them.

use jiff::Timestamp;

use crate::inventory::engine::Texts;
use crate::inventory::journal::cut;
use crate::inventory::{Error, Tx};
use crate::model::{Delivery, DeliveryOutcome, DeliveryProgress, Event, NewEvent, TokenId};

/// How many versions back the deliveries of a token to a sink are kept.
const VERSIONS_KEPT: u32 = 10;

impl Tx<'_> {
    /// Puts a version on its way to a sink, now. Earlier versions no longer wait, because versions never go backwards.
    pub fn enqueue_delivery(
        &self,
        token: TokenId,
        sink: &str,
        version: u32,
        now: Timestamp,
    ) -> Result<(), Error> {
        let undelivered_since: Option<Timestamp> = self.db.value(
            "SELECT min(undelivered_since) FROM delivery WHERE token = ?1 AND sink = ?2",
            &[&token, &sink],
        )?;
        self.db.run(
            "UPDATE delivery SET undelivered_since = NULL, lagging_since = NULL, next_try_at = NULL,
                state = CASE WHEN state IN ('pending', 'failed') THEN 'superseded' ELSE state END
             WHERE token = ?1 AND sink = ?2 AND version < ?3
                AND (state IN ('pending', 'failed') OR lagging_since IS NOT NULL)",
            &[&token, &sink, &version],
        )?;
        self.db.run(
            "DELETE FROM delivery WHERE token = ?1 AND sink = ?2 AND version <= ?3",
            &[&token, &sink, &version.saturating_sub(VERSIONS_KEPT)],
        )?;
        self.db.run(
            "INSERT INTO delivery (token, sink, version, created_at, next_try_at, undelivered_since)
             VALUES (?1, ?2, ?3, ?4, ?4, ?5)
             ON CONFLICT (token, sink, version) DO UPDATE SET state = 'pending', next_try_at = ?4, created_at = ?4,
                attempts = 0, failing_since = NULL, last_error = NULL",
            &[&token, &sink, &version, &now, &undelivered_since],
        )?;
        self.update_lag(token, now)
    }

    /// Takes a delivery out of the queue, because its sink should have something else.
    pub fn supersede_delivery(&self, delivery: &Delivery) -> Result<(), Error> {
        self.db.run(
            "UPDATE delivery SET state = 'superseded', next_try_at = NULL, undelivered_since = NULL
             WHERE id = ?1 AND state = 'pending'",
            &[&delivery.id],
        )
    }

    /// Records an attempt. Does nothing if a newer version took the delivery's place meanwhile, or if the token was renamed:
    /// it is then delivered again under its new name.
    pub fn record_delivery_attempt(
        &self,
        delivery: &Delivery,
        outcome: &DeliveryOutcome,
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.name_of(delivery.token)?.as_ref() != Some(&delivery.token_name) {
            return Ok(());
        }
        let recorded = match outcome {
            DeliveryOutcome::Delivered { .. } => self.db.changed(
                "UPDATE delivery SET state = 'delivered', attempts = attempts + 1, next_try_at = NULL,
                    failing_since = NULL, undelivered_since = NULL, last_error = NULL, delivered_at = ?2
                 WHERE id = ?1 AND state = 'pending'",
                &[&delivery.id, &now],
            )?,
            DeliveryOutcome::Failed {
                reason,
                next_try_at,
            } => self.db.changed(
                "UPDATE delivery SET state = CASE WHEN CAST(?3 AS BIGINT) IS NULL THEN 'failed' ELSE state END,
                    attempts = attempts + 1, next_try_at = ?3, last_error = ?4,
                    failing_since = coalesce(failing_since, ?2),
                    undelivered_since = coalesce(undelivered_since, ?2)
                 WHERE id = ?1 AND state = 'pending'",
                &[&delivery.id, &now, next_try_at, &cut(reason)],
            )?,
        };
        if recorded == 0 {
            return Ok(());
        }
        if let DeliveryOutcome::Delivered { in_use } = *outcome {
            self.record_seen(delivery.token, &delivery.sink, delivery.version, now)?;
            if in_use {
                self.record_in_use(delivery.token, &delivery.sink, delivery.version, now)?;
            }
        }
        self.record_of_token(delivery.token, attempted(delivery, outcome), now)
    }

    /// Lets everything that waits for a sink wait until then, because the sink itself is broken.
    pub fn postpone_deliveries(
        &self,
        sink: &str,
        reason: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db.run(
            "UPDATE delivery SET next_try_at = ?3, last_error = ?2 WHERE sink = ?1 AND next_try_at <= ?4",
            &[&sink, &cut(reason), &until, &now],
        )
    }

    /// Takes everything out of the queue that waits for sinks that are no longer configured.
    pub fn supersede_deliveries_of_other_sinks(&self) -> Result<usize, Error> {
        let sinks: Vec<String> = self.sinks.iter().map(|sink| sink.sink.clone()).collect();
        self.db.changed(
            "UPDATE delivery SET state = 'superseded', next_try_at = NULL, undelivered_since = NULL
             WHERE state = 'pending' AND sink NOT IN (SELECT value FROM json_each(?1))",
            &[&Texts(&sinks)],
        )
    }

    /// Makes failed deliveries pending again, and all pending ones due: of one sink or of all. Returns how many.
    pub fn retry_deliveries(&self, sink: Option<&str>, now: Timestamp) -> Result<usize, Error> {
        self.db.run(
            "DELETE FROM disabled_sink WHERE sink = coalesce(?1, sink)",
            &[&sink],
        )?;
        self.db.changed(
            "UPDATE delivery SET state = 'pending', next_try_at = ?2, attempts = 0, failing_since = NULL
             WHERE state IN ('pending', 'failed') AND sink = coalesce(?1, sink)",
            &[&sink, &now],
        )
    }

    /// Leaves a sink alone from now on. What waits for it fails.
    pub fn disable_sink(&self, sink: &str, reason: &str, now: Timestamp) -> Result<(), Error> {
        let known = self.db.changed(
            "INSERT INTO disabled_sink (sink, reason, disabled_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            &[&sink, &cut(reason), &now],
        )?;
        self.db.run(
            "UPDATE delivery SET state = 'failed', next_try_at = NULL, last_error = ?2,
                failing_since = coalesce(failing_since, ?3), undelivered_since = coalesce(undelivered_since, ?3)
             WHERE sink = ?1 AND state = 'pending'",
            &[&sink, &cut(reason), &now],
        )?;
        if known == 0 {
            return Ok(());
        }
        let event = Event::SinkDisabled {
            sink: sink.to_owned(),
            reason: cut(reason),
        };
        self.record_event(&event.into(), now).map(drop)
    }

    pub(super) fn record_of_token(
        &self,
        token: TokenId,
        event: Event,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(token) = self.token(token)? else {
            return Ok(());
        };
        self.record_event(&NewEvent::about(&token, event), now)
            .map(drop)
    }

    /// Removes old deliveries, but never the newest of a token and a sink that is configured: it says what the sink has.
    pub(in crate::inventory) fn prune_deliveries(
        &self,
        cutoff: Timestamp,
        limit: u32,
    ) -> Result<usize, Error> {
        let sinks: Vec<String> = self.sinks.iter().map(|sink| sink.sink.clone()).collect();
        self.db.changed(
            "DELETE FROM delivery WHERE id IN (SELECT d.id FROM delivery d
                WHERE d.created_at < ?1 AND d.state <> 'pending'
                    AND (d.sink NOT IN (SELECT value FROM json_each(?2)) OR EXISTS (
                        SELECT 1 FROM delivery n
                        WHERE n.token = d.token AND n.sink = d.sink AND n.version > d.version))
                LIMIT ?3)",
            &[&cutoff, &Texts(&sinks), &limit],
        )
    }
}

fn attempted(delivery: &Delivery, outcome: &DeliveryOutcome) -> Event {
    let progress = DeliveryProgress {
        sink: delivery.sink.clone(),
        version: delivery.version,
        reason: None,
        next_try_at: None,
    };
    match outcome {
        DeliveryOutcome::Delivered { .. } => Event::Delivered(progress),
        DeliveryOutcome::Failed {
            reason,
            next_try_at,
        } => Event::DeliveryFailed(DeliveryProgress {
            reason: Some(cut(reason)),
            next_try_at: *next_try_at,
            ..progress
        }),
    }
}
