//! What became of candidates: one that Meta was asked about is removed, and if it was refused, the reason is kept until
//! the next one is stored.

use jiff::Timestamp;

use super::engine::Json;
use super::{Error, Tx, View};
use crate::model::{CheckedCandidate, Refusal, TokenId};

impl View<'_> {
    /// When the latest candidate was refused, and why. `None` if it was not.
    pub fn refused_candidate(&self, token: TokenId) -> Result<Option<(Timestamp, Refusal)>, Error> {
        self.db.maybe(
            "SELECT refused_at, why FROM refused_candidate WHERE token = ?1",
            &[&token],
            |row| Ok((row.get(0)?, row.get::<Json<_>>(1)?.0)),
        )
    }
}

impl Tx<'_> {
    /// Removes a candidate that was examined, and records why if it was refused. A newer one has another number and
    /// stays.
    pub(super) fn drop_candidate(
        &self,
        token: TokenId,
        checked: &CheckedCandidate,
        now: Timestamp,
    ) -> Result<(), Error> {
        let dropped = self.db.changed(
            "DELETE FROM version WHERE token = ?1 AND number = ?2 AND role = 'candidate'",
            &[&token, &checked.number],
        )?;
        let Some(why) = checked.refusal.as_ref().filter(|_| dropped > 0) else {
            return Ok(());
        };
        self.db.run(
            "INSERT INTO refused_candidate (token, refused_at, why) VALUES (?1, ?2, ?3)
             ON CONFLICT (token) DO UPDATE
             SET refused_at = excluded.refused_at, why = excluded.why",
            &[&token, &now, &Json(why)],
        )
    }

    /// A refusal names the person whose token was offered.
    pub(super) fn delete_refusals(&self, person: &str) -> Result<(), Error> {
        self.db.run(
            "DELETE FROM refused_candidate WHERE replace(why, '\"' || ?1 || '\"', '') <> why",
            &[&person],
        )
    }
}
