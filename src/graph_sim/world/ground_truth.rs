//! The true state of tokens, for tests that compare a program's view with it.

use jiff::Timestamp;
use serde::Serialize;

use super::World;
use super::death::Death;
use super::ids::TokenKey;
use super::token::Kind;
use crate::graph_sim::platform::Platform;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    User,
    Page,
    SystemUser,
    InstagramUser,
    ThreadsUser,
}

impl TokenKind {
    /// The name that the debugger uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User | Self::InstagramUser | Self::ThreadsUser => "USER",
            Self::Page => "PAGE",
            Self::SystemUser => "SYSTEM_USER",
        }
    }
}

/// The current state of one token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenTruth {
    pub kind: TokenKind,
    pub app: String,
    /// The page's id, or the person's.
    pub subject: String,
    pub person: String,
    pub issued_at: Timestamp,
    /// `None` if it never expires.
    pub expires_at: Option<Timestamp>,
    pub data_access_expires_at: Option<Timestamp>,
    pub alive: bool,
    pub death: Option<Death>,
    /// The scopes that are still granted.
    pub scopes: Vec<String>,
}

impl World {
    pub(crate) fn token_kind(&self, key: TokenKey) -> TokenKind {
        let token = self.token(key);
        match (token.kind, self.app(token.app).platform) {
            (Kind::Page(_), _) => TokenKind::Page,
            (Kind::SystemUser, _) => TokenKind::SystemUser,
            (Kind::User, Platform::Facebook) => TokenKind::User,
            (Kind::User, Platform::Instagram) => TokenKind::InstagramUser,
            (Kind::User, Platform::Threads) => TokenKind::ThreadsUser,
        }
    }

    pub fn truth(&self, token: &str) -> Option<TokenTruth> {
        let key = self.token_key(token)?;
        let token = self.token(key);
        let grant = self.grant(token.app, token.subject);
        let scopes = grant.map(|grant| token.live_scopes(grant).map(str::to_owned).collect());
        let death = self.liveness(key).err();
        Some(TokenTruth {
            kind: self.token_kind(key),
            app: self.app(token.app).id.clone(),
            subject: token.subject().to_string(),
            person: token.subject.to_string(),
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            data_access_expires_at: grant.and_then(|grant| grant.data_access_expires_at),
            alive: death.is_none(),
            death,
            scopes: scopes.unwrap_or_default(),
        })
    }
}
