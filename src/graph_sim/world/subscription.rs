//! Which apps listen to which pages.

use super::World;
use super::ids::{AppKey, Id};

impl World {
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
