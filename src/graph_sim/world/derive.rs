//! Page tokens, read through the token of a person who has a role on the page.

use super::World;
use super::ids::{Id, TokenKey};
use super::scopes::SHOW_PAGES;
use super::token::{Draft, Epoch, Kind};

impl World {
    /// `None` where Meta would leave the field out of its answer.
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

    /// Whether the page stands in the list of `me/accounts`, for which it must be ticked.
    pub(crate) fn lists(&self, parent: TokenKey, page: Id) -> bool {
        let token = self.token(parent);
        let grant = self.grant(token.app, token.subject);
        grant.is_some_and(|grant| grant.picked.contains(page)) && self.issues(parent, page)
    }

    /// A role, the permission, a page that is still there, and a way to it.
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

    /// From a short-lived user token it inherits the end; from a long-lived one it has none.
    fn issue_page_token(&mut self, parent: TokenKey, page: Id) -> TokenKey {
        let token = self.token(parent);
        let (issued_at, expires_at) = match token.validity {
            Epoch::Short => (token.issued_at, token.expires_at),
            Epoch::Long => (self.now, None),
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
