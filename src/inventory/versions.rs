//! Versions: the secrets of a token. One is in use, the ones before it are kept until they expire, and a candidate may
//! wait to be confirmed.

use std::collections::HashMap;

use jiff::Timestamp;

use super::cells::{self, Bearer};
use super::engine::Row;
use super::{Error, Tx, View};
use crate::model::{Candidate, Expiry, State, Token, TokenId};
use crate::secret::Secret;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewVersion {
    Kept,
    /// The secret is in use already.
    AlreadyInUse,
    /// Another token has this secret.
    HeldByAnother,
}

/// What a permitted reader gets.
#[derive(Clone, Debug)]
pub struct SecretReading {
    pub secret: Secret,
    pub version: u32,
    pub state: State,
    pub expires_at: Expiry,
}

impl SecretReading {
    pub fn ends_before(&self, instant: Timestamp) -> bool {
        self.expires_at.is_before(instant)
    }
}

/// How many previous secrets are kept for a rollback, even if they never expire.
const KEPT_FOREVER: u32 = 3;

impl View<'_> {
    pub(super) fn unseal(
        &self,
        bearer: Bearer<'_>,
        number: u32,
        sealed: &[u8],
    ) -> Result<Secret, Error> {
        self.sealer
            .open(sealed, cells::secret(&bearer.row(number)))
            .map_err(|_| Error::Unsealable(bearer.name.to_owned()))
    }

    /// The secret in use, for a permitted reader. The caller must record the read in the journal.
    pub fn secret_of(&self, token: &Token) -> Result<Option<SecretReading>, Error> {
        let Some(secret) = self.version(token, token.version)? else {
            return Ok(None);
        };
        let expires_at = token
            .facts
            .as_ref()
            .map_or(Expiry::Unknown, |facts| facts.expires_at);
        Ok(Some(SecretReading {
            secret,
            version: token.version,
            state: token.state(),
            expires_at,
        }))
    }

    /// An earlier secret by its number, as long as it is kept. The caller must record the read in the journal.
    pub fn earlier_secret_of(
        &self,
        token: &Token,
        number: u32,
    ) -> Result<Option<SecretReading>, Error> {
        let ends_at: Option<Expiry> = self.db.maybe_value(
            "SELECT ends_at FROM version WHERE token = ?1 AND number = ?2 AND role = 'previous'",
            &[&token.id, &number],
        )?;
        let (Some(expires_at), Some(secret)) = (ends_at, self.version(token, number)?) else {
            return Ok(None);
        };
        Ok(Some(SecretReading {
            secret,
            version: number,
            state: token.state(),
            expires_at,
        }))
    }

    /// When the secret in use was obtained, if it is not the imported one.
    pub fn replaced_at(&self, token: &Token) -> Result<Option<Timestamp>, Error> {
        self.db.maybe_value(
            "SELECT obtained_at FROM version WHERE token = ?1 AND role = 'current' AND number > 1",
            &[&token.id],
        )
    }

    pub(super) fn version(&self, token: &Token, number: u32) -> Result<Option<Secret>, Error> {
        // The name may have changed since the token was read, so it is read with the secret that is bound to it.
        let sealed: Option<(Vec<u8>, String)> = self.db.maybe(
            "SELECT v.secret, t.name FROM version v JOIN token t ON t.id = v.token
             WHERE v.token = ?1 AND v.number = ?2",
            &[&token.id, &number],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        sealed
            .map(|(sealed, name)| self.unseal(Bearer::named(token, &name), number, &sealed))
            .transpose()
    }

    /// All candidates; there are few.
    pub(super) fn candidates(&self) -> Result<HashMap<TokenId, Candidate>, Error> {
        let all: Vec<Option<_>> = self.db.all(
            "SELECT v.token, v.number, v.secret, v.accepts_fewer, t.app, t.name
             FROM version v JOIN token t ON t.id = v.token WHERE v.role = 'candidate'",
            &[],
            |row| self.candidate(row),
        )?;
        Ok(all.into_iter().flatten().collect())
    }

    /// `None` for one that does not open. It does not stop the others.
    fn candidate(&self, row: &Row<'_>) -> Result<Option<(TokenId, Candidate)>, Error> {
        let (id, number, sealed): (_, _, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (app, name): (String, String) = (row.get(4)?, row.get(5)?);
        let (app, name) = (&app, &name);
        match self.unseal(Bearer { id, app, name }, number, &sealed) {
            Ok(secret) => {
                let candidate = Candidate {
                    number,
                    secret,
                    accepts_fewer: row.get(3)?,
                };
                Ok(Some((id, candidate)))
            }
            Err(error) => {
                tracing::error!("skipping a candidate secret: {error}");
                Ok(None)
            }
        }
    }
}

impl Tx<'_> {
    /// Stores a secret as a candidate and makes the token due. Replaces an earlier candidate.
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
            "DELETE FROM version WHERE token = ?1 AND role = 'candidate'",
            "DELETE FROM refused_candidate WHERE token = ?1",
        ] {
            self.db.run(forget, &[&token.id])?;
        }
        let number = self.next_number(token.id)?;
        self.add_version(Bearer::of(token), number, "candidate", secret, now)?;
        self.make_due(token.id, now)?;
        Ok(NewVersion::Kept)
    }

    /// Lets the candidate have fewer permissions than the secret in use, because an operator said so.
    pub fn accept_fewer(&self, token: TokenId) -> Result<(), Error> {
        self.db.run(
            "UPDATE version SET accepts_fewer = 1 WHERE token = ?1 AND role = 'candidate'",
            &[&token],
        )
    }

    /// Makes the version before the current one a candidate. `None` when there is none left.
    pub fn recall_previous(&self, token: &Token, now: Timestamp) -> Result<Option<()>, Error> {
        let number = self.db.maybe_value(
            "SELECT number FROM version WHERE token = ?1 AND role = 'previous'
             ORDER BY number DESC LIMIT 1",
            &[&token.id],
        )?;
        let Some(number) = number else {
            return Ok(None);
        };
        let Some(secret) = self.version(token, number)? else {
            return Ok(None);
        };
        self.store_candidate(token, &secret, now)?;
        Ok(Some(()))
    }

    /// Puts a confirmed secret in use, and keeps the previous one until it expires. Returns the number and fingerprint
    /// of the new version.
    pub(super) fn swap_in(
        &self,
        before: &Token,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(u32, String), Error> {
        let ends_at = before
            .facts
            .as_ref()
            .map_or(Expiry::Unknown, |facts| facts.expires_at);
        self.db.run(
            "UPDATE version SET role = 'previous', ends_at = ?2
             WHERE token = ?1 AND role = 'current'",
            &[&before.id, &ends_at],
        )?;
        let number = self.next_number(before.id)?;
        // It may have been renamed while Meta was asked.
        let name = self.name_of(before.id)?;
        let bearer = Bearer::named(before, name.as_ref().unwrap_or(&before.name));
        let fingerprint = self.add_version(bearer, number, "current", secret, now)?;
        self.retire_versions(before.id, now)?;
        Ok((number, fingerprint))
    }

    fn retire_versions(&self, token: TokenId, now: Timestamp) -> Result<(), Error> {
        self.db.run(
            "DELETE FROM version WHERE token = ?1 AND role = 'previous'
             AND (ends_at <= ?2 OR number NOT IN (
                SELECT number FROM version WHERE token = ?1 AND role = 'previous'
                ORDER BY number DESC LIMIT ?3)
                AND number NOT IN (SELECT in_use_version FROM consumer
                    WHERE token = ?1 AND in_use_version IS NOT NULL))",
            &[&token, &now, &KEPT_FOREVER],
        )
    }

    /// Deletes previous secrets that have expired, 1,000 at most.
    pub fn retire_ended_versions(&self, now: Timestamp) -> Result<usize, Error> {
        self.db.changed(
            "DELETE FROM version WHERE (token, number) IN (SELECT token, number FROM version
                WHERE role = 'previous' AND ends_at <= ?1 LIMIT 1000)",
            &[&now],
        )
    }

    fn next_number(&self, token: TokenId) -> Result<u32, Error> {
        let next = "SELECT max(number) + 1 FROM version WHERE token = ?1";
        self.db.value(next, &[&token])
    }

    pub(super) fn add_version(
        &self,
        of: Bearer<'_>,
        number: u32,
        role: &str,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<String, Error> {
        let sealed = self.sealed(of, number, secret)?;
        let digest = self.sealer.digest(secret);
        self.db.run(
            "INSERT INTO version (token, number, role, secret, digest, obtained_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            &[&of.id, &number, &role, &sealed, &digest.0, &now],
        )?;
        Ok(digest.fingerprint())
    }

    fn sealed(&self, of: Bearer<'_>, number: u32, secret: &Secret) -> Result<Vec<u8>, Error> {
        self.sealer
            .seal(secret, cells::secret(&of.row(number)))
            .map_err(|_| Error::Unsealable(of.name.to_owned()))
    }

    /// Seals all secrets of a token again for its new name. One that does not open stops it: under another name it
    /// would never open again.
    pub(super) fn reseal_versions(&self, before: &Token, after: &Token) -> Result<(), Error> {
        let versions: Vec<(u32, Vec<u8>)> = self.db.all(
            "SELECT number, secret FROM version WHERE token = ?1",
            &[&before.id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for (number, sealed) in versions {
            let secret = self.unseal(Bearer::of(before), number, &sealed)?;
            let sealed = self.sealed(Bearer::of(after), number, &secret)?;
            let reseal = "UPDATE version SET secret = ?3 WHERE token = ?1 AND number = ?2";
            self.db.run(reseal, &[&before.id, &number, &sealed])?;
        }
        Ok(())
    }

    /// The version that holds this secret, of any token.
    fn version_holding(&self, secret: &Secret) -> Result<Option<(TokenId, u32)>, Error> {
        self.db.maybe(
            "SELECT token, number FROM version WHERE digest = ?1 ORDER BY role, number DESC LIMIT 1",
            &[&self.sealer.digest(secret).0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}
