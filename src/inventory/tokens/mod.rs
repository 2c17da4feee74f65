//! Tokens: importing, finding and removing them.

mod list;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{Error, Tx, View, rows};
use crate::model::{Scopes, Token, TokenId};
use crate::secret::Secret;

pub use list::{After, Cursor, Filter, Sort, TokenPage};

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
        let sql = format!("SELECT {} {} WHERE t.id = ?1", rows::TOKEN, rows::FROM);
        Ok(self
            .db
            .prepare_cached(&sql)?
            .query_row([id], rows::token)
            .optional()?)
    }

    pub fn token_named(&self, name: &str) -> Result<Option<Token>, Error> {
        let sql = format!("SELECT {} {} WHERE t.name = ?1", rows::TOKEN, rows::FROM);
        Ok(self
            .db
            .prepare_cached(&sql)?
            .query_row([name], rows::token)
            .optional()?)
    }

    pub fn name_of(&self, id: TokenId) -> Result<Option<String>, Error> {
        let mut name = self
            .db
            .prepare_cached("SELECT name FROM token WHERE id = ?1")?;
        Ok(name.query_row([id], |row| row.get(0)).optional()?)
    }

    pub fn children_of(&self, parent: TokenId, limit: usize) -> Result<Vec<String>, Error> {
        let mut names = self
            .db
            .prepare_cached("SELECT name FROM token WHERE parent = ?1 ORDER BY name LIMIT ?2")?;
        let names = names.query_map(params![parent, limit], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Imports a token. The next sweep asks Meta what it is.
    pub fn import(&self, new: &NewToken, now: Timestamp) -> Result<Imported, Error> {
        let digest = self.sealer.digest(&new.secret);
        if let Some((id, name)) = self.find_by_fingerprint(&digest.0)? {
            return Ok(Imported::Known { id, name });
        }
        let fingerprint = digest.fingerprint();
        let name = new
            .name
            .clone()
            .unwrap_or_else(|| format!("{}-{fingerprint}", new.app));
        if self.token_named(&name)?.is_some() {
            return Ok(Imported::NameTaken { name });
        }
        let mut insert = self.db.prepare_cached(
            "INSERT INTO token (app, name, subject_name, parent, required_scopes, owners,
                                fingerprint, imported_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
        )?;
        let id: TokenId = insert.query_row(
            params![
                new.app,
                name,
                new.subject_name,
                new.parent,
                new.required_scopes,
                rows::list(&new.owners),
                fingerprint,
                now.as_second()
            ],
            |row| row.get(0),
        )?;
        self.db
            .prepare_cached("INSERT INTO schedule (token, app, due_at) VALUES (?1, ?2, ?3)")?
            .execute(params![id, new.app, now.as_second()])?;
        let Some(token) = self.token(id)? else {
            return Err(Error::Closed);
        };
        self.add_version(&token, 1, "current", &new.secret, now)?;
        Ok(Imported::Added { id, name })
    }

    fn find_by_fingerprint(&self, digest: &[u8; 32]) -> Result<Option<(TokenId, String)>, Error> {
        let mut holder = self.db.prepare_cached(
            "SELECT t.id, t.name FROM version v JOIN token t ON t.id = v.token WHERE v.digest = ?1
             LIMIT 1",
        )?;
        Ok(holder
            .query_row([digest], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    }

    /// Removes a token with all its secrets; the journal keeps its name.
    pub fn forget(&self, id: TokenId) -> Result<(), Error> {
        self.review_incident_of(id)?;
        self.db
            .prepare_cached("DELETE FROM token WHERE id = ?1")?
            .execute([id])?;
        Ok(())
    }

    pub fn name_subject(&self, id: TokenId, name: &str) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE token SET subject_name = ?2 WHERE id = ?1")?
            .execute(params![id, name])?;
        Ok(())
    }
}
