//! What is stored: never an empty secret, never too early, and never over a newer value.

use std::time::Duration;

use perennial::api::types::{CandidateRequest, ImportRequest, ProblemType};
use perennial::api_client::Error;
use perennial::graph_sim::{Endpoint, Fault, FaultRule, Reexchange};
use perennial::model::{Claimed, EventKind, OrderKind, Outcome, State, TokenId};
use perennial::secret::Secret;

use crate::world::{Result, World, days, hours, minutes};

/// postiz (PR 1884, PR 1881) replaced a token by an empty value.
#[tokio::test]
async fn nothing_at_all_never_replaces_a_secret() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let (_, page_token) = world.page(&maria, "Bakery", &token)?;
    world.page(&maria, "Nobody took this one in", &token)?;
    let id = world.import("maria", &token).await?;
    world.pass().await?;

    let socket = world.open_socket().await?;
    for nothing in ["", " ", "\n", "\t \r\n"] {
        let access_token = Secret::new(nothing);
        let offer = CandidateRequest {
            access_token: access_token.clone(),
        };
        let offered = socket.client.add_candidate("maria", &offer).await.map(drop);
        let import = ImportRequest::new("acme".to_owned(), access_token);
        let imported = socket.client.import(&import).await.map(drop);
        assert!(is_invalid(&offered) && is_invalid(&imported), "{nothing:?}");
    }

    let page = world.import("bakery", &page_token).await?;
    world
        .meta
        .world()
        .inject(FaultRule::new(Fault::EmptyTokens));
    for order in [OrderKind::Rotate, OrderKind::Discover] {
        world.order(id, order).await?;
        world.order(page, order).await?;
        world.live(days(2)).await?;
    }
    assert_eq!(world.secret(id).await?, token);
    assert_eq!(world.secret(page).await?, page_token);
    let fleet = world.inventory.read(|view| view.fleet()).await?;
    assert_eq!(
        (fleet.healthy, fleet.total()),
        (2, 2),
        "none taken in, none lost"
    );
    Ok(())
}

fn is_invalid(answer: &std::result::Result<(), Error>) -> bool {
    matches!(answer, Err(Error::Refused(problem)) if problem.is(ProblemType::Invalid))
}

/// better-ccflare (PR 407) and xagent (issue 1454) used values that they had read before they held the lock.
#[tokio::test]
async fn what_was_read_before_the_lock_is_read_again() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    world
        .meta
        .world()
        .set_reexchange_of(&maria, Reexchange::Extends)?;
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;
    world.live(days(5)).await?;
    world.order(id, OrderKind::Rotate).await?;
    let now = world.now;
    let seen_due = world
        .inventory
        .read(move |view| view.due("acme", now, 10))
        .await?;
    let seen_due: Vec<TokenId> = seen_due.iter().map(|due| due.token).collect();
    assert_eq!(seen_due, [id]);

    let both = tokio::join!(
        world.rotation_worker.sweep(now),
        world.rotation_worker.sweep(now)
    );
    assert_eq!(both.0?.checked + both.1?.checked, 1);
    let asked = world.meta.world().call_log().calls(Endpoint::Exchange);
    assert_eq!(asked, 1, "two passes at once, one exchange");

    let late = claim(&world, &seen_due).await?;
    assert!(late.is_empty(), "it is not due any more");
    let make_due = world.inventory.write(move |tx| tx.make_due(id, now));
    make_due.await?;
    let claimed = claim(&world, &seen_due).await?;
    let [claimed] = claimed.as_slice() else {
        return Err("it is due, and free".into());
    };
    assert_eq!(claimed.token.version, 2);
    assert_ne!(claimed.secret.expose(), token);
    Ok(())
}

async fn claim(world: &World, ids: &[TokenId]) -> Result<Vec<Claimed>> {
    let (ids, now) = (ids.to_vec(), world.now);
    let until = now + minutes(10);
    let claim = world.inventory.write(move |tx| tx.claim(&ids, now, until));
    Ok(claim.await?.tokens)
}

/// A standby that takes over may know that a sweep claimed a token, and not that the claim ended.
#[tokio::test]
async fn a_claim_that_no_sweep_has_in_hand_holds_no_token_up() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;
    assert_eq!(claim(&world, &[id]).await?.len(), 1);
    assert!(claim(&world, &[id]).await?.is_empty(), "it is claimed");

    world.pass().await?;
    assert_eq!(world.state(id).await?, State::Healthy);
    Ok(())
}

