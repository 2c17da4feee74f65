//! What counts as a renewal, and what does not.

use perennial::graph_sim::{Endpoint, Fault, FaultRule, Outage, Reexchange};
use perennial::model::{Cause, EventKind, Expiry, Health, Kind, OrderKind, Outcome, State};

use crate::world::{APP, Result, SCOPES, World, days, hours};

/// certmagic treated the last failed attempt as the end of the work (caddyserver/certmagic PR 398).
#[tokio::test]
async fn attempts_that_are_used_up_are_still_failures() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let end = world.now + days(60);
    world.now += days(28);
    let id = world.import("maria", &token).await?;
    let lost = FaultRule::new(Fault::LostAnswer).on(Endpoint::Exchange);
    world.meta.world().inject(lost);

    world.live(days(22)).await?;
    let after = world.token(id).await?;
    let cause = Cause::ExpiresSoon;
    assert_eq!(after.health, Health::Expiring { cause });
    assert_eq!((after.deadline(), after.rotated_at), (Some(end), None));
    let outcome = after.last_rotation.map(|rotation| rotation.outcome);
    assert_eq!(outcome, Some(Outcome::Failed));
    assert_eq!(world.secret(id).await?, token);
    let tried = world.meta.world().call_log().calls(Endpoint::Exchange);
    assert!(tried > 10, "{tried} attempts, and the last is not the last");
    Ok(())
}

/// The same for checks, whether one token cannot be checked or all cannot.
#[tokio::test]
async fn checks_that_never_get_through_are_still_failures() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let unlucky = world.import("unlucky", &world.log_in(&maria)?).await?;
    let lucky = world.import("lucky", &world.log_in(&maria)?).await?;
    world.pass().await?;
    for _ in 0..12 {
        let first_of_batch = FaultRule::new(Fault::NullMember).times(1);
        world.meta.world().inject(first_of_batch);
        world.order(unlucky, OrderKind::Check).await?;
        world.order(lucky, OrderKind::Check).await?;
        world.now += hours(1);
        world.pass().await?;
        assert_eq!(world.state(unlucky).await?, State::Failing);
        assert_eq!(world.state(lucky).await?, State::Healthy);
    }

    world.meta.world().set_outage(Some(Outage::Reset));
    world.live(days(4)).await?;
    assert_eq!(world.state(unlucky).await?, State::Failing);
    assert_eq!(world.state(lucky).await?, State::Failing);
    assert_eq!(world.told(EventKind::AppRecovered).await?, 0);
    Ok(())
}

/// trypost checked whether a token was alive and reported that it had been refreshed (PR 30).
#[tokio::test]
async fn a_check_is_not_a_renewal() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let extends = Reexchange::Extends;
    world.meta.world().set_reexchange_of(&maria, extends)?;
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;
    world.live(days(5)).await?;

    world.order(id, OrderKind::Check).await?;
    world.pass().await?;
    let looked_at = world.token(id).await?;
    assert_eq!(
        (looked_at.rotated_at, looked_at.last_rotation),
        (None, None)
    );
    assert_eq!(world.told(EventKind::Checked).await?, 1);
    assert_eq!(world.told(EventKind::Rotated).await?, 0);

    world.order(id, OrderKind::Rotate).await?;
    world.pass().await?;
    let asked = world
        .meta
        .world()
        .call_log()
        .calls_about(Endpoint::Exchange, &token);
    assert_eq!(asked, 1, "renewing is asking Meta for another token");
    assert_eq!(world.token(id).await?.rotated_at, Some(world.now));
    assert_ne!(world.secret(id).await?, token);
    Ok(())
}

/// data-machine-socials, postiz and facepy (PR 172) store an expiry in sixty days if Meta reports none.
#[tokio::test]
async fn silence_about_the_end_stays_silence() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    let end = world.now + days(60);
    let silent = FaultRule::new(Fault::WithoutClocks).on(Endpoint::DebugToken);
    world.meta.world().inject(silent);

    world.pass().await?;
    let unknown = world.token(id).await?;
    assert_eq!(unknown.state(), State::Healthy);
    let facts = unknown.facts.as_ref().ok_or("no facts")?;
    assert_eq!(
        (facts.expires_at, facts.data_access_expires_at),
        (Expiry::Unknown, Expiry::Unknown)
    );
    assert_eq!(unknown.deadline(), None);

    world.meta.world().heal();
    world.live(days(1)).await?;
    assert_eq!(world.token(id).await?.deadline(), Some(end));

    let silent = FaultRule::new(Fault::WithoutExpiresIn).on(Endpoint::Exchange);
    world.meta.world().inject(silent);
    world.order(id, OrderKind::Rotate).await?;
    world.live(hours(1)).await?;
    let outcome = world.token(id).await?.last_rotation.map(|r| r.outcome);
    assert_eq!(outcome, Some(Outcome::SameExpiry));
    assert_eq!(world.token(id).await?.deadline(), Some(end));
    Ok(())
}

#[tokio::test]
async fn a_new_token_whose_end_meta_does_not_say_is_asked_about_again_while_it_lasts() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let long = world.log_in(&maria)?;
    world.page(&maria, "Bakery", &long)?;
    let short = world.meta.world().issue_short_lived(APP, &maria, SCOPES)?;
    let silent = FaultRule::new(Fault::WithoutClocks).on(Endpoint::DebugToken);
    world.meta.world().inject(silent);
    let id = world.import("maria", &short).await?;
    world.order(id, OrderKind::Discover).await?;
    world.pass().await?;
    assert_eq!(world.token(id).await?.deadline(), None);

    world.meta.world().heal();
    world.live(days(1)).await?;
    assert!(world.token(id).await?.deadline() > Some(world.now + days(58)));
    let found = world.of_kind(Kind::Page).await?;
    let ends = found
        .into_iter()
        .map(|page| page.facts.map(|facts| facts.expires_at));
    assert_eq!(ends.collect::<Vec<_>>(), [Some(Expiry::Never)]);
    Ok(())
}

#[tokio::test]
async fn an_end_that_is_known_is_kept_while_meta_does_not_say_it() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    let end = world.now + days(60);
    world.live_with_post(days(50), hours(1)).await?;
    assert_eq!(world.state(id).await?, State::Expiring);

    let silent = FaultRule::new(Fault::WithoutClocks).on(Endpoint::DebugToken);
    world.meta.world().inject(silent);
    world.live_with_post(days(2), hours(1)).await?;
    assert_eq!(world.state(id).await?, State::Expiring);
    assert_eq!(world.token(id).await?.deadline(), Some(end));
    assert_eq!(world.told(EventKind::IncidentResolved).await?, 0);
    Ok(())
}
