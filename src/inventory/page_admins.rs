//! Who reaches which page: through whom a lost page token may be read again, and whom one login brings back.

use jiff::Timestamp;
use rusqlite::params;

use super::rows::LIVES;
use super::{Error, EventKind, Imported, NewEvent, NewToken, Tx, View};
use crate::model::{Kind, Scopes, Token, TokenId, slug};
use crate::secret::Secret;

/// So many digits of a page's id are enough to tell two pages of the same name apart, mostly.
const LAST_DIGITS: usize = 4;

/// A page as the list of a user token showed it.
#[derive(Clone, Debug)]
pub struct SeenPage {
    pub id: String,
    pub name: String,
    /// Its token, to be taken in when somebody asked for that.
    pub import_token: Option<Secret>,
}

impl View<'_> {
    /// Live user tokens through which the token of `page` might be read: its parent first, then others that
    /// reach the page.
    pub fn possible_parents(&self, page: &Token, limit: usize) -> Result<Vec<TokenId>, Error> {
        let Some(facts) = &page.facts else {
            return Ok(Vec::new());
        };
        let mut found = self.db.prepare_cached(&format!(
            "SELECT id FROM token t
             WHERE app = ?1 AND kind = 'user' AND {LIVES}
               AND id IN (SELECT ?2
                    UNION SELECT id FROM token WHERE app = ?1 AND person = ?3 AND kind = 'user'
                    UNION SELECT parent FROM token WHERE app = ?1 AND subject = ?4
                    UNION SELECT token FROM page_admin WHERE page = ?4)
             ORDER BY id IS NOT ?2, person IS NOT ?3, id LIMIT ?5"
        ))?;
        let found = found.query_map(
            params![page.app, page.parent, facts.person, facts.subject, limit],
            |row| row.get(0),
        )?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

impl View<'_> {
    /// Other tokens of the same person that were alive when they were looked at last, the person's own first; and
    /// whether there are others at all.
    pub fn related_tokens(&self, of: &Token, limit: usize) -> Result<(Vec<TokenId>, bool), Error> {
        let Some(facts) = &of.facts else {
            return Ok((Vec::new(), false));
        };
        let mut found = self.db.prepare_cached(&format!(
            "SELECT id, {LIVES} FROM token t
             WHERE app = ?1 AND person = ?2 AND id <> ?3
             ORDER BY 2 DESC, kind = 'page', id LIMIT ?4"
        ))?;
        let found = found.query_map(params![of.app, facts.person, of.id, limit], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let found: Vec<(TokenId, bool)> = found.collect::<Result<_, _>>()?;
        let living = found.iter().filter(|(_, daemon_runs)| *daemon_runs);
        Ok((living.map(|(id, _)| *id).collect(), !found.is_empty()))
    }
}

impl Tx<'_> {
    /// Keeps what a user token's list of pages said: who reaches what, how pages are called, whose child a page
    /// token is. Pages whose token comes along are taken in. Nothing of a user token that was deleted meanwhile.
    pub fn store_page_admins(
        &self,
        user: &Token,
        pages: &[SeenPage],
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.name_of(user.id)?.is_none() {
            return Ok(());
        }
        self.db
            .prepare_cached("DELETE FROM page_admin WHERE token = ?1")?
            .execute([user.id])?;
        for page in pages {
            self.db
                .prepare_cached(
                    "INSERT OR IGNORE INTO page_admin (token, page, name) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![user.id, page.id, page.name])?;
            self.set_page_parent(user, page)?;
            if let Some(secret) = &page.import_token {
                self.import_token(user, page, secret, now)?;
            }
        }
        Ok(())
    }

    /// A page token that was just described for the first time gets the page's name, and the user token that it hangs
    /// on, if a list of pages told of them before.
    pub fn link_parent(&self, page: &Token) -> Result<(), Error> {
        let Some(facts) = page.facts.as_ref().filter(|facts| facts.kind == Kind::Page) else {
            return Ok(());
        };
        self.db
            .prepare_cached(
                "UPDATE token SET
                    subject_name = coalesce(subject_name,
                        (SELECT name FROM page_admin WHERE page = ?2 LIMIT 1)),
                    parent = coalesce(parent,
                        (SELECT d.token FROM page_admin d JOIN token u ON u.id = d.token
                         WHERE d.page = ?2 AND u.app = ?3 AND u.person = ?4 LIMIT 1))
                 WHERE id = ?1",
            )?
            .execute(params![page.id, facts.subject, page.app, facts.person])?;
        Ok(())
    }

    fn set_page_parent(&self, user: &Token, page: &SeenPage) -> Result<(), Error> {
        let person = user
            .facts
            .as_ref()
            .map_or("", |facts| facts.person.as_str());
        self.db
            .prepare_cached(
                "UPDATE token SET subject_name = ?4, parent = CASE
                    WHEN parent IS NULL AND person = ?5 THEN ?1 ELSE parent END
                 WHERE app = ?2 AND subject = ?3 AND kind = 'page'",
            )?
            .execute(params![user.id, user.app, page.id, page.name, person])?;
        Ok(())
    }

    fn import_token(
        &self,
        user: &Token,
        page: &SeenPage,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.has_page_of(user, &page.id)? {
            return Ok(());
        }
        let imported = self.import(
            &NewToken {
                app: user.app.clone(),
                name: Some(self.free_page_name(&user.app, page)?),
                secret: secret.clone(),
                owners: Vec::new(),
                required_scopes: Scopes::default(),
                parent: Some(user.id),
                subject_name: Some(page.name.clone()),
            },
            now,
        )?;
        let Imported::Added { name, id } = imported else {
            return Ok(());
        };
        let event = NewEvent {
            token: Some(id),
            name: Some(name),
            ..NewEvent::of_app(&user.app, EventKind::Discovered)
        };
        let event = event
            .with("through", user.name.as_str())
            .with("page", page.name.as_str());
        self.record_event(&event, now).map(drop)
    }

    fn has_page_of(&self, user: &Token, page: &str) -> Result<bool, Error> {
        let person = user
            .facts
            .as_ref()
            .map_or("", |facts| facts.person.as_str());
        let mut held = self.db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM token WHERE app = ?1 AND subject = ?2 AND kind = 'page'
                AND person = ?3)",
        )?;
        Ok(held.query_row(params![user.app, page, person], |row| row.get(0))?)
    }

    /// `acme-corner-bakery`; where that is taken, with the last digits of the page's id.
    fn free_page_name(&self, app: &str, page: &SeenPage) -> Result<String, Error> {
        let Some(slug) = slug(&page.name) else {
            return self.free_name(&format!("{app}-{}", page.id));
        };
        let plain = format!("{app}-{slug}");
        if self.token_named(&plain)?.is_none() {
            return Ok(plain);
        }
        let digits = page.id.as_str();
        for length in (LAST_DIGITS..digits.len()).step_by(2) {
            let Some(last) = digits.get(digits.len() - length..) else {
                break;
            };
            let name = format!("{plain}-{last}");
            if self.token_named(&name)?.is_none() {
                return Ok(name);
            }
        }
        self.free_name(&format!("{plain}-{digits}"))
    }

    /// A name that is taken gets a number behind it, as for the same page through several people.
    pub fn free_name(&self, wanted: &str) -> Result<String, Error> {
        let mut name = wanted.to_owned();
        let mut number = 1;
        while self.token_named(&name)?.is_some() {
            number += 1;
            name = format!("{wanted}-{number}");
        }
        Ok(name)
    }

    /// One token of a person died of something that may concern them all: look at the others now, so that the
    /// story is told whole.
    pub fn schedule_related_now(&self, of: &Token, now: Timestamp) -> Result<usize, Error> {
        let Some(facts) = &of.facts else { return Ok(0) };
        let mut hasten = self.db.prepare_cached(
            "UPDATE schedule SET due_at = ?4
             WHERE due_at > ?4 AND leased_until = 0 AND token IN (
                SELECT id FROM token WHERE app = ?1 AND person = ?2 AND id <> ?3)",
        )?;
        Ok(hasten.execute(params![of.app, facts.person, of.id, now.as_second()])?)
    }

    /// A permission of a person came or went, as one token of theirs shows. The person's own token is looked at now, and
    /// through it the pages: each page on its own would wake all the others once more.
    pub fn schedule_permission_checks(&self, of: &Token, now: Timestamp) -> Result<usize, Error> {
        let Some(facts) = &of.facts else { return Ok(0) };
        let mut own = self.db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM token
                WHERE app = ?1 AND person = ?2 AND id <> ?3 AND kind <> 'page' AND state <> 'dead')",
        )?;
        let own_only = facts.kind == Kind::Page
            && own.query_row(params![of.app, facts.person, of.id], |row| row.get(0))?;
        let mut hasten = self.db.prepare_cached(
            "UPDATE schedule SET due_at = ?4
             WHERE due_at > ?4 AND leased_until = 0 AND coalesce(checked_at, 0) < ?4 AND token IN (
                SELECT id FROM token WHERE app = ?1 AND person = ?2 AND id <> ?3
                    AND (kind <> 'page' OR NOT ?5))",
        )?;
        let these = params![of.app, facts.person, of.id, now.as_second(), own_only];
        Ok(hasten.execute(these)?)
    }

    /// A person's token works again: whatever of that person's died or fails, and every dead page that is reached
    /// through it, is looked at now.
    pub fn schedule_pages_now(&self, of: &Token, now: Timestamp) -> Result<usize, Error> {
        let Some(facts) = &of.facts else { return Ok(0) };
        let mut schedule_page_checks = self.db.prepare_cached(
            "UPDATE schedule SET due_at = ?4, leased_until = 0
             WHERE token <> ?3 AND (due_at IS NULL OR due_at > ?4) AND token IN (
                SELECT id FROM token
                    WHERE app = ?1 AND person = ?2 AND state IN ('dead', 'failing')
                UNION SELECT id FROM token WHERE parent = ?3 AND state IN ('dead', 'failing')
                UNION SELECT t.id FROM page_admin d JOIN token t ON t.app = ?1 AND t.subject = d.page
                    WHERE d.token = ?3 AND t.state = 'dead')",
        )?;
        Ok(schedule_page_checks.execute(params![of.app, facts.person, of.id, now.as_second()])?)
    }
}