/// nango (PR 6941) published a new token and then failed to store it.
#[tokio::test]
async fn nobody_hears_of_a_renewal_that_was_not_stored() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    world
        .meta
        .world()
        .set_reexchange_of(&maria, Reexchange::Extends)?;
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;
    world.live(days(5)).await?;
    let before = world.token(id).await?;

    world.order(id, OrderKind::Rotate).await?;
    world.refuse("version", "NEW.token > 0")?;
    assert!(world.pass().await.is_err());
    let asked = world.meta.world().call_log().calls(Endpoint::Exchange);
    assert_eq!(asked, 1);
    assert_eq!(world.told(EventKind::Rotated).await?, 0);
    assert_eq!(
        world.told(EventKind::Checked).await?,
        0,
        "the order still waits"
    );
    let after = world.token(id).await?;
    assert_eq!((after.rotated_at, after.last_rotation), (None, None));
    assert_eq!((after.version, after.deadline()), (1, before.deadline()));
    assert_eq!(world.secret(id).await?, token);

    world.accept("version")?;
    world.pass().await?;
    assert_eq!(world.told(EventKind::Rotated).await?, 1);
    assert_eq!(world.told(EventKind::Checked).await?, 1);
    assert_ne!(world.secret(id).await?, token);
    let asked = world.meta.world().call_log().calls(Endpoint::Exchange);
    assert_eq!(asked, 1, "what Meta gave is stored, not asked for again");
    Ok(())
}

/// An exchange that was started but not recorded may have taken effect, so it is not repeated on the same day.
#[tokio::test]
async fn an_exchange_that_a_crash_swallowed_still_counts() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(days(5)).await?;
    let lost = FaultRule::new(Fault::LostAnswer).on(Endpoint::Exchange);
    world.meta.world().inject(lost.times(1));
    world.order(id, OrderKind::Rotate).await?;
    world.live(hours(30)).await?;

    world.order(id, OrderKind::Rotate).await?;
    world.refuse("event", "NEW.kind = 'rotated'")?;
    assert!(world.pass().await.is_err());
    world.accept("event")?;
    for order in [OrderKind::Check, OrderKind::Rotate] {
        world.order(id, order).await?;
        world.live(hours(1)).await?;
    }
    let asked = world.meta.world().call_log().calls(Endpoint::Exchange);
    assert_eq!(asked, 2, "one on each day");
    Ok(())
}

/// pizauth dropped 272 of 2,000 grants because their rows had changed during the requests.
#[tokio::test]
async fn a_grant_outlives_whatever_happened_to_its_row_meanwhile() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    world
        .meta
        .world()
        .set_reexchange_of(&maria, Reexchange::Extends)?;
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;
    world.live(days(5)).await?;
    world.order(id, OrderKind::Rotate).await?;
    world.meta.world().inject(slowly(Endpoint::Exchange));

    let (rotation_worker, now) = (world.rotation_worker.clone(), world.now);
    let under_way = tokio::spawn(async move { rotation_worker.sweep(now).await });
    world.until_asked(Endpoint::Exchange, 1).await;
    world.order(id, OrderKind::Check).await?;
    world.put_secret(id, "EAAgarbage").await?;
    under_way.await??;

    let outcome = world.token(id).await?.last_rotation.map(|r| r.outcome);
    assert_eq!(outcome, Some(Outcome::Renewed));
    let renewed = world.secret(id).await?;
    assert_ne!(renewed, token);
    assert_eq!(world.told(EventKind::Checked).await?, 1);

    world.pass().await?;
    assert_eq!(
        world.told(EventKind::Checked).await?,
        2,
        "the later order, too"
    );
    assert_eq!(world.told(EventKind::CandidateRefused).await?, 1);
    assert_eq!(world.secret(id).await?, renewed);
    Ok(())
}

/// The reverse case: a pass that ends late has only the result for the previous secret.
#[tokio::test]
async fn late_news_of_a_replaced_secret_harms_the_new_one_in_nothing() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;
    world.live(hours(1)).await?;
    world.meta.world().change_password(&maria)?;
    world.order(id, OrderKind::Check).await?;
    world.meta.world().inject(slowly(Endpoint::DebugToken));
    let asked = world.meta.world().call_log().calls(Endpoint::DebugToken);

    let (rotation_worker, now) = (world.rotation_worker.clone(), world.now);
    let under_way = tokio::spawn(async move { rotation_worker.sweep(now).await });
    world.until_asked(Endpoint::DebugToken, asked + 1).await;
    let again = world.log_in(&maria)?;
    world.put_secret(id, &again).await?;
    // The first sweep takes so long that its claim runs out.
    world.now += minutes(11);
    world.pass().await?;
    assert_eq!(world.secret(id).await?, again);
    under_way.await??;

    let after = world.token(id).await?;
    assert_eq!((after.state(), after.version), (State::Healthy, 2));
    assert_eq!(world.secret(id).await?, again);
    Ok(())
}

/// Delays one call long enough for others to finish first.
fn slowly(endpoint: Endpoint) -> FaultRule {
    let latency = Fault::Latency(Duration::from_millis(400));
    FaultRule::new(latency).on(endpoint).times(1)
}
