//! The summary comes once for each tick and contains the current state.

use insta::assert_snapshot;

use super::*;
use crate::alerts::fixtures::*;
use crate::email::text::Language;
use crate::model::{Cause, Email, Kind, PageList};

/// The following Monday at nine in Berlin.
fn tick() -> Timestamp {
    monday() + days(7) - hours(1)
}

impl World {
    async fn summarise(&self, at: Timestamp) -> Result<bool> {
        let versions = [("acme", "v21.0", Some(2027)), ("beta", "v26.0", None)];
        let versions = versions.map(|(app, version, year)| GraphVersion {
            app: app.to_owned(),
            version: version.to_owned(),
            ends_on: year.map(|year| jiff::civil::date(year, 1, 21)),
        });
        let tick = Tick {
            at,
            next: Some(at + days(7)),
        };
        write(
            &self.inventory,
            &self.rules,
            versions.to_vec(),
            tick,
            self.now,
        )
        .await
    }

    async fn summary(&self) -> Result<Email> {
        let emails = self.emails().await?;
        let is_summary = |email: &Email| email.email.message_id.starts_with("digest-");
        let mut summaries: Vec<Email> = emails.into_iter().filter(is_summary).collect();
        Ok(summaries.remove(0))
    }
}

#[tokio::test]
async fn each_tick_is_reported_once() -> Result {
    let mut world = World::new();
    assert!(!world.summarise(tick() - days(7)).await?, "before it began");
    world.wait(days(7));
    assert!(world.summarise(tick()).await?);
    for _ in 0..3 {
        assert!(!world.summarise(tick()).await?);
        world.wait(days(1));
    }
    assert!(!world.summarise(tick() - hours(1)).await?, "an earlier one");
    assert_eq!(world.emails().await?.len(), 1);
    assert_eq!(
        world.emails().await?[0].email.recipients,
        ["ops@example.com"]
    );
    Ok(())
}

#[tokio::test]
async fn a_tick_that_was_slept_through_is_made_up_for_within_a_week() -> Result {
    let mut world = World::new();
    world.summarise(tick() - days(7)).await?;
    world.now = tick() + days(6);
    assert!(world.summarise(tick()).await?);
    world.now = tick() + days(15);
    assert!(!world.summarise(tick() + days(7)).await?, "too late");
    assert!(world.summarise(tick() + days(14)).await?);
    assert_eq!(world.emails().await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_digest_without_problems_says_so() -> Result {
    let mut world = World::new();
    world.summarise(tick() - days(7)).await?;
    world
        .import(Kind::Page, &["acme-bakery".to_owned()])
        .await?;
    world.import_user("acme-maria").await?;
    world.now = tick();
    assert!(world.summarise(tick()).await?);
    assert_snapshot!("all_well", shown(&world.summary().await?));
    Ok(())
}

#[tokio::test]
async fn the_digest_lists_what_waits_what_is_upcoming_and_what_was_done() -> Result {
    let mut world = World::new();
    world.summarise(tick() - days(7)).await?;
    let names: Vec<String> = (0..30).map(|n| format!("acme-page-{n}")).collect();
    let pages = world.import(Kind::Page, &names).await?;
    let maria = world.import_user("acme-maria").await?;
    world.expire_in(maria, days(20)).await?;
    world.die(&pages[..2], Cause::PageRoleLost).await?;
    world
        .set_app_error("beta", Some(Cause::AppSecretWrong))
        .await?;
    world.pass().await?;
    world.pass_after(minutes(2)).await?;
    world
        .inventory
        .write({
            let now = world.now;
            move |tx| tx.postpone_emails("the mail server does not answer", now + days(30), now)
        })
        .await?;
    world.now = tick();
    assert!(world.summarise(tick()).await?);
    assert_snapshot!("much_to_tell", shown(&world.summary().await?));
    assert_snapshot!("much_to_tell_html", world.summary().await?.email.html);

    world.rules.language = Language::German;
    world.now = tick() + days(7);
    assert!(world.summarise(tick() + days(7)).await?);
    let german = world.emails().await?.pop().unwrap();
    assert_snapshot!("de_much_to_tell", shown(&german));
    Ok(())
}

/// A page that two people reach is safe; a page that only one of them reaches is listed.
#[tokio::test]
async fn a_page_with_a_second_admin_does_not_depend_on_one() -> Result {
    let world = World::new();
    let names = ["bakery", "deli", "dojo"].map(str::to_owned);
    world.import(Kind::Page, &names).await?;
    let zoe = world.import_user("acme-zoe").await?;
    world
        .record_check(&[zoe], |token| {
            if let Some(facts) = &mut token.facts {
                "99".clone_into(&mut facts.person);
                "99".clone_into(&mut facts.subject);
            }
        })
        .await?;
    let now = world.now;
    world
        .inventory
        .write(move |tx| {
            let Some(zoe) = tx.token(zoe)? else {
                return Ok(());
            };
            let mut pages = PageList::default();
            for id in ["bakery", "museum"] {
                pages.push(id, id, None);
            }
            tx.store_page_admins(&zoe, &pages, now)
        })
        .await?;
    let lone = world
        .inventory
        .read(|view| view.single_admin_pages(100))
        .await?;
    let (lone, people) = lone;
    assert_eq!((lone.len(), people), (1, 1));
    assert_eq!((lone[0].person.as_str(), lone[0].pages), (MARIA, 2));
    Ok(())
}

fn shown(email: &Email) -> String {
    format!("Subject: {}\n\n{}", email.email.subject, email.email.text)
}
