//! Issued tokens: what each was made with, and how a string is told to be one.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::death::Death;
use super::ids::{AppKey, Id, TokenKey};
use super::scopes::Scopes;
use super::{Grant, World};

#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) text: Arc<str>,
    pub(crate) app: AppKey,
    pub(crate) kind: Kind,
    /// The person or system user behind it; for a page token who granted it.
    pub(crate) subject: Id,
    pub(crate) validity: Epoch,
    pub(crate) issued_at: Timestamp,
    /// `None`: never.
    pub(crate) expires_at: Option<Timestamp>,
    pub(super) scopes: Scopes,
    pub(super) parent: Option<TokenKey>,
    pub(super) epochs: Epochs,
    /// An end that befell this very token.
    pub(super) ended: Option<Death>,
    pub(crate) usable_for: TokenUse,
    /// How the dialog was opened, which the debugger shows of short-lived tokens.
    pub(crate) auth_type: Option<Arc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    Page(Id),
    SystemUser,
}

/// The debugger shows when a long-lived token was issued, and hides it for short-lived ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Epoch {
    Short,
    Long,
}

/// Meta answers "Debug only access token" where a string may be inspected, not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenUse {
    Calls,
    DebugOnly,
}

/// The counts of the world at issue; where one has moved on, the token is finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epochs {
    pub(super) secret: u32,
    pub(super) sessions: u32,
    pub(super) grant: u32,
}

/// A token about to be issued.
pub(super) struct Draft {
    pub(super) app: AppKey,
    pub(super) kind: Kind,
    pub(super) subject: Id,
    pub(super) validity: Epoch,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) scopes: Scopes,
    pub(super) parent: Option<TokenKey>,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    tokens: Vec<Token>,
    pub(super) by_text: HashMap<Arc<str>, TokenKey>,
    /// Asked twice for a page, the same user token answers with the same page token.
    pub(super) derived: HashMap<(TokenKey, Id), TokenKey>,
}

impl Store {
    pub(super) fn len(&self) -> u32 {
        self.tokens.len() as u32
    }
}

impl Token {
    /// Whom the token speaks as: the page, or the person.
    pub(crate) const fn subject(&self) -> Id {
        match self.kind {
            Kind::Page(page) => page,
            Kind::User | Kind::SystemUser => self.subject,
        }
    }

    /// What it was issued with and is still granted.
    pub(crate) fn live_scopes<'a>(&'a self, grant: &'a Grant) -> impl Iterator<Item = &'a str> {
        self.scopes.iter().filter(|scope| grant.allows(scope))
    }
}

impl World {
    pub(crate) fn token(&self, key: TokenKey) -> &Token {
        &self.tokens.tokens[key.0 as usize]
    }

    pub(super) fn token_mut(&mut self, key: TokenKey) -> &mut Token {
        &mut self.tokens.tokens[key.0 as usize]
    }

    pub(super) fn token_key(&self, text: &str) -> Option<TokenKey> {
        self.tokens.by_text.get(text).copied()
    }

    pub(super) fn token_keys(&self) -> impl Iterator<Item = TokenKey> + use<> {
        (0..self.tokens.len()).map(TokenKey)
    }

    pub(super) fn issue(&mut self, draft: Draft) -> TokenKey {
        let text: Arc<str> = self.fresh_text().into();
        let key = TokenKey(self.tokens.len());
        let epochs = self.epochs(draft.app, draft.subject);
        self.tokens.by_text.insert(Arc::clone(&text), key);
        self.tokens.tokens.push(Token {
            text,
            app: draft.app,
            kind: draft.kind,
            subject: draft.subject,
            validity: draft.validity,
            issued_at: draft.issued_at,
            expires_at: draft.expires_at,
            scopes: draft.scopes,
            parent: draft.parent,
            epochs,
            ended: None,
            usable_for: TokenUse::Calls,
            auth_type: None,
        });
        key
    }

    pub(super) fn issue_twin(&mut self, of: TokenKey) -> TokenKey {
        let token = self.token(of);
        let draft = Draft {
            app: token.app,
            kind: token.kind,
            subject: token.subject,
            validity: token.validity,
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            scopes: token.scopes.clone(),
            parent: token.parent,
        };
        self.issue(draft)
    }

    pub(super) fn epochs(&self, app: AppKey, subject: Id) -> Epochs {
        Epochs {
            secret: self.app(app).epoch,
            sessions: self.person(subject).sessions,
            grant: self.grant(app, subject).map_or(0, |grant| grant.epoch),
        }
    }

    /// All Facebook tokens begin alike; for programs the rest is noise.
    fn fresh_text(&mut self) -> String {
        let mut text = String::with_capacity(109);
        text.push_str("EAA");
        self.push_random(&mut text, 102);
        text.push_str("ZDZD");
        text
    }
}
