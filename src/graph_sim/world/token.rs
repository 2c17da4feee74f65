//! Issued tokens: how each was issued, and the lookup by the token's text.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::death::Death;
use super::ids::{AppKey, Id, TokenKey};
use super::scopes::Scopes;
use super::{Grant, World};

/// Recorded long-lived tokens expire exactly 5,184,000 s after they were issued.
pub(super) const SIXTY_DAYS: SignedDuration = SignedDuration::from_hours(60 * 24);

#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) text: Arc<str>,
    pub(crate) app: AppKey,
    pub(crate) kind: Kind,
    /// The person or system user of the token; for a page token, the person who granted it.
    pub(crate) subject: Id,
    pub(crate) validity: Lifetime,
    pub(crate) issued_at: Timestamp,
    /// `None` if it never expires.
    pub(crate) expires_at: Option<Timestamp>,
    pub(super) scopes: Scopes,
    pub(super) parent: Option<TokenKey>,
    pub(super) epochs: Epochs,
    /// Why this one token was ended.
    pub(super) ended: Option<Death>,
    pub(crate) usable_for: TokenUse,
    /// How the dialog was opened. The debugger shows it for short-lived tokens.
    pub(crate) auth_type: Option<Arc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    Page(Id),
    SystemUser,
}

/// Whether a token is short-lived or long-lived. The debugger shows only for the latter when it was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    Short,
    Long,
}

/// Meta answers "Debug only access token" if a token may be inspected but not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenUse {
    Calls,
    DebugOnly,
}

/// The world's counts when the token was issued. If one has increased, the token is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epochs {
    pub(super) secret: u32,
    pub(super) sessions: u32,
    pub(super) grant: u32,
}

/// A token to issue.
pub(super) struct Draft {
    pub(super) app: AppKey,
    pub(super) kind: Kind,
    pub(super) subject: Id,
    pub(super) validity: Lifetime,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) scopes: Scopes,
    pub(super) parent: Option<TokenKey>,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    tokens: Vec<Token>,
    pub(super) by_text: HashMap<Arc<str>, TokenKey>,
    /// Page tokens by their parent and page: repeated requests with one user token return the same page token.
    pub(super) derived: HashMap<(TokenKey, Id), TokenKey>,
}

impl Store {
    pub(super) fn len(&self) -> u32 {
        self.tokens.len() as u32
    }
}

impl Token {
    /// The id that calls with the token act as: the page's or the person's.
    pub(crate) const fn subject(&self) -> Id {
        match self.kind {
            Kind::Page(page) => page,
            Kind::User | Kind::SystemUser => self.subject,
        }
    }

    /// Returns the scopes that the token was issued with and that are still granted.
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
        let text: Arc<str> = self.fresh_text(draft.app).into();
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

    /// All tokens of a platform start with the same letters; the rest is random to programs.
    fn fresh_text(&mut self, app: AppKey) -> String {
        let mut text = String::with_capacity(110);
        text.push_str(self.app(app).platform.token_prefix());
        self.push_random(&mut text, 102);
        text.push_str("ZDZD");
        text
    }
}
