//! A wrong clock: what the daemon does not decide while in doubt, and how wrong times are corrected.

use perennial::graph_sim::{Endpoint, Fault, FaultRule};
use perennial::model::{Cause, Health, State};

use crate::world::{OWNER, Result, World, days, hours, minutes};

#[tokio::test]
async fn what_a_clock_two_months_ahead_put_off_is_due() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(hours(1)).await?;
    world.meta.world().change_password(&maria)?;
    let ahead = (world.now + days(60)).as_second();
    world.tamper(&format!(
        "UPDATE schedule SET due_at = {ahead}, checked_at = {ahead};
         UPDATE token SET rotation_tried_at = {ahead};
         UPDATE app SET resume_at = {ahead}"
    ))?;
    world.now += hours(25);
    world.pass().await?;
    let after = world.token(id).await?;
    assert_eq!(after.cause(), Some(Cause::PasswordChanged));
    assert_eq!(after.checked_at, Some(world.now));
    Ok(())
}

#[tokio::test]
async fn a_sweep_by_a_clock_two_months_ahead_renews_nothing_and_is_made_up_for() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(days(5)).await?;

    let ahead = world.now + days(60);
    world.rotation_worker.sweep(ahead).await?;
    assert_eq!(world.state(id).await?, State::Healthy, "no end is judged");
    let exchanged = world.meta.world().call_log().calls(Endpoint::Exchange);
    assert_eq!(exchanged, 0, "and none is averted");

    world.now += minutes(1);
    world.meta.world().change_password(&maria)?;
    world.pass().await?;
    let after = world.token(id).await?;
    assert_eq!(after.checked_at, Some(world.now));
    assert_eq!(after.cause(), Some(Cause::PasswordChanged));
    Ok(())
}

/// While its checks failed, that it was about to expire was not its state.
#[tokio::test]
async fn a_wrong_clock_does_not_call_a_token_renewed_whose_checks_had_failed() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live_with_post(days(50), hours(1)).await?;
    assert_eq!(world.state(id).await?, State::Expiring);
    let skewed = FaultRule::new(Fault::DateSkew(minutes(-6)));
    let broken = FaultRule::new(Fault::Unavailable).on(Endpoint::DebugToken);
    world.meta.world().inject(skewed.clone());
    world.meta.world().inject(broken);
    world.live(days(1)).await?;
    assert_eq!(world.state(id).await?, State::Failing);

    world.meta.world().heal();
    world.meta.world().inject(skewed);
    world.live(hours(7)).await?;
    assert_eq!(world.state(id).await?, State::Failing, "it may expire soon");
    world.meta.world().heal();
    world.live_with_post(hours(7), hours(1)).await?;
    assert_eq!(world.state(id).await?, State::Expiring);
    assert_eq!(world.open_incidents().await?.len(), 1, "the same as before");
    let written = world.mail()?;
    let renewed = written
        .iter()
        .any(|mail| mail.subject().contains("Renewed"));
    assert!(!renewed, "it was not");
    Ok(())
}

#[tokio::test]
async fn no_end_is_judged_by_a_clock_that_is_far_from_meta_s() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(days(40)).await?;
    assert_eq!(world.state(id).await?, State::Healthy);
    let skewed = FaultRule::new(Fault::DateSkew(minutes(-6)));
    world.meta.world().inject(skewed.clone());
    world.live(days(10)).await?;
    assert_eq!(world.state(id).await?, State::Healthy, "10 days are left");
    world.live(days(11)).await?;
    let after = world.token(id).await?;
    let Health::Failing { cause, .. } = after.health else {
        return Err(format!("{:?}", after.health).into());
    };
    assert_eq!(
        cause,
        Cause::Expired,
        "Meta says so, and it is not believed yet"
    );
    world.post().await?;
    assert!(world.open_incidents().await?.is_empty());

    world.meta.world().heal();
    world.live(hours(3)).await?;
    assert_eq!(world.state(id).await?, State::Dead);
    Ok(())
}

/// Every other cause of death is reported as usual.
#[tokio::test]
async fn a_changed_password_needs_no_clock() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(hours(1)).await?;
    let skewed = FaultRule::new(Fault::DateSkew(hours(2)));
    world.meta.world().inject(skewed);
    world.meta.world().change_password(&maria)?;
    world.live(hours(25)).await?;
    assert_eq!(world.state(id).await?, State::Dead);
    world.post_in_doubt().await?;
    assert_eq!(world.open_incidents().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn no_expiry_is_reported_while_the_clock_is_in_doubt() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(days(47)).await?;
    assert_eq!(world.state(id).await?, State::Expiring);
    for _ in 0..3 {
        world.post_in_doubt().await?;
        world.now += minutes(5);
    }
    assert!(world.open_incidents().await?.is_empty());

    world.post().await?;
    assert_eq!(world.open_incidents().await?.len(), 1);
    world.now += minutes(5);
    world.post_in_doubt().await?;
    assert!(world.mail()?.is_empty());
    world.post().await?;
    let mail = world.mail()?;
    assert!(
        mail.iter().any(|mail| mail.0.contains(OWNER)),
        "now it is told"
    );
    Ok(())
}
