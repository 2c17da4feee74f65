//! `fb_exchange_token`: what becomes of each kind of token.

use serde::Deserialize;

use super::death::Death;
use super::ids::{AppKey, TokenKey};
use super::login::SIXTY_DAYS;
use super::token::{Epoch, Kind};
use super::{World, WorldError, later};

/// What a second exchange of a long-lived user token does. Measurements from 2014 to 2026 found
/// that the end does not move, with the string kept (2024) or replaced (2026).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reexchange {
    SameToken,
    #[default]
    NewTokenSameExpiry,
    /// What many programs hope for: sixty days from now.
    Extends,
}

/// Epoch of a system user's token; the sixty-day kind can be renewed again and again.
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
    /// The rule for everybody who has none of their own.
    pub const fn set_reexchange(&mut self, rule: Reexchange) {
        self.reexchange = rule;
    }

    pub fn set_reexchange_of(&mut self, person: &str, rule: Reexchange) -> Result<(), WorldError> {
        self.person_mut(person)?.reexchange = Some(rule);
        Ok(())
    }

    /// The old token stays valid until its own end, whatever comes of it.
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
            (Kind::User, Epoch::Short) => self.issue_long_user_token(app, token.subject),
            (Kind::User, Epoch::Long) => self.reexchange(key),
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
                self.issue_user_token(app, subject, Epoch::Long, issued_at, expires_at)
            }
            Reexchange::Extends => {
                let now = self.now;
                let end = expires_at.map(|_| later(now, SIXTY_DAYS));
                self.issue_user_token(app, subject, Epoch::Long, now, end)
            }
        }
    }
}
