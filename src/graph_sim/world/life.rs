//! Is a token alive?

use super::app::AppStanding;
use super::death::Death;
use super::grant::Authorization;
use super::ids::TokenKey;
use super::person::{Nature, Standing};
use super::scopes::IMPERSONATION;
use super::token::{Kind, Token};
use super::{Grant, World};

impl World {
    pub fn is_alive(&self, token: &str) -> bool {
        self.token_key(token)
            .is_some_and(|key| self.verdict(key).is_ok())
    }

    /// Each cause is looked up where it arose, so one password change ends 1,842 page tokens at
    /// once and at no cost.
    pub(crate) fn verdict(&self, key: TokenKey) -> Result<(), Death> {
        let token = self.token(key);
        self.app_lives(token)?;
        self.was_not_ended(token)?;
        self.session_lives(token)?;
        if token.expires_at.is_some_and(|end| end <= self.now) {
            return Err(Death::Expired);
        }
        match token.kind {
            Kind::Page(_) => self.page_lives(token),
            Kind::User | Kind::SystemUser => Ok(()),
        }
    }

    fn app_lives(&self, token: &Token) -> Result<(), Death> {
        let app = self.app(token.app);
        match app.standing {
            AppStanding::Deleted => Err(Death::AppDeleted),
            AppStanding::Live if app.epoch != token.epochs.secret => Err(Death::SecretReset),
            AppStanding::Live => Ok(()),
        }
    }

    /// Revoking a user token is taken to end the page tokens read through it (no case recorded).
    fn was_not_ended(&self, token: &Token) -> Result<(), Death> {
        let own = token.ended;
        let parents = token.parent.and_then(|parent| self.token(parent).ended);
        own.or(parents).map_or(Ok(()), Err)
    }

    fn session_lives(&self, token: &Token) -> Result<(), Death> {
        let person = self.person(token.holder);
        if person.sessions != token.epochs.sessions {
            return Err(match person.nature {
                Nature::Human => Death::PasswordChanged,
                Nature::SystemUser { .. } => Death::Revoked,
            });
        }
        match self.grant(token.app, token.holder) {
            Some(Grant {
                standing: Authorization::Given,
                epoch,
                ..
            }) if *epoch == token.epochs.grant => {}
            Some(_) | None => return Err(Death::AppRemoved),
        }
        match person.standing {
            Standing::Good => Ok(()),
            Standing::Checkpointed => Err(Death::Checkpointed),
            Standing::Unconfirmed => Err(Death::Unconfirmed),
        }
    }

    fn page_lives(&self, token: &Token) -> Result<(), Death> {
        let page = token.subject();
        if self.page(page).is_none() {
            return Err(Death::PageGone);
        }
        if !self.person(token.holder).roles.contains_key(&page) {
            return Err(Death::RoleLost);
        }
        let may_act = self.grant(token.app, token.holder).is_some_and(|grant| {
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
