//! Page admins: who reaches which page. This shows through whom a lost page token can be read again, and which pages
//! one login restores.

use jiff::Timestamp;

use super::columns::LIVES;
use super::engine::Params;
use super::{Error, Imported, NewToken, Tx, View};
use crate::model::{Event, ListedPage, NewEvent, PageList, Scopes, Token, TokenId, slug};
use crate::secret::Secret;

/// How many digits of a page's id usually distinguish two pages of the same name.
const LAST_DIGITS: usize = 4;

impl View<'_> {
    /// Live user tokens through which the token of `page` might be read: its parent first, then others that
    /// reach the page.
    pub fn possible_parents(&self, page: &Token, limit: usize) -> Result<Vec<TokenId>, Error> {
        let Some(facts) = &page.facts else {
            return Ok(Vec::new());
        };
        let parents = format!(
            "SELECT id FROM token t
             WHERE app = ?1 AND kind = 'user' AND {LIVES}
               AND id IN (SELECT ?2
                    UNION SELECT id FROM token WHERE app = ?1 AND person = ?3 AND kind <> 'page'
                    UNION SELECT parent FROM token WHERE app = ?1 AND subject = ?4
                    UNION SELECT token FROM page_admin WHERE page = ?4)
             ORDER BY id IS DISTINCT FROM ?2, person <> ?3, id LIMIT ?5"
        );
        self.db.values(
            &parents,
            &[
                &page.app,
                &page.parent,
                &facts.person,
                &facts.subject,
                &limit,
            ],
        )
    }

    /// Other tokens of the same person that were alive at their last check, the person's own first. Also returns
    /// whether there are others at all. Of the pages, of which there may be 100,000, it reads only living ones.
    pub fn related_tokens(&self, of: &Token, limit: usize) -> Result<(Vec<TokenId>, bool), Error> {
        let Some(facts) = &of.facts else {
            return Ok((Vec::new(), false));
        };
        let params: Params<'_> = &[&of.app, &facts.person, &of.id, &limit];
        let living = format!(
            "SELECT id FROM (
                SELECT id, 0 AS is_page FROM token t
                WHERE app = ?1 AND person = ?2 AND kind <> 'page' AND id <> ?3 AND {LIVES}
                UNION ALL SELECT * FROM (SELECT id, 1 FROM token
                    WHERE app = ?1 AND person = ?2 AND state IN ('healthy', 'expiring')
                        AND kind = 'page' AND id <> ?3 LIMIT ?4) pages) living
             ORDER BY is_page, id LIMIT ?4"
        );
        let any = "SELECT EXISTS (SELECT 1 FROM token WHERE app = ?1 AND person = ?2 AND id <> ?3)";
        let living: Vec<TokenId> = self.db.values(&living, params)?;
        let any = !living.is_empty() || self.db.value(any, &params[..3])?;
        Ok((living, any))
    }
}

impl Tx<'_> {
    /// Stores a user token's list of pages: who reaches which page, the names of pages, and the parents of page tokens.
    /// Imports the pages whose token is given. Does nothing if the user token was deleted meanwhile.
    pub fn store_page_admins(
        &self,
        user: &Token,
        pages: &PageList,
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.list_pages(user, pages)? {
            self.apply_page_list(user, pages, now)?;
        }
        Ok(())
    }

    /// Stores the list alone. Returns whether the user token is still there.
    pub(super) fn list_pages(&self, user: &Token, pages: &PageList) -> Result<bool, Error> {
        if self.name_of(user.id)?.is_none() {
            return Ok(false);
        }
        self.db
            .run("DELETE FROM page_admin WHERE token = ?1", &[&user.id])?;
        let mut insert = self.db.batch(
            "INSERT INTO page_admin (token, page, name) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
        )?;
        for page in pages.iter() {
            insert.add(&[&user.id, &page.id, &page.name])?;
        }
        insert.finish()?;
        Ok(true)
    }

    /// What the stored list changes for the tokens of its pages.
    pub(super) fn apply_page_list(
        &self,
        user: &Token,
        pages: &PageList,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.set_page_parents(user)?;
        for page in pages.iter() {
            if let Some(secret) = page.token {
                self.import_token(user, page, secret, now)?;
            }
        }
        Ok(())
    }

    /// Writes only the tokens whose name or parent changes: in the usual check, none.
    fn set_page_parents(&self, user: &Token) -> Result<(), Error> {
        let person = person_of(user);
        let changed: Vec<(TokenId, String)> = self.db.all(
            "SELECT t.id, d.name FROM page_admin d CROSS JOIN token t
             WHERE t.app = ?2 AND t.subject = d.page AND d.token = ?1 AND t.kind = 'page'
                AND (t.subject_name IS DISTINCT FROM d.name OR t.parent IS NULL AND t.person = ?3)",
            &[&user.id, &user.app, &person],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let mut update = self.db.batch(
            "UPDATE token SET subject_name = ?2, parent = CASE
                WHEN parent IS NULL AND person = ?4 THEN ?3 ELSE parent END
             WHERE id = ?1",
        )?;
        changed
            .iter()
            .try_for_each(|(id, name)| update.add(&[id, name, &user.id, &person]))?;
        update.finish()
    }

    fn import_token(
        &self,
        user: &Token,
        page: ListedPage<'_>,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.has_page_of(user, page.id)? {
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
                subject_name: Some(page.name.to_owned()),
            },
            now,
        )?;
        let Imported::Added { name, id } = imported else {
            return Ok(());
        };
        let discovered = Event::Discovered {
            through: user.name.clone(),
            page: page.name.to_owned(),
        };
        let event = NewEvent {
            token: Some(id),
            name: Some(name),
            ..NewEvent::of_app(&user.app, discovered)
        };
        self.record_event(&event, now).map(drop)
    }

    fn has_page_of(&self, user: &Token, page: &str) -> Result<bool, Error> {
        self.db.value(
            "SELECT EXISTS (SELECT 1 FROM token WHERE app = ?1 AND subject = ?2 AND kind = 'page'
                AND person = ?3)",
            &[&user.app, &page, &person_of(user)],
        )
    }

    /// `acme-corner-bakery`; if that is in use, with the last digits of the page's id.
    fn free_page_name(&self, app: &str, page: ListedPage<'_>) -> Result<String, Error> {
        let Some(slug) = slug(page.name) else {
            return self.free_name(&format!("{app}-{}", page.id));
        };
        let plain = format!("{app}-{slug}");
        if self.token_named(&plain)?.is_none() {
            return Ok(plain);
        }
        let digits = page.id;
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

    /// Adds a number to a name that is taken, as when the same page is reached through several people.
    pub fn free_name(&self, wanted: &str) -> Result<String, Error> {
        let mut name = wanted.to_owned();
        let mut number = 1;
        while self.token_named(&name)?.is_some() {
            number += 1;
            name = format!("{wanted}-{number}");
        }
        Ok(name)
    }
}

/// Empty until the first check.
fn person_of(user: &Token) -> &str {
    user.facts.as_ref().map_or("", |facts| &facts.person)
}
