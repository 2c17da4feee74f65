//! Determines whether a token is alive.

use super::app::AppStatus;
use super::death::Death;
use super::grant::Authorization;
use super::ids::TokenKey;
use super::person::{AccountStatus, Nature};
use super::scopes::IMPERSONATION;
use super::token::{Kind, Token};
use super::{Grant, World};

impl World {
    pub fn is_alive(&self, token: &str) -> bool {
        self.token_key(token)
            .is_some_and(|key| self.liveness(key).is_ok())
    }

    /// Looks up each cause where it is stored, so that one password change ends 1,842 page tokens without touching
    /// them.
    pub(crate) fn liveness(&self, key: TokenKey) -> Result<(), Death> {
        let token = self.token(key);
        self.app_is_alive(token)?;
        self.was_not_ended(token)?;
        self.session_is_alive(token)?;
        if token.expires_at.is_some_and(|end| end <= self.now) {
            return Err(Death::Expired);
        }
        match token.kind {
            Kind::Page(_) => self.page_is_alive(token),
            Kind::User | Kind::SystemUser => Ok(()),
        }
    }

    fn app_is_alive(&self, token: &Token) -> Result<(), Death> {
        let app = self.app(token.app);
        match app.status {
            AppStatus::Deleted => Err(Death::AppDeleted),
            AppStatus::Live if app.epoch != token.epochs.secret => Err(Death::SecretReset),
            AppStatus::Live => Ok(()),
        }
    }

    /// Assumes that revoking a user token ends the page tokens derived from it (no case recorded).
    fn was_not_ended(&self, token: &Token) -> Result<(), Death> {
        let own = token.ended;
        let parents = token.parent.and_then(|parent| self.token(parent).ended);
        own.or(parents).map_or(Ok(()), Err)
    }

    fn session_is_alive(&self, token: &Token) -> Result<(), Death> {
        let person = self.person(token.subject);
        if person.sessions != token.epochs.sessions {
            return Err(match person.nature {
                Nature::Human => Death::PasswordChanged,
                Nature::SystemUser { .. } => Death::Revoked,
            });
        }
        match self.grant(token.app, token.subject) {
            Some(Grant {
                status: Authorization::Given,
                epoch,
                ..
            }) if *epoch == token.epochs.grant => {}
            Some(_) | None => return Err(Death::AppRemoved),
        }
        match person.status {
            AccountStatus::Good => Ok(()),
            AccountStatus::Checkpointed => Err(Death::Checkpointed),
            AccountStatus::Unconfirmed => Err(Death::Unconfirmed),
        }
    }

    fn page_is_alive(&self, token: &Token) -> Result<(), Death> {
        let page = token.subject();
        if self.page(page).is_none() {
            return Err(Death::PageGone);
        }
        if !self.person(token.subject).roles.contains_key(&page) {
            return Err(Death::RoleLost);
        }
        let may_act = self.grant(token.app, token.subject).is_some_and(|grant| {
            let mut scopes = token.live_scopes(grant);
            self.reaches(grant, token, page) && scopes.any(|scope| IMPERSONATION.contains(&scope))
        });
        if may_act {
            Ok(())
        } else {
            Err(Death::PagePermissionMissing)
        }
    }
}
