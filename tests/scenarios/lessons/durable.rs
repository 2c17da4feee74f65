//! The results of a sweep are stored, whatever happens to other tokens, to their rows, and to the disk.

use std::time::Duration;

use perennial::graph_sim::{Endpoint, Fault, FaultRule, InjectedError, Reexchange};
use perennial::model::{EventKind, EventRecord, OrderKind, Outcome, TokenId};

use crate::world::{Result, World, days, hours};

/// A user token whose exchange extends the expiry, imported five days ago, with an order to rotate for the next sweep.
async fn about_to_be_renewed(world: &mut World, name: &str) -> Result<(TokenId, String)> {
    let person = world.person(name);
    let extends = Reexchange::Extends;
    world.meta.world().set_reexchange_of(&person, extends)?;
    let secret = world.log_in(&person)?;
    let id = world.import(name, &secret).await?;
    world.live(days(5)).await?;
    world.order(id, OrderKind::Rotate).await?;
    Ok((id, secret))
}

fn slowly(endpoint: Endpoint) -> FaultRule {
    let latency = Fault::Latency(Duration::from_millis(400));
    FaultRule::new(latency).on(endpoint).times(1)
}

async fn told_of(world: &World, name: &str) -> Result<usize> {
    let is_of = |event: &&EventRecord| event.token.as_deref() == Some(name);
    Ok(world.events().await?.iter().filter(is_of).count())
}

#[tokio::test]
async fn a_parent_deleted_during_a_sweep_rolls_nothing_back() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let (_, page_token) = world.page(&maria, "Bakery", &token)?;
    let parent = world.import("maria", &token).await?;
    let page = world.import("bakery", &page_token).await?;
    let (otto, before) = about_to_be_renewed(&mut world, "otto").await?;
    assert_eq!(world.token(page).await?.parent, Some(parent));
    world.order(page, OrderKind::Check).await?;
    world.meta.world().inject(slowly(Endpoint::Exchange));

    let (rotation_worker, now) = (world.rotation_worker.clone(), world.now);
    let under_way = tokio::spawn(async move { rotation_worker.sweep(now).await });
    world.until_asked(Endpoint::Exchange, 1).await;
    let forget = world.inventory.write(move |tx| tx.forget(parent));
    forget.await?;
    under_way.await??;

    assert_ne!(world.secret(otto).await?, before, "the renewal is stored");
    assert_eq!(world.token(page).await?.parent, None);
    assert_eq!(world.told(EventKind::Checked).await?, 2, "both orders");
    Ok(())
}

#[tokio::test]
async fn a_token_deleted_during_a_sweep_leaves_no_trace_and_rolls_nothing_back() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    world.page(&maria, "Bakery", &token)?;
    let id = world.import("maria", &token).await?;
    let (otto, before) = about_to_be_renewed(&mut world, "otto").await?;
    world.order(id, OrderKind::Discover).await?;
    world.post().await?;
    let before_it_went = told_of(&world, "maria").await?;
    world.meta.world().inject(slowly(Endpoint::Accounts));
    let asked = world.meta.world().call_log().calls(Endpoint::Accounts);

    let (rotation_worker, now) = (world.rotation_worker.clone(), world.now);
    let under_way = tokio::spawn(async move { rotation_worker.sweep(now).await });
    world.until_asked(Endpoint::Accounts, asked + 1).await;
    world.inventory.write(move |tx| tx.forget(id)).await?;
    under_way.await??;

    assert_ne!(world.secret(otto).await?, before, "the renewal is stored");
    assert_eq!(told_of(&world, "maria").await?, before_it_went);
    let pending_tokens = world
        .inventory
        .read(|view| view.pending_tokens(TokenId(0), 10))
        .await?;
    assert!(!pending_tokens.contains(&id), "{pending_tokens:?}");
    Ok(())
}

#[tokio::test]
async fn a_record_that_cannot_be_written_takes_no_other_with_it() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    for name in ["broken", "sound"] {
        world.import(name, &world.log_in(&maria)?).await?;
    }
    let (otto, before) = about_to_be_renewed(&mut world, "otto").await?;
    for name in ["broken", "sound"] {
        let id = world.named(name).await?.id;
        world.order(id, OrderKind::Check).await?;
    }
    world.refuse("event", "NEW.name = 'broken'")?;
    assert!(world.pass().await.is_err(), "it is told");

    assert_ne!(world.secret(otto).await?, before, "the renewal is stored");
    assert_eq!(world.told(EventKind::Checked).await?, 2, "otto and sound");
    world.accept("event")?;
    world.live(hours(1)).await?;
    assert_eq!(
        world.told(EventKind::Checked).await?,
        3,
        "it is tried again"
    );
    Ok(())
}

#[tokio::test]
async fn a_renewed_secret_that_cannot_be_stored_is_kept_until_it_can() -> Result {
    let mut world = World::new().await?;
    let (otto, before) = about_to_be_renewed(&mut world, "otto").await?;
    world.refuse("version", "NEW.token > 0")?;
    for _ in 0..3 {
        assert!(
            world.pass().await.is_err(),
            "it is told as long as it lasts"
        );
        world.now += hours(1);
    }
    assert_eq!(world.secret(otto).await?, before);
    world.accept("version")?;
    world.pass().await?;

    let after = world.token(otto).await?;
    assert_ne!(world.secret(otto).await?, before);
    let outcome = after.last_rotation.map(|rotation| rotation.outcome);
    assert_eq!((outcome, after.version), (Some(Outcome::Renewed), 2));
    let asked = world.meta.world().call_log().calls(Endpoint::Exchange);
    assert_eq!(asked, 1, "the one that was made is the one that counts");
    Ok(())
}

/// Meta answered that it was too busy, so nothing was exchanged, and the next exchange need not wait for a day.
#[tokio::test]
async fn an_exchange_that_meta_did_not_make_bars_no_other() -> Result {
    let mut world = World::new().await?;
    let person = world.person("Maria");
    let extends = Reexchange::Extends;
    world.meta.world().set_reexchange_of(&person, extends)?;
    let id = world.import("maria", &world.log_in(&person)?).await?;
    world.live(days(29)).await?;
    let busy = Fault::Error(InjectedError {
        status: 400,
        code: 4,
        subcode: None,
        is_transient: None,
        message: "Application request limit reached".to_owned(),
    });
    let busy = FaultRule::new(busy).on(Endpoint::Exchange);
    world.meta.world().inject(busy.times(1));

    world.live(hours(24 + 8)).await?;
    let after = world.token(id).await?;
    let outcome = after.last_rotation.map(|rotation| rotation.outcome);
    assert_eq!(outcome, Some(Outcome::Renewed));
    assert_eq!(world.told(EventKind::Rotated).await?, 2);
    Ok(())
}
