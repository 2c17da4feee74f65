//! Candidates: secrets that wait beside the one in use until Meta has confirmed them. An operator or a login hands one in,
//! or an exchange brings it.

use std::collections::HashMap;

use jiff::Timestamp;

use super::cells::Bearer;
use super::engine::Row;
use super::versions::{NewVersion, Role};
use super::{Error, Tx, View};
use crate::model::{Candidate, ExchangeId, Token, TokenId};
use crate::secret::Secret;

impl View<'_> {
    /// A candidate for each token that has one; there are few. The one that was handed in comes before those that
    /// exchanges brought, of which the latest comes first.
    pub(super) fn candidates(&self) -> Result<HashMap<TokenId, Candidate>, Error> {
        let all = self.db.readable(
            "SELECT v.token, v.number, v.secret, v.accepts_fewer, t.app, t.name, v.exchanged_by, v.exchange,
                v.obtained_at, v.ends_at
             FROM version v JOIN token t ON t.id = v.token WHERE v.role = 'candidate'
             ORDER BY v.token, CASE WHEN v.exchange IS NULL THEN 1 ELSE 0 END, v.exchange",
            &[],
            |row| self.candidate(row),
        )?;
        Ok(all.into_iter().collect())
    }

    fn candidate(&self, row: &Row<'_>) -> Result<(TokenId, Candidate), Error> {
        let (id, number, sealed): (_, _, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (app, name): (String, String) = (row.get(4)?, row.get(5)?);
        let (app, name) = (&app, &name);
        let candidate = Candidate {
            number,
            secret: self.unseal(Bearer { id, app, name }, number, &sealed)?,
            accepts_fewer: row.get(3)?,
            is_exchanged: row.get::<Option<ExchangeId>>(6)?.is_some(),
            exchange: row.get(7)?,
            obtained_at: row.get(8)?,
            ends_at: row.get(9)?,
        };
        Ok((id, candidate))
    }

    /// The number of the candidate that an exchange was begun with, if it is still there.
    pub(super) fn candidate_exchanged_by(
        &self,
        token: TokenId,
        exchange: ExchangeId,
    ) -> Result<Option<u32>, Error> {
        self.db.maybe_value(
            "SELECT number FROM version WHERE token = ?1 AND role = 'candidate' AND exchanged_by = ?2",
            &[&token, &exchange],
        )
    }
}

impl Tx<'_> {
    /// Stores a secret as a candidate and makes the token due. Replaces an earlier candidate that was handed in.
    pub fn store_candidate(
        &self,
        token: &Token,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<NewVersion, Error> {
        match self.version_holding(secret)? {
            Some((owner_of_secret, _)) if owner_of_secret != token.id => {
                return Ok(NewVersion::HeldByAnother);
            }
            Some((_, number)) if number == token.version => return Ok(NewVersion::AlreadyInUse),
            Some(_) | None => {}
        }
        for forget in [
            "DELETE FROM version WHERE token = ?1 AND role = 'candidate' AND exchange IS NULL",
            "DELETE FROM refused_candidate WHERE token = ?1",
        ] {
            self.db.run(forget, &[&token.id])?;
        }
        let number = self.next_number(token.id)?;
        self.add_version(Bearer::of(token), number, Role::Candidate, secret, now)?;
        self.make_due(token.id, now)?;
        Ok(NewVersion::Kept)
    }

    /// Stores when the secret that was stored last ends, because Meta does not say so again.
    pub fn store_end(&self, token: TokenId, ends_at: Timestamp) -> Result<(), Error> {
        self.db.run(
            "UPDATE version SET ends_at = ?2 WHERE token = ?1
             AND number = (SELECT max(number) FROM version WHERE token = ?1)",
            &[&token, &ends_at],
        )
    }

    /// Lets the candidate have fewer permissions than the secret in use, because an operator said so.
    pub fn accept_fewer(&self, token: TokenId) -> Result<(), Error> {
        self.db.run(
            "UPDATE version SET accepts_fewer = 1
             WHERE token = ?1 AND role = 'candidate' AND exchange IS NULL",
            &[&token],
        )
    }

    /// Puts another secret in the place of a candidate's.
    pub(super) fn replace_candidate(
        &self,
        of: Bearer<'_>,
        number: u32,
        secret: &Secret,
    ) -> Result<(), Error> {
        let sealed = self.sealed(of, number, secret)?;
        let digest = self.sealer.digest(secret);
        self.db.run(
            "UPDATE version SET secret = ?3, digest = ?4
             WHERE token = ?1 AND number = ?2 AND role = 'candidate'",
            &[&of.id, &number, &sealed, &digest.0],
        )
    }
}
