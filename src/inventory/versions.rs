//! Versions: the secrets of a token. One is in use, the ones before it are kept until they expire, and a candidate may
//! wait to be confirmed.

use jiff::Timestamp;

use super::cells::{self, Bearer};
use super::{Error, Tx, View};
use crate::model::{ExchangeId, Expiry, State, Token, TokenId};
use crate::secret::Secret;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewVersion {
    Kept,
    /// The secret is in use already.
    AlreadyInUse,
    /// Another token has this secret.
    HeldByAnother,
}

/// What a new version is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Current,
    Candidate,
    /// A candidate that came from an exchange.
    Exchanged(ExchangeId),
}

impl Role {
    /// The two columns that say so.
    const fn columns(self) -> (&'static str, Option<ExchangeId>) {
        match self {
            Self::Current => ("current", None),
            Self::Candidate => ("candidate", None),
            Self::Exchanged(exchange) => ("candidate", Some(exchange)),
        }
    }
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
}

impl Tx<'_> {
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
        let fingerprint = self.add_version(bearer, number, Role::Current, secret, now)?;
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

    pub(super) fn next_number(&self, token: TokenId) -> Result<u32, Error> {
        let next = "SELECT max(number) + 1 FROM version WHERE token = ?1";
        self.db.value(next, &[&token])
    }

    pub(super) fn add_version(
        &self,
        of: Bearer<'_>,
        number: u32,
        role: Role,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<String, Error> {
        let sealed = self.sealed(of, number, secret)?;
        let digest = self.sealer.digest(secret);
        let (role, exchange) = role.columns();
        self.db.run(
            "INSERT INTO version (token, number, role, secret, digest, obtained_at, exchange)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            &[&of.id, &number, &role, &sealed, &digest.0, &now, &exchange],
        )?;
        Ok(digest.fingerprint())
    }

    pub(super) fn sealed(
        &self,
        of: Bearer<'_>,
        number: u32,
        secret: &Secret,
    ) -> Result<Vec<u8>, Error> {
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
    pub(super) fn version_holding(&self, secret: &Secret) -> Result<Option<(TokenId, u32)>, Error> {
        self.db.maybe(
            "SELECT token, number FROM version WHERE digest = ?1 ORDER BY role, number DESC, token LIMIT 1",
            &[&self.sealer.digest(secret).0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}
