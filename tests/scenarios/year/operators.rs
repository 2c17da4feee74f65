//! What operators do, and people who ask Meta to have their data deleted.

use perennial::inventory::Tx;
use perennial::model::Token;
use perennial::webhooks::{WebhookError, WebhookReceiver};

use super::fleet::{ALL, APPS, Fleet};
use super::{Result, disk};

/// What is appended to the name of a token that is renamed.
pub(super) const RENAMED: &str = "-again";

impl Fleet {
    /// No file of this process can grow any more.
    pub(super) fn fill_disk(&mut self, full: bool) -> Result {
        self.is_disk_full = full;
        disk::limit_files(full)
    }

    /// An operator forgets a page's token.
    pub(super) async fn forget(&mut self, which: usize) -> Result {
        let pages = self.names.iter().filter(|name| name.contains("-page-"));
        let pages: Vec<&String> = pages.collect();
        let Some(name) = (!pages.is_empty()).then(|| pages[which % pages.len()].clone()) else {
            return Ok(());
        };
        let wanted = name.clone();
        let forget = move |tx: &Tx<'_>| match tx.token_named(&wanted)? {
            Some(token) => tx.forget(token.id).map(|()| Some(token.id)),
            None => Ok(None),
        };
        if let Some(id) = self.excused(self.inventory.write(forget).await)?.flatten() {
            self.names.remove(&name);
            self.forgotten.insert(id);
        }
        Ok(())
    }

    pub(super) async fn rename(&mut self, which: usize) -> Result {
        let name = self.names.iter().nth(which % self.names.len().max(1));
        let Some(name) = name.cloned() else {
            return Ok(());
        };
        let (now, old, new) = (self.daemon_now(), name.clone(), format!("{name}{RENAMED}"));
        let wanted = new.clone();
        let rename = move |tx: &Tx<'_>| match tx.token_named(&old)? {
            Some(token) => tx.rename(&token, &wanted, "ops", now),
            None => Ok(None),
        };
        let renamed = self.excused(self.inventory.write(rename).await)?;
        if renamed.flatten().is_some() {
            self.names.remove(&name);
            self.names.insert(new);
        }
        Ok(())
    }

    /// A new person comes, with three pages.
    pub(super) async fn join(&mut self) -> Result {
        let number = self.people.len() / 2 + 1_000;
        match self.move_in(number, 5).await {
            Err(_) if self.is_disk_full => Ok(()),
            outcome => outcome,
        }
    }

    /// A person removes the app and asks Meta to have the data deleted. Meta posts that to the daemon, signed, and again
    /// until it is accepted; here it is posted once, and not while it would be refused.
    pub(super) async fn delete_person(&mut self, place: usize) -> Result {
        let (app, id) = (self.people[place].app, self.people[place].id.clone());
        if self.is_impaired() || self.trouble.secret {
            return Ok(());
        }
        let (name, app_id, _) = APPS[app];
        let post = {
            let mut world = self.meta.world();
            world.remove_app(&id, app_id)?;
            world.take_deliveries();
            world.ask_deletion(&id, app_id)?;
            world.take_deliveries().pop().ok_or("Meta posts nothing")?
        };
        let (_, signed) = post.body.split_once('=').ok_or("no signed request")?;
        let receiver = WebhookReceiver {
            inventory: self.inventory.clone(),
            signers: self.services.app_signatures(),
            verify_token: None,
        };
        let person = id.clone();
        let theirs = self.inventory.read(move |view| {
            let page = view.tokens(&Default::default(), ALL)?;
            let tokens = page.tokens.into_iter().map(|(token, ..)| token);
            let is_theirs = |token: &Token| {
                token
                    .facts
                    .as_ref()
                    .is_some_and(|facts| facts.person == person)
            };
            Ok(tokens
                .filter(is_theirs)
                .map(|token| (token.id, token.name))
                .collect::<Vec<_>>())
        });
        let theirs = theirs.await?;
        receiver
            .delete(name, signed, self.daemon_now())
            .await
            .map_err(|error: WebhookError| error.to_string())?;
        for (id, name) in theirs {
            self.names.remove(&name);
            self.deleted.push((id, name));
            self.forgotten.insert(id);
        }
        self.deleted_people.insert(id);
        Ok(())
    }
}
