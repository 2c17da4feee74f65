//! System users: tokens without a person, a password or an expiry of data access, which programs can renew.

use super::exchange::SystemUserValidity;
use super::grant::{Grant, Picked};
use super::ids::{AppKey, Id, TokenKey};
use super::person::Nature;
use super::scopes::{PUBLIC_PROFILE, Permission};
use super::token::{Lifetime, SIXTY_DAYS};
use super::{World, WorldError, later};

impl World {
    pub fn system_user_token(
        &mut self,
        app: &str,
        system_user: &str,
        scopes: &[&str],
        validity: SystemUserValidity,
    ) -> Result<String, WorldError> {
        let key = (self.app_key(app)?, self.person_id(system_user)?);
        let token = self.issue_system_user_token(key.0, key.1, scopes, validity);
        Ok(self.token(token).text.to_string())
    }

    pub(crate) fn issue_system_user_token(
        &mut self,
        app: AppKey,
        system_user: Id,
        scopes: &[&str],
        validity: SystemUserValidity,
    ) -> TokenKey {
        let now = self.now;
        let grant = self
            .grants
            .entry((app, system_user))
            .or_insert_with(|| Grant::new(now, None));
        for scope in scopes {
            grant
                .permissions
                .insert((*scope).into(), Permission::Granted);
        }
        self.issue_from_now(app, system_user, validity)
    }

    /// Login for Business: issues the token of a system user for the person's business, with the selected pages and
    /// permissions.
    pub(super) fn issue_business_token(
        &mut self,
        app: AppKey,
        person: Id,
        validity: SystemUserValidity,
    ) -> TokenKey {
        let name = format!("{} (business)", self.person(person).name);
        let id = self.business_user(app, person, &name);
        let picked = self
            .grant(app, person)
            .map_or(Picked::All, |grant| grant.picked.clone());
        let roles = self.person(person).roles.clone();
        if let Some(system_user) = self.people.get_mut(&id) {
            system_user.roles = roles;
        }
        let scopes: Vec<String> = self.grant(app, person).map_or_else(Vec::new, |grant| {
            grant
                .granted()
                .filter(|scope| *scope != PUBLIC_PROFILE)
                .map(str::to_owned)
                .collect()
        });
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let key = self.issue_system_user_token(app, id, &scopes, validity);
        if let Some(grant) = self.grants.get_mut(&(app, id)) {
            grant.picked = picked;
        }
        key
    }

    /// Returns the system user of a business, or of a person's business: the same one at every login.
    pub(super) fn business_user(&mut self, app: AppKey, owner: Id, name: &str) -> Id {
        if let Some(id) = self.business_users.get(&(app, owner)) {
            return *id;
        }
        let id = self.fresh_id(100_000_000_000_000..199_999_999_999_999);
        self.put_person(id, name, Nature::SystemUser { app });
        self.business_users.insert((app, owner), id);
        id
    }

    /// Ends all tokens of a system user, as `DELETE /{id}/access_tokens` does.
    pub fn revoke_all(&mut self, person: &str) -> Result<(), WorldError> {
        self.person_mut(person)?.sessions += 1;
        Ok(())
    }

    /// Renews a token. A sixty-day token is valid for sixty days from the renewal. For a request without the parameter
    /// Meta's guide promises nothing, so the same token is returned.
    pub(super) fn renew_system_user_token(
        &mut self,
        key: TokenKey,
        validity: SystemUserValidity,
    ) -> TokenKey {
        let (app, subject) = (self.token(key).app, self.token(key).subject);
        match validity {
            SystemUserValidity::Never => key,
            SystemUserValidity::SixtyDays => self.issue_from_now(app, subject, validity),
        }
    }

    pub(super) fn issue_from_now(
        &mut self,
        app: AppKey,
        subject: Id,
        validity: SystemUserValidity,
    ) -> TokenKey {
        let now = self.now;
        let expires_at = match validity {
            SystemUserValidity::SixtyDays => Some(later(now, SIXTY_DAYS)),
            SystemUserValidity::Never => None,
        };
        self.issue_user_token(app, subject, Lifetime::Long, now, expires_at)
    }
}
