//! A token that crashes the daemon is identified by the crashes, and the other tokens continue without it.

use jiff::Timestamp;
use perennial::model::{EventKind, OrderKind, State, TokenId};

use crate::world::{Result, World, days, hours};

/// The daemon crashes while it works on these tokens, and starts again.
async fn crash_with(world: &World, in_hand: &[TokenId]) -> Result {
    let (in_hand, now) = (in_hand.to_vec(), world.now);
    let claimed = world
        .inventory
        .write(move |tx| tx.claim(&in_hand, now, now + hours(1)));
    claimed.await?;
    start(world, now).await
}

async fn start(world: &World, now: Timestamp) -> Result {
    world
        .inventory
        .write(move |tx| tx.begin_run(now).map(drop))
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_token_that_crashes_the_daemon_twice_is_set_aside_and_the_others_go_on() -> Result {
    let mut world = World::new().await?;
    let mut ids = Vec::new();
    for name in ["anna", "berta", "clara", "dora"] {
        let person = world.person(name);
        let token = world.log_in(&person)?;
        ids.push(world.import(name, &token).await?);
    }
    let (guilty, others) = (ids[1], [ids[0], ids[2], ids[3]]);
    start(&world, world.now).await?;
    // At first, all claimed tokens are suspects. The sweep then checks them one by one, so that the next crash
    // identifies one.
    crash_with(&world, &ids).await?;
    assert_eq!(world.inventory.read(|view| view.suspects()).await?, ids);
    crash_with(&world, &[guilty]).await?;
    let named = world.inventory.read(|view| view.set_aside()).await?;
    assert_eq!(named, ["berta"]);
    assert_eq!(world.told(EventKind::SetAside).await?, 1);

    world.live(days(3)).await?;
    for id in others {
        assert_eq!(world.state(id).await?, State::Healthy);
    }
    assert_eq!(
        world.state(guilty).await?,
        State::Unverified,
        "it was visited"
    );
    let suspects = world.inventory.read(|view| view.suspects()).await?;
    assert!(suspects.is_empty(), "a visit that ends well clears a token");
    let socket = world.open_socket().await?;
    socket.publish_status(world.now, world.now).await?;
    let status = socket.client.status().await?;
    assert!(
        status
            .problems
            .iter()
            .any(|problem| problem.contains("berta")),
        "{:?}",
        status.problems
    );

    world.order(guilty, OrderKind::Check).await?;
    world.pass().await?;
    assert_eq!(world.state(guilty).await?, State::Healthy);
    assert!(
        world
            .inventory
            .read(|view| view.set_aside())
            .await?
            .is_empty()
    );
    Ok(())
}

#[tokio::test]
async fn after_a_crash_each_suspect_is_asked_about_alone() -> Result {
    let mut world = World::new().await?;
    let mut ids = Vec::new();
    for n in 0..5 {
        let person = world.person(&format!("person {n}"));
        let token = world.log_in(&person)?;
        ids.push(world.import(&format!("token-{n}"), &token).await?);
    }
    world.pass().await?;
    start(&world, world.now).await?;
    let together = asked(&mut world, &ids, &[]).await?;
    let apart = asked(&mut world, &ids, &ids[..3]).await?;
    assert_eq!(apart, together + 3);
    Ok(())
}

/// Returns how many requests it takes to check all tokens after a crash during work on some of them.
async fn asked(world: &mut World, ids: &[TokenId], in_hand: &[TokenId]) -> Result<u64> {
    for id in ids {
        world.order(*id, OrderKind::Check).await?;
    }
    crash_with(world, in_hand).await?;
    let before = world.meta.world().call_log().requests();
    world.pass().await?;
    Ok(world.meta.world().call_log().requests() - before)
}

#[tokio::test]
async fn an_orderly_end_makes_nobody_a_suspect() -> Result {
    let world = World::new().await?;
    let person = world.person("Maria");
    let token = world.log_in(&person)?;
    let id = world.import("maria", &token).await?;
    let now = world.now;
    let life = world.inventory.write(move |tx| tx.begin_run(now)).await?;
    world
        .inventory
        .write(move |tx| {
            tx.claim(&[id], now, now + hours(1))?;
            tx.end_run(life, now)
        })
        .await?;
    start(&world, now).await?;
    assert!(
        world
            .inventory
            .read(|view| view.suspects())
            .await?
            .is_empty()
    );
    Ok(())
}
