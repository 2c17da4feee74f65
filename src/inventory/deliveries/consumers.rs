//! Consumers: who uses which version of a token.

use jiff::Timestamp;

use crate::inventory::engine::Row;
use crate::inventory::{Error, Tx, View};
use crate::model::{ConsumedVersion, Consumer, Token, TokenId};

/// What became of a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    Recorded,
    /// The token never had a version of this number.
    NoSuchVersion,
}

impl View<'_> {
    pub fn consumers(&self, token: TokenId) -> Result<Vec<Consumer>, Error> {
        self.db.all(
            "SELECT name, seen_version, seen_at, in_use_version, in_use_at FROM consumer
             WHERE token = ?1 ORDER BY name",
            &[&token],
            |row| {
                Ok(Consumer {
                    name: row.get(0)?,
                    seen: consumed(row, 1)?,
                    in_use: consumed(row, 3)?,
                })
            },
        )
    }

    /// Whether this consumer was given this version before.
    pub fn has_seen(&self, token: TokenId, consumer: &str, version: u32) -> Result<bool, Error> {
        self.db.value(
            "SELECT EXISTS (SELECT 1 FROM consumer WHERE token = ?1 AND name = ?2 AND seen_version >= ?3)",
            &[&token, &consumer, &version],
        )
    }
}

fn consumed(row: &Row<'_>, column: usize) -> Result<Option<ConsumedVersion>, Error> {
    let (version, at) = (row.get::<Option<_>>(column)?, row.get(column + 1)?);
    let consumed = version.zip(at);
    Ok(consumed.map(|(version, at)| ConsumedVersion { version, at }))
}

impl Tx<'_> {
    /// Records that a consumer was given a version. Does nothing for a token that is gone.
    pub fn record_seen(
        &self,
        token: TokenId,
        consumer: &str,
        version: u32,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db.run(
            "INSERT INTO consumer (token, name, seen_version, seen_at)
             SELECT id, ?2, ?3, ?4 FROM token WHERE id = ?1
             ON CONFLICT (token, name) DO UPDATE SET seen_version = ?3, seen_at = ?4
                WHERE coalesce(consumer.seen_version, 0) < ?3",
            &[&token, &consumer, &version, &now],
        )?;
        self.update_lag(token, now)
    }

    /// Records which version a consumer says it uses. A delivery of it to the sink of this name is then in use.
    pub fn confirm_use(
        &self,
        token: &Token,
        consumer: &str,
        version: u32,
        now: Timestamp,
    ) -> Result<Confirmed, Error> {
        if version == 0 || version > token.version {
            return Ok(Confirmed::NoSuchVersion);
        }
        self.record_in_use(token.id, consumer, version, now)?;
        Ok(Confirmed::Recorded)
    }

    pub(super) fn record_in_use(
        &self,
        token: TokenId,
        consumer: &str,
        version: u32,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db.run(
            "INSERT INTO consumer (token, name, in_use_version, in_use_at)
             SELECT id, ?2, ?3, ?4 FROM token WHERE id = ?1
             ON CONFLICT (token, name) DO UPDATE SET in_use_version = ?3, in_use_at = ?4",
            &[&token, &consumer, &version, &now],
        )?;
        self.db.run(
            "UPDATE delivery SET state = 'in_use', in_use_at = ?4, next_try_at = NULL,
                delivered_at = coalesce(delivered_at, ?4)
             WHERE token = ?1 AND sink = ?2 AND version = ?3 AND state <> 'superseded'",
            &[&token, &consumer, &version, &now],
        )?;
        self.update_lag(token, now)
    }

    /// Forgets a consumer. If it fetches the token again, it is back.
    pub fn retire_consumer(
        &self,
        token: TokenId,
        consumer: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let retired = self.db.changed(
            "DELETE FROM consumer WHERE token = ?1 AND name = ?2",
            &[&token, &consumer],
        )?;
        self.update_lag(token, now)?;
        Ok(retired > 0)
    }
}
