//! Tokens of Instagram and Threads: an hour at first, sixty days after an exchange, and sixty days from each refresh.

use jiff::{SignedDuration, Timestamp};

use super::answer_style::{RefreshRefusal, RefreshedToken};
use super::ids::TokenKey;
use super::token::{Draft, Lifetime};
use super::{World, WorldError, later};

/// From the code on.
pub(super) const SHORT_LIVED: SignedDuration = SignedDuration::from_hours(1);

/// From the exchange or the refresh on: a minute short of sixty days, as in recorded answers.
pub(super) const LONG_LIVED: SignedDuration = SignedDuration::from_secs(5_183_944);

const YOUNGEST: SignedDuration = SignedDuration::from_hours(24);

impl World {
    /// From now on, Meta refuses to refresh the person's tokens. They work until they expire.
    pub fn refuse_refreshes(
        &mut self,
        person: &str,
        refusal: RefreshRefusal,
    ) -> Result<(), WorldError> {
        self.person_mut(person)?.refresh_refusal = Some(refusal);
        Ok(())
    }

    pub fn allow_refreshes(&mut self, person: &str) -> Result<(), WorldError> {
        self.person_mut(person)?.refresh_refusal = None;
        Ok(())
    }

    /// The token expires now.
    pub fn expire(&mut self, token: &str) -> Result<(), WorldError> {
        let key = self.token_key(token).ok_or(WorldError::UnknownToken)?;
        let now = self.now;
        self.token_mut(key).expires_at = Some(now);
        Ok(())
    }

    /// Why Meta does not refresh a living long-lived token now.
    pub(crate) fn refresh_refusal(&self, key: TokenKey) -> Option<RefreshRefusal> {
        let token = self.token(key);
        let app = self.app(token.app);
        let is_too_young = later(token.issued_at, YOUNGEST) > self.now;
        let lacks_scope = !self.holds(key, app.platform.basic_scope());
        self.person(token.subject)
            .refresh_refusal
            .or(lacks_scope.then_some(RefreshRefusal::PermissionMissing))
            .or(is_too_young.then_some(app.answers.too_young))
    }

    pub(crate) fn holds(&self, key: TokenKey, scope: &str) -> bool {
        let token = self.token(key);
        let grant = self.grant(token.app, token.subject);
        grant.is_some_and(|grant| token.live_scopes(grant).any(|held| held == scope))
    }

    /// Exchanges a short-lived token, which lives on to its own end.
    pub(crate) fn lengthen(&mut self, key: TokenKey) -> TokenKey {
        let token = self.token(key);
        let draft = Draft {
            app: token.app,
            kind: token.kind,
            subject: token.subject,
            validity: Lifetime::Long,
            issued_at: self.now,
            expires_at: Some(self.long_lived_end()),
            scopes: token.scopes.clone(),
            parent: None,
        };
        self.issue(draft)
    }

    pub(crate) fn refresh(&mut self, key: TokenKey) -> TokenKey {
        match self.app(self.token(key).app).answers.refreshed {
            RefreshedToken::NewToken => self.lengthen(key),
            RefreshedToken::SameToken => {
                let (now, end) = (self.now, self.long_lived_end());
                let token = self.token_mut(key);
                token.issued_at = now;
                token.expires_at = Some(end);
                key
            }
        }
    }

    fn long_lived_end(&self) -> Timestamp {
        later(self.now, LONG_LIVED)
    }
}
