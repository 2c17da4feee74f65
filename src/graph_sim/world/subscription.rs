//! Which apps are subscribed to the webhooks of which pages.

use super::death::Death;
use super::ids::{AppKey, Id};
use super::token::Kind;
use super::{World, WorldError};

impl World {
    /// Subscribes the app to exactly these webhook fields of the page.
    pub fn subscribe_app(
        &mut self,
        page: &str,
        app: &str,
        fields: &[&str],
    ) -> Result<(), WorldError> {
        let (page, app) = (self.page_id(page)?, self.app_key(app)?);
        let fields = fields.iter().map(|&field| field.to_owned()).collect();
        self.subscribe(page, app, fields);
        Ok(())
    }

    /// Removes the app's subscription, as if in the page's settings.
    pub fn unsubscribe_app(&mut self, page: &str, app: &str) -> Result<(), WorldError> {
        let (page, app) = (self.page_id(page)?, self.app_key(app)?);
        self.unsubscribe(page, app);
        Ok(())
    }

    /// "Generate token" in the app's Messenger settings. Some people report that it ends the previous token of that
    /// person for that page; Meta's message is not recorded, so this uses the one of a revoked token.
    pub fn generate_page_token(
        &mut self,
        user_token: &str,
        page: &str,
    ) -> Result<String, WorldError> {
        let parent = self.token_key(user_token).ok_or(WorldError::UnknownToken)?;
        let page = self.page_id(page)?;
        let (app, subject) = (self.token(parent).app, self.token(parent).subject);
        for key in self.token_keys() {
            let token = self.token(key);
            if token.app == app && token.subject == subject && token.kind == Kind::Page(page) {
                self.token_mut(key).ended = Some(Death::Revoked);
            }
        }
        let key = self.derive(parent, page).ok_or(WorldError::Withheld)?;
        Ok(self.token(key).text.to_string())
    }

    pub(crate) fn subscribe(&mut self, page: Id, app: AppKey, fields: Vec<String>) {
        self.subscriptions.insert((page, app), fields);
    }

    pub(crate) fn unsubscribe(&mut self, page: Id, app: AppKey) {
        self.subscriptions.remove(&(page, app));
    }

    pub(crate) fn subscriptions(&self, page: Id) -> impl Iterator<Item = (AppKey, &[String])> {
        let all = self
            .subscriptions
            .iter()
            .filter(move |((of, _), _)| *of == page);
        all.map(|((_, app), fields)| (*app, fields.as_slice()))
    }
}
