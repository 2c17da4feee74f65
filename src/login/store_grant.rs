//! Stores what a login granted: the person's token, and the tokens of all the person's pages in the inventory. Existing
//! tokens get a candidate and stay in use until Meta has confirmed it.

use std::collections::HashMap;

use jiff::Timestamp;

use super::graph_calls::Grant;
use super::{App, policy};
use crate::inventory::{Error, Imported, NAMED_LEFT_OUT, NewToken, NewVersion, Tx};
use crate::model::{Event, Granted, Login, NewEvent, OrderKind, PageList, Scopes, Token, TokenId};
use crate::secret::Secret;

/// The author of the events in the journal.
const BY: &str = "a login";

pub(super) fn store_grant(
    tx: &Tx<'_>,
    app: &App,
    login: &Login,
    grant: &Grant,
    now: Timestamp,
) -> Result<Granted, Error> {
    let context = StoreGrant {
        tx,
        app,
        login,
        now,
    };
    let mut granted = Granted {
        person: grant.facts.person.clone(),
        name: grant.name.clone(),
        token: context.own_token(grant)?,
        declined: grant.declined.clone(),
        ..Granted::default()
    };
    if let Some(pages) = &grant.pages {
        context.pages(pages, &mut granted)?;
    }
    Ok(granted)
}

struct StoreGrant<'a, 'db> {
    tx: &'a Tx<'db>,
    app: &'a App,
    login: &'a Login,
    now: Timestamp,
}

impl StoreGrant<'_, '_> {
    /// Stores the person's token as a candidate or as a new token. Returns its name.
    fn own_token(&self, grant: &Grant) -> Result<String, Error> {
        let Some(token) = self.token_to_replace(grant)? else {
            return self.import_token(grant);
        };
        if let Some(name) = grant.name.as_deref().filter(|name| !name.is_empty()) {
            self.tx.name_subject(token.id, name)?;
        }
        self.add_candidate(&token, &grant.secret, grant.ends_at())?;
        Ok(token.name)
    }

    /// The token that the login names, unless it is a page's; otherwise the person's own token.
    fn token_to_replace(&self, grant: &Grant) -> Result<Option<Token>, Error> {
        let named = match self.login.wanted.token {
            Some(id) => self.tx.token(id)?,
            None => None,
        };
        if let Some(named) = named.filter(policy::may_be_a_persons_own) {
            return Ok(Some(named));
        }
        let own = self.tx.own_token_of(&self.app.name, &grant.facts.person)?;
        own.map_or(Ok(None), |id| self.tx.token(id))
    }

    /// Stores the secret as a candidate, which a sweep confirms before it replaces the one in use.
    fn add_candidate(
        &self,
        token: &Token,
        secret: &Secret,
        ends_at: Option<Timestamp>,
    ) -> Result<(), Error> {
        match self.tx.store_candidate(token, secret, self.now)? {
            NewVersion::Kept => self.store_end(token.id, ends_at)?,
            NewVersion::AlreadyInUse | NewVersion::HeldByAnother => {
                return self.tx.make_due(token.id, self.now);
            }
        }
        if self.login.wanted.accepts_fewer {
            self.tx.accept_fewer(token.id)?;
        }
        let event = Event::CandidateKept {
            asked_by: BY.to_owned(),
            login: Some(self.login.id),
        };
        let event = NewEvent::about(token, event);
        self.tx.record_event(&event, self.now).map(drop)
    }

    fn store_end(&self, token: TokenId, ends_at: Option<Timestamp>) -> Result<(), Error> {
        ends_at.map_or(Ok(()), |end| self.tx.store_end(token, end))
    }

    /// Imports the token of a new person, and orders the discovery of the pages that the person selected.
    fn import_token(&self, grant: &Grant) -> Result<String, Error> {
        let app = &self.app.name;
        let name = match policy::name_for(app, grant.name.as_deref()) {
            Some(name) => Some(self.tx.free_name(&name)?),
            None => None,
        };
        let new = NewToken {
            app: app.clone(),
            name,
            secret: grant.secret.clone(),
            owners: self.tx.owners_of_person(app, &grant.facts.person)?,
            required_scopes: Scopes::default(),
            parent: None,
            subject_name: grant.name.clone(),
        };
        let (id, name) = match self.tx.import(&new, self.now)? {
            Imported::Added { id, name } => (id, name),
            Imported::Known { id, name } => {
                self.tx.make_due(id, self.now)?;
                return Ok(name);
            }
            Imported::NameTaken { name } => return Ok(name),
        };
        self.store_end(id, grant.ends_at())?;
        if let Some(token) = self.tx.token(id)? {
            let event = Event::Imported {
                asked_by: BY.to_owned(),
            };
            let event = NewEvent::about(&token, event);
            self.tx.record_event(&event, self.now)?;
            self.tx.order(&token, OrderKind::Discover, BY, self.now)?;
        }
        Ok(name)
    }

    /// Stores the granted token of every page that the inventory has, and lists the pages without one.
    fn pages(&self, pages: &PageList, granted: &mut Granted) -> Result<(), Error> {
        let tokens: HashMap<&str, &Secret> = pages
            .iter()
            .filter_map(|page| Some((page.id, page.token?)))
            .collect();
        let held = self.tx.page_tokens_of(&self.app.name, &granted.person)?;
        for (page, id) in held {
            let Some(token) = self.tx.token(id)? else {
                continue;
            };
            match tokens.get(page.as_str()) {
                Some(secret) => self.add_candidate(&token, secret, None)?,
                None => leave_out(&token, granted),
            }
        }
        Ok(())
    }
}

fn leave_out(token: &Token, granted: &mut Granted) {
    granted.left_out_in_all += 1;
    if granted.left_out.len() < NAMED_LEFT_OUT {
        granted.left_out.push(token.title().to_owned());
    }
}
