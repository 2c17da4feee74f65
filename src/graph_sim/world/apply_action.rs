//! Applies actions to people, apps, pages and single tokens.

use super::callbacks::Verb;
use super::death::Death;
use super::grant::Authorization;
use super::person::{AccountStatus, Visibility};
use super::scopes::Permission;
use super::token::TokenUse;
use super::{World, WorldError};

impl World {
    /// Ends all tokens of the person, in every app, including page tokens.
    pub fn change_password(&mut self, person: &str) -> Result<(), WorldError> {
        self.person_mut(person)?.sessions += 1;
        Ok(())
    }

    /// The person's tokens stop working until the person has followed Facebook's instructions.
    pub fn checkpoint(&mut self, person: &str) -> Result<(), WorldError> {
        self.person_mut(person)?.status = AccountStatus::Checkpointed;
        Ok(())
    }

    /// Like a checkpoint, for an account that was never confirmed.
    pub fn unconfirm(&mut self, person: &str) -> Result<(), WorldError> {
        self.person_mut(person)?.status = AccountStatus::Unconfirmed;
        Ok(())
    }

    pub fn clear_checkpoint(&mut self, person: &str) -> Result<(), WorldError> {
        self.person_mut(person)?.status = AccountStatus::Good;
        Ok(())
    }

    /// The person removes the app in Facebook's settings; a later login starts without permissions.
    pub fn remove_app(&mut self, person: &str, app: &str) -> Result<(), WorldError> {
        let grant = self.grant_mut(app, person)?;
        grant.status = Authorization::Removed;
        grant.epoch += 1;
        grant.permissions.clear();
        let (app, person) = (self.app_key(app)?, self.person_id(person)?);
        self.post_deauthorized(app, person);
        Ok(())
    }

    pub fn remove_permission(
        &mut self,
        person: &str,
        app: &str,
        scope: &str,
    ) -> Result<(), WorldError> {
        self.set_permission(person, app, scope, Permission::Declined)
    }

    /// A permission expires because it was not used for 90 days.
    pub fn expire_permission(
        &mut self,
        person: &str,
        app: &str,
        scope: &str,
    ) -> Result<(), WorldError> {
        self.set_permission(person, app, scope, Permission::Expired)
    }

    fn set_permission(
        &mut self,
        person: &str,
        app: &str,
        scope: &str,
        permission: Permission,
    ) -> Result<(), WorldError> {
        let permissions = &mut self.grant_mut(app, person)?.permissions;
        let known = permissions.get_mut(scope);
        *known.ok_or_else(|| WorldError::unknown("permission", scope))? = permission;
        let (app, person) = (self.app_key(app)?, self.person_id(person)?);
        self.post_permission(app, person, scope, Verb::Revoked);
        Ok(())
    }

    pub fn unpublish_page(&mut self, page: &str) -> Result<(), WorldError> {
        self.set_visibility(page, Visibility::Gone)
    }

    pub fn publish_page(&mut self, page: &str) -> Result<(), WorldError> {
        self.set_visibility(page, Visibility::Published)
    }

    fn set_visibility(&mut self, page: &str, visibility: Visibility) -> Result<(), WorldError> {
        let id = self.page_id(page)?;
        if let Some(page) = self.pages.get_mut(&id) {
            page.visibility = visibility;
        }
        Ok(())
    }

    /// Ends one token as `oauth/revoke` does.
    pub fn revoke(&mut self, token: &str) -> Result<(), WorldError> {
        self.end(token, Death::Revoked)
    }

    /// Ends one token for the given reason.
    pub fn end(&mut self, token: &str, death: Death) -> Result<(), WorldError> {
        let key = self.token_key(token).ok_or(WorldError::UnknownToken)?;
        self.token_mut(key).ended = Some(death);
        Ok(())
    }

    /// Undoes [`World::end`]: some of Meta's rejections were a temporary error of its own.
    pub fn repair(&mut self, token: &str) -> Result<(), WorldError> {
        let key = self.token_key(token).ok_or(WorldError::UnknownToken)?;
        self.token_mut(key).ended = None;
        Ok(())
    }

    /// Issues a copy of the token that can be inspected but not used.
    pub fn debug_only_token(&mut self, token: &str) -> Result<String, WorldError> {
        let key = self.token_key(token).ok_or(WorldError::UnknownToken)?;
        let twin = self.issue_twin(key);
        self.token_mut(twin).usable_for = TokenUse::DebugOnly;
        Ok(self.token(twin).text.to_string())
    }
}
