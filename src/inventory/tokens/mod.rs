//! Tokens: importing, finding, correcting and removing them.

mod corrections;
mod list;

use jiff::Timestamp;

use super::cells::Bearer;
use super::columns::{self, FROM_TOKEN, TOKEN};
use super::versions::Role;
use super::{Error, Tx, View};
use crate::model::{Scopes, Token, TokenId};
use crate::secret::Secret;

pub use list::{After, Cursor, Filter, Prefix, Sort, TokenPage};

/// What an importer says about a token. Meta reports the rest.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub app: String,
    pub name: Option<String>,
    pub secret: Secret,
    pub owners: Vec<String>,
    pub required_scopes: Scopes,
    pub parent: Option<TokenId>,
    pub subject_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    Added {
        id: TokenId,
        name: String,
    },
    /// The same secret is here already, under this name. Nothing was changed.
    Known {
        id: TokenId,
        name: String,
    },
    /// Another token has the name.
    NameTaken {
        name: String,
    },
}

/// Whether a name is valid. Names become parts of paths and patterns, so they are plain.
pub fn name_is_valid(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=100).contains(&name.len()) && name.chars().all(plain) && !name.starts_with(['.', '-'])
}

impl View<'_> {
    pub fn token(&self, id: TokenId) -> Result<Option<Token>, Error> {
        let of_id = format!("SELECT {TOKEN} {FROM_TOKEN} WHERE t.id = ?1");
        self.db.maybe(&of_id, &[&id], columns::token)
    }

    pub fn token_named(&self, name: &str) -> Result<Option<Token>, Error> {
        let named = format!("SELECT {TOKEN} {FROM_TOKEN} WHERE t.name = ?1");
        self.db.maybe(&named, &[&name], columns::token)
    }

    pub fn name_of(&self, id: TokenId) -> Result<Option<String>, Error> {
        let name = "SELECT name FROM token WHERE id = ?1";
        self.db.maybe_value(name, &[&id])
    }

    /// The first that were imported, by name. An index has them in that order, and there may be a million.
    pub fn children_of(&self, parent: TokenId, limit: usize) -> Result<Vec<String>, Error> {
        self.db.values(
            "SELECT name FROM (SELECT name FROM token WHERE parent = ?1 ORDER BY id LIMIT ?2) AS child
             ORDER BY name",
            &[&parent, &limit],
        )
    }
}

impl Tx<'_> {
    /// Imports a token. The next sweep asks Meta what it is.
    pub fn import(&self, new: &NewToken, now: Timestamp) -> Result<Imported, Error> {
        let digest = self.sealer.digest(&new.secret);
        if let Some((id, name)) = self.holder_of(&digest.0)? {
            return Ok(Imported::Known { id, name });
        }
        let fingerprint = digest.fingerprint();
        let name = new
            .name
            .clone()
            .unwrap_or_else(|| format!("{}-{fingerprint}", new.app));
        let id: Option<TokenId> = self.db.insert_unless_taken(
            "INSERT OR FAIL INTO token (app, name, subject_name, parent, required_scopes, owners,
                                fingerprint, imported_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (name) DO NOTHING",
            &[
                &new.app,
                &name,
                &new.subject_name,
                &new.parent,
                &new.required_scopes,
                &new.owners,
                &fingerprint,
                &now,
            ],
        )?;
        let Some(id) = id else {
            return Ok(Imported::NameTaken { name });
        };
        self.db.run(
            "INSERT INTO schedule (token, app, due_at) VALUES (?1, ?2, ?3)",
            &[&id, &new.app, &now],
        )?;
        let bearer = Bearer {
            id,
            app: &new.app,
            name: &name,
        };
        self.add_version(bearer, 1, Role::Current, &new.secret, now)?;
        Ok(Imported::Added { id, name })
    }

    fn holder_of(&self, digest: &[u8; 32]) -> Result<Option<(TokenId, String)>, Error> {
        self.db.maybe(
            "SELECT t.id, t.name FROM version v JOIN token t ON t.id = v.token WHERE v.digest = ?1
             ORDER BY v.token LIMIT 1",
            &[digest],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Removes a token with all its secrets; the journal keeps its name.
    pub fn forget(&self, id: TokenId) -> Result<(), Error> {
        self.review_incident_of(id)?;
        self.files_are_stale(id)?;
        let person: Option<(String, Option<String>)> = self.db.maybe(
            "SELECT app, person FROM token WHERE id = ?1",
            &[&id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        self.db.run("DELETE FROM token WHERE id = ?1", &[&id])?;
        match person {
            Some((app, Some(person))) => self.delete_calendar_without_tokens(&app, &person),
            Some((_, None)) | None => Ok(()),
        }
    }

    pub fn name_subject(&self, id: TokenId, name: &str) -> Result<(), Error> {
        let rename = "UPDATE token SET subject_name = ?2 WHERE id = ?1";
        self.db.run(rename, &[&id, &name])
    }
}
