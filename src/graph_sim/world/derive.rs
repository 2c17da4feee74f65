//! Derives page tokens from the token of a person who has a role on the page.

use super::World;
use super::ids::{Id, TokenKey};
use super::scopes::SHOW_PAGES;
use super::token::{Draft, Kind, Lifetime};

impl World {
    /// Returns `None` if Meta would leave out the field.
    pub fn page_token(&mut self, user_token: &str, page: &str) -> Option<String> {
        let parent = self.token_key(user_token)?;
        let page = self.page_id(page).ok()?;
        self.liveness(parent).ok()?;
        let key = self.derive(parent, page)?;
        Some(self.token(key).text.to_string())
    }

    pub(crate) fn derive(&mut self, parent: TokenKey, page: Id) -> Option<TokenKey> {
        if !self.issues(parent, page) {
            return None;
        }
        let known = self.tokens.derived.get(&(parent, page)).copied();
        if let Some(living) = known.filter(|key| self.liveness(*key).is_ok()) {
            return Some(living);
        }
        let key = self.issue_page_token(parent, page);
        self.tokens.derived.insert((parent, page), key);
        Some(key)
    }

    /// Returns whether `me/accounts` lists the page, for which the person must have selected it.
    pub(crate) fn lists(&self, parent: TokenKey, page: Id) -> bool {
        let token = self.token(parent);
        let grant = self.grant(token.app, token.subject);
        grant.is_some_and(|grant| grant.picked.contains(page)) && self.issues(parent, page)
    }

    /// Requires a role, the permission, an existing page, and access to it.
    fn issues(&self, parent: TokenKey, page: Id) -> bool {
        let token = self.token(parent);
        let Some(grant) = self.grant(token.app, token.subject) else {
            return false;
        };
        !matches!(token.kind, Kind::Page(_))
            && self.person(token.subject).roles.contains_key(&page)
            && self.reaches(grant, token, page)
            && token.live_scopes(grant).any(|scope| scope == SHOW_PAGES)
            && self.page(page).is_some()
    }

    /// A page token from a short-lived user token expires with it; one from a long-lived token never expires.
    fn issue_page_token(&mut self, parent: TokenKey, page: Id) -> TokenKey {
        let token = self.token(parent);
        let (issued_at, expires_at) = match token.validity {
            Lifetime::Short => (token.issued_at, token.expires_at),
            Lifetime::Long => (self.now, None),
        };
        self.issue(Draft {
            app: token.app,
            kind: Kind::Page(page),
            subject: token.subject,
            validity: token.validity,
            issued_at,
            expires_at,
            scopes: token.scopes.clone(),
            parent: Some(parent),
        })
    }
}
