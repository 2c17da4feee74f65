//! `fb_exchange_token`: the result for each kind of token.

use serde::Deserialize;

use super::death::Death;
use super::ids::{AppKey, TokenKey};
use super::token::{Kind, Lifetime, SIXTY_DAYS};
use super::{World, WorldError, later};

/// The result of exchanging a long-lived user token again. Measurements from 2014 to 2026 found that the expiry does
/// not change, and that the token stays the same (2024) or is replaced (2026).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reexchange {
    SameToken,
    #[default]
    NewTokenSameExpiry,
    /// Expires sixty days from now, as many programs expect.
    Extends,
}

/// The validity of a system user's token; a sixty-day token can be renewed again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemUserValidity {
    SixtyDays,
    Never,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExchangeError {
    Dead(Death),
    OtherApp,
}

impl World {
    /// Sets the rule for all people without a rule of their own.
    pub const fn set_reexchange(&mut self, rule: Reexchange) {
        self.reexchange = rule;
    }

    pub fn set_reexchange_of(&mut self, person: &str, rule: Reexchange) -> Result<(), WorldError> {
        self.person_mut(person)?.reexchange = Some(rule);
        Ok(())
    }

    /// Exchanges a token. The old one stays valid until its own expiry in any case.
    pub(crate) fn exchange(
        &mut self,
        app: AppKey,
        key: TokenKey,
        system_user_validity: SystemUserValidity,
    ) -> Result<TokenKey, ExchangeError> {
        let token = self.token(key);
        if token.app != app {
            return Err(ExchangeError::OtherApp);
        }
        self.liveness(key).map_err(ExchangeError::Dead)?;
        let token = self.token(key);
        Ok(match (token.kind, token.validity) {
            (Kind::User, Lifetime::Short) => self.issue_long_user_token(app, token.subject),
            (Kind::User, Lifetime::Long) => self.reexchange(key),
            (Kind::SystemUser, _) => self.renew_system_user_token(key, system_user_validity),
            (Kind::Page(_), _) => key,
        })
    }

    fn reexchange(&mut self, key: TokenKey) -> TokenKey {
        let token = self.token(key);
        let (app, subject) = (token.app, token.subject);
        let (issued_at, expires_at) = (token.issued_at, token.expires_at);
        match self.person(subject).reexchange.unwrap_or(self.reexchange) {
            Reexchange::SameToken => key,
            Reexchange::NewTokenSameExpiry => {
                self.issue_user_token(app, subject, Lifetime::Long, issued_at, expires_at)
            }
            Reexchange::Extends => {
                let now = self.now;
                let end = expires_at.map(|_| later(now, SIXTY_DAYS));
                self.issue_user_token(app, subject, Lifetime::Long, now, end)
            }
        }
    }
}
