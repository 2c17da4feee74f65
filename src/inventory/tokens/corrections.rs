//! What an operator corrects later: the name of a token, its owners, and the permissions that it needs.

use jiff::Timestamp;

use crate::inventory::{Error, Tx};
use crate::model::{Event, NewEvent, NewName, NewOwners, NewRequirements, Scopes, Token};

impl Tx<'_> {
    /// Gives a token another name. Its id stays, and with it its history, children and incidents; everything that
    /// follows from the name changes here, and its sinks get it again. `None` if another token has the name.
    pub fn rename(
        &self,
        before: &Token,
        name: &str,
        asked_by: &str,
        now: Timestamp,
    ) -> Result<Option<Token>, Error> {
        if self.token_named(name)?.is_some_and(|of| of.id != before.id) {
            return Ok(None);
        }
        let after = Token {
            name: name.to_owned(),
            ..before.clone()
        };
        if before.name == name {
            return Ok(Some(after));
        }
        self.reseal_versions(before, &after)?;
        let rename = "UPDATE token SET name = ?2 WHERE id = ?1";
        self.db.run(rename, &[&after.id, &after.name])?;
        self.files_are_stale(after.id)?;
        if self.deliverable(after.id)?.is_some() {
            self.enqueue_deliveries(after.id, after.version, now)?;
        }
        let event = Event::Renamed(NewName {
            from: before.name.clone(),
            to: after.name.clone(),
            asked_by: asked_by.to_owned(),
        });
        self.record_event(&NewEvent::about(&after, event), now)?;
        Ok(Some(after))
    }

    /// Replaces the owners. They get the emails that are written from now on.
    pub fn set_owners(
        &self,
        token: &Token,
        owners: &[String],
        asked_by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        if token.owners == owners {
            return Ok(());
        }
        let set = "UPDATE token SET owners = ?2 WHERE id = ?1";
        self.db.run(set, &[&token.id, &owners])?;
        let missing = |from: &[String], of: &[String]| {
            from.iter().filter(|owner| !of.contains(owner)).count()
        };
        let event = Event::OwnersChanged(NewOwners {
            added: missing(owners, &token.owners),
            removed: missing(&token.owners, owners),
            asked_by: asked_by.to_owned(),
        });
        self.record_event(&NewEvent::about(token, event), now)
            .map(drop)
    }

    /// Replaces the permissions that a token needs, and makes it due, so that the next sweep measures it against them.
    pub fn set_required_scopes(
        &self,
        token: &Token,
        required: &Scopes,
        asked_by: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        if token.required_scopes == *required {
            return Ok(());
        }
        let set = "UPDATE token SET required_scopes = ?2 WHERE id = ?1";
        self.db.run(set, &[&token.id, required])?;
        self.schedule_now(token.id, now)?;
        let event = Event::RequirementsChanged(NewRequirements {
            from: token.required_scopes.clone(),
            to: required.clone(),
            asked_by: asked_by.to_owned(),
        });
        self.record_event(&NewEvent::about(token, event), now)
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::tests::{Bench, claim, import, learned, now};
    use crate::inventory::{Inventory, NewVersion};
    use crate::model::{EventId, TokenId};
    use crate::secret::Secret;

    const BY: &str = "root";

    async fn rename(inventory: &Inventory, from: &'static str, to: &'static str) -> Option<Token> {
        let renamed = inventory.write(move |tx| {
            let token = tx.token_named(from)?.ok_or(Error::Closed)?;
            tx.rename(&token, to, BY, now())
        });
        renamed.await.unwrap()
    }

    /// The secrets of all versions, oldest first.
    async fn secrets(inventory: &Inventory, id: TokenId) -> Vec<String> {
        let secrets = inventory.read(move |view| {
            let token = view.token(id)?.ok_or(Error::Closed)?;
            let mut secrets = Vec::new();
            for number in 1..=9 {
                let secret = view.version(&token, number)?;
                secrets.extend(secret.map(|secret| secret.expose().to_owned()));
            }
            Ok(secrets)
        });
        secrets.await.unwrap()
    }

    #[tokio::test]
    async fn every_secret_of_a_renamed_token_still_opens() {
        let bench = Bench::new();
        let inventory = bench.open();
        let id = import(&inventory, "maria", "EAA1").await;
        let claimed = claim(&inventory, now()).await.remove(0);
        let stored = inventory.write(move |tx| {
            tx.record(&learned(&claimed, Some("EAA2")), now())?;
            let token = tx.token(id)?.ok_or(Error::Closed)?;
            tx.store_candidate(&token, &Secret::new("EAA3"), now())
        });
        assert_eq!(stored.await.unwrap(), NewVersion::Kept);

        let renamed = rename(&inventory, "maria", "acme-maria").await.unwrap();
        assert_eq!(
            (renamed.id, renamed.name.as_str(), renamed.version),
            (id, "acme-maria", 2)
        );
        drop(inventory);
        let inventory = bench.open();
        assert_eq!(secrets(&inventory, id).await, ["EAA1", "EAA2", "EAA3"]);
        let claimed = claim(&inventory, now()).await.remove(0);
        assert_eq!(claimed.token.name, "acme-maria");
        assert_eq!(claimed.secret, Secret::new("EAA2"));
        assert_eq!(claimed.candidate.unwrap().secret, Secret::new("EAA3"));
    }

    #[tokio::test]
    async fn a_token_that_is_renamed_while_meta_is_asked_keeps_the_new_secret() {
        let bench = Bench::new();
        let inventory = bench.open();
        let id = import(&inventory, "maria", "EAA1").await;
        let claimed = claim(&inventory, now()).await.remove(0);
        rename(&inventory, "maria", "acme-maria").await.unwrap();
        let recorded =
            inventory.write(move |tx| tx.record(&learned(&claimed, Some("EAA2")), now()));
        recorded.await.unwrap();

        assert_eq!(secrets(&inventory, id).await, ["EAA1", "EAA2"]);
        let token = inventory.read(move |view| view.token(id)).await.unwrap();
        assert_eq!(token.unwrap().name, "acme-maria");
    }

    #[tokio::test]
    async fn a_name_that_another_token_has_is_refused_and_its_own_changes_nothing() {
        let bench = Bench::new();
        let inventory = bench.open();
        let id = import(&inventory, "maria", "EAA1").await;
        import(&inventory, "paul", "EAA2").await;
        assert_eq!(rename(&inventory, "maria", "paul").await, None);
        let same = rename(&inventory, "maria", "maria").await.unwrap();
        assert_eq!(same.id, id);
        let events = inventory
            .read(|view| view.events(EventId(0), None, 9))
            .await;
        assert!(events.unwrap().is_empty());
        assert_eq!(secrets(&inventory, id).await, ["EAA1"]);
    }

    #[tokio::test]
    async fn a_secret_that_does_not_open_stops_the_renaming() {
        let bench = Bench::new();
        let inventory = bench.open();
        let id = import(&inventory, "maria", "EAA1").await;
        let renamed = inventory.write(move |tx| {
            let cut = "UPDATE version SET secret = substr(secret, 1, length(secret) - 1)";
            tx.db.run(cut, &[])?;
            let token = tx.token(id)?.ok_or(Error::Closed)?;
            tx.rename(&token, "acme-maria", BY, now())
        });
        assert!(matches!(renamed.await, Err(Error::Unsealable(of)) if of == "maria"));
        let token = inventory.read(|view| view.token_named("maria")).await;
        assert!(token.unwrap().is_some(), "it has its name");
    }

    /// What other tokens' events say about a person whose data is deleted goes, under any name.
    #[tokio::test]
    async fn a_person_is_forgotten_under_earlier_names_as_well() {
        let bench = Bench::new();
        let inventory = bench.open();
        import(&inventory, "maria", "EAA1").await;
        let claimed = claim(&inventory, now()).await.remove(0);
        let recorded = inventory.write(move |tx| tx.record(&learned(&claimed, None), now()));
        recorded.await.unwrap();
        let deleted = inventory.write(|tx| {
            for through in ["maria", "paul"] {
                let page = String::new();
                let through = through.to_owned();
                let found = NewEvent::of_app("acme", Event::Discovered { through, page });
                tx.record_event(&found, now())?;
            }
            let token = tx.token_named("maria")?.ok_or(Error::Closed)?;
            tx.rename(&token, "acme-maria", BY, now())?;
            tx.ask_deletion("acme", "7", now(), now())?;
            while let Some(request) = tx.next_deletion()? {
                tx.delete_more_person_data(&request, now())?;
            }
            tx.events(EventId(0), None, 9)
        });
        let events = deleted.await.unwrap();
        let left: Vec<_> = events
            .iter()
            .map(|event| event.event.parts(None).1)
            .collect();
        assert!(left[0].is_empty() && !left[1].is_empty(), "{left:?}");
        assert!(!format!("{left:?}").contains("maria"), "{left:?}");
    }

    #[tokio::test]
    async fn other_requirements_make_a_token_due_and_other_owners_do_not() {
        let bench = Bench::new();
        let inventory = bench.open();
        let id = import(&inventory, "maria", "EAA1").await;
        let claimed = claim(&inventory, now()).await.remove(0);
        let recorded = inventory.write(move |tx| tx.record(&learned(&claimed, None), now()));
        recorded.await.unwrap();
        let owners = ["maria@example.com", "paul@example.com"].map(str::to_owned);
        let changed = inventory.write(move |tx| {
            let token = tx.token(id)?.ok_or(Error::Closed)?;
            tx.set_owners(&token, &owners, BY, now())?;
            tx.set_required_scopes(&token, &token.required_scopes, BY, now())
        });
        changed.await.unwrap();
        assert!(claim(&inventory, now()).await.is_empty());

        let changed = inventory.write(move |tx| {
            let token = tx.token(id)?.ok_or(Error::Closed)?;
            tx.set_required_scopes(&token, &Scopes::parse("email pages_messaging"), BY, now())
        });
        changed.await.unwrap();
        let due = claim(&inventory, now()).await.remove(0);
        assert_eq!(due.token.owners.len(), 2);
        let events = inventory
            .read(|view| view.events(EventId(0), None, 9))
            .await;
        let described = events.unwrap();
        let described: Vec<_> = described.iter().map(|it| it.event.describe()).collect();
        assert_eq!(
            described,
            [
                "owners changed by root: 1 added, 0 removed",
                "needs the permissions email pages_messaging, as root asked",
            ]
        );
    }
}
