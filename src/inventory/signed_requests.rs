//! The signed requests that were accepted, so that each counts once and at one callback only. A row is removed when the
//! request itself is too old to be accepted.

use jiff::Timestamp;

use super::{Error, Tx, View};
use crate::secret::Secret;

/// The address that Meta posts a signed request to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callback {
    Deauthorize,
    DataDeletion,
}

/// Whether a signed request was accepted before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    First,
    /// At the same callback: Meta repeated it.
    Again,
    /// At the other callback, so this is a replay.
    Elsewhere,
}

/// Meta signs far fewer in a day. Beyond this, the oldest are removed.
const MOST_KEPT: u32 = 100_000;

/// How many old rows one request removes.
const REMOVED_AT_ONCE: u32 = 100;

impl Callback {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Deauthorize => "deauthorize",
            Self::DataDeletion => "data_deletion",
        }
    }
}

impl View<'_> {
    pub fn use_of_signed_request(
        &self,
        app: &str,
        payload: &[u8],
        callback: Callback,
    ) -> Result<Use, Error> {
        let is_same = self.db.maybe_value(
            "SELECT callback = ?2 FROM signed_request WHERE digest = ?1",
            &[&self.request_digest(app, payload), &callback.as_str()],
        )?;
        Ok(match is_same {
            None => Use::First,
            Some(true) => Use::Again,
            Some(false) => Use::Elsewhere,
        })
    }

    fn request_digest(&self, app: &str, payload: &[u8]) -> [u8; 32] {
        let payload = String::from_utf8_lossy(payload);
        let named = Secret::new(format!("signed request to {app}: {payload}"));
        self.sealer.digest(&named).0
    }
}

impl Tx<'_> {
    /// Stores the request. Returns whether it was accepted before.
    pub fn use_signed_request(
        &self,
        app: &str,
        payload: &[u8],
        callback: Callback,
        delete_after: Timestamp,
        now: Timestamp,
    ) -> Result<Use, Error> {
        let before = self.use_of_signed_request(app, payload, callback)?;
        if before != Use::First {
            return Ok(before);
        }
        self.prune_signed_requests(now)?;
        let digest = self.request_digest(app, payload);
        self.db.run(
            "INSERT INTO signed_request (digest, callback, delete_after) VALUES (?1, ?2, ?3)",
            &[&digest, &callback.as_str(), &delete_after],
        )?;
        Ok(before)
    }

    fn prune_signed_requests(&self, now: Timestamp) -> Result<(), Error> {
        self.db.run(
            "DELETE FROM signed_request WHERE digest IN (SELECT digest FROM signed_request
                WHERE delete_after < ?1 ORDER BY delete_after LIMIT ?2)",
            &[&now, &REMOVED_AT_ONCE],
        )?;
        self.db.run(
            "DELETE FROM signed_request WHERE digest IN (SELECT digest FROM signed_request
                    ORDER BY delete_after DESC LIMIT ?1 OFFSET ?2)",
            &[&REMOVED_AT_ONCE, &(MOST_KEPT - 1)],
        )
    }
}
