//! Several daemons on one inventory: one of them sweeps an app at a time, and an exchange that one began is finished by
//! another. The simulated Graph counts the exchanges.

use std::time::{Duration, Instant};

use perennial::graph_sim::{Endpoint, Fault, FaultRule, Reexchange};
use perennial::inventory::{Duties, DutyChange, Error, Held};
use perennial::model::{Duty, EventKind, Node, OrderKind, Outcome, State, TokenId};
use perennial::rotation::{Report, RotationWorker};
use tokio::task::JoinHandle;

use crate::world::{APP, Result, SCOPES, World, days, hours, minutes};

type Swept = std::result::Result<Report, Error>;

/// A daemon among others.
struct Daemon {
    duties: Duties,
}

fn app() -> Duty {
    Duty::App("acme".to_owned())
}

impl Daemon {
    fn new(name: &str) -> Self {
        Self {
            duties: Duties::shared(Node {
                name: name.to_owned(),
                id: format!("a run of {name}"),
            }),
        }
    }

    /// Renews the app, or takes it if it is free.
    async fn keep(&self, world: &World) -> Result<DutyChange> {
        let wanted = [app()];
        let kept = self.duties.keep(&world.inventory, &wanted, Instant::now());
        Ok(kept.await?)
    }

    fn held(&self) -> Result<Held> {
        let held = self.duties.held(&app(), Instant::now());
        Ok(held.ok_or("it does not hold the app")?)
    }

    /// Its worker, on behalf of the tenure that it has now.
    fn worker(&self, world: &World) -> Result<RotationWorker> {
        Ok(RotationWorker {
            inventory: world.inventory.on_behalf_of(&self.held()?),
            ..world.rotation_worker.clone()
        })
    }

    /// Its sweep, at the moment when Meta has an exchange in hand and has not answered.
    async fn exchanging(&self, world: &World) -> Result<JoinHandle<Swept>> {
        world.meta.world().inject(slowly(Endpoint::Exchange));
        let (worker, now) = (self.worker(world)?, world.now);
        let under_way = tokio::spawn(async move { worker.sweep(now).await });
        world.until_asked(Endpoint::Exchange, 1).await;
        Ok(under_way)
    }

    /// Lives on with this daemon as the one that sweeps.
    async fn live(&self, world: &mut World, span: jiff::SignedDuration) -> Result {
        world.rotation_worker = self.worker(world)?;
        world.live(span).await
    }

    /// Takes the app although another daemon has it, as it could after the other's term.
    async fn take_over(&self, world: &World) -> Result {
        world.tamper("UPDATE duty SET ends_at = 0")?;
        assert_eq!(self.keep(world).await?.taken, [app()]);
        Ok(())
    }
}

/// A user token whose exchange extends the expiry, with an order to rotate for the next sweep.
async fn about_to_be_renewed(world: &mut World) -> Result<(TokenId, String)> {
    let maria = world.person("Maria");
    let extends = Reexchange::Extends;
    world.meta.world().set_reexchange_of(&maria, extends)?;
    let secret = world.log_in(&maria)?;
    let id = world.import("maria", &secret).await?;
    world.live(days(5)).await?;
    world.order(id, OrderKind::Rotate).await?;
    Ok((id, secret))
}

fn slowly(endpoint: Endpoint) -> FaultRule {
    let latency = Fault::Latency(Duration::from_millis(400));
    FaultRule::new(latency).on(endpoint).times(1)
}

fn exchanges(world: &World) -> u64 {
    world.meta.world().call_log().calls(Endpoint::Exchange)
}

async fn outcome(world: &World, id: TokenId) -> Result<Option<Outcome>> {
    let rotation = world.token(id).await?.last_rotation;
    Ok(rotation.map(|rotation| rotation.outcome))
}

#[tokio::test]
async fn a_daemon_that_lost_an_app_asks_meta_nothing_more_about_it() -> Result {
    let mut world = World::new().await?;
    let (id, secret) = about_to_be_renewed(&mut world).await?;
    let (lima, oslo) = (Daemon::new("lima"), Daemon::new("oslo"));
    lima.keep(&world).await?;
    let late = lima.worker(&world)?;
    oslo.take_over(&world).await?;

    let calls = world.meta.world().call_log().total();
    let swept = late.sweep(world.now).await;
    assert!(matches!(swept, Err(Error::DutyLost(duty)) if duty == app()));
    assert_eq!(world.meta.world().call_log().total(), calls);
    assert_eq!(lima.keep(&world).await?.lost, [app()]);
    assert!(lima.worker(&world).is_err());

    oslo.live(&mut world, minutes(1)).await?;
    assert_eq!(outcome(&world, id).await?, Some(Outcome::Renewed));
    assert_ne!(world.secret(id).await?, secret);
    Ok(())
}

#[tokio::test]
async fn a_new_holder_starts_from_the_calls_that_the_earlier_one_made() -> Result {
    let mut world = World::new().await?;
    for name in ["anna", "berta", "clara", "dora", "emma"] {
        let person = world.person(name);
        world.import(name, &world.log_in(&person)?).await?;
    }
    (
        world.rotation_worker.calls_per_hour,
        world.rotation_worker.batch,
    ) = (3, 1);
    let (lima, oslo) = (Daemon::new("lima"), Daemon::new("oslo"));
    lima.keep(&world).await?;
    lima.worker(&world)?.sweep(world.now).await?;
    let calls = world.meta.world().call_log().total();
    assert!(calls >= 3, "{calls}");
    oslo.take_over(&world).await?;
    let report = oslo.worker(&world)?.sweep(world.now).await?;
    assert!(report.backing_off, "{report:?}");
    assert_eq!(world.meta.world().call_log().total(), calls);
    Ok(())
}

#[tokio::test]
async fn an_exchange_whose_daemon_was_killed_before_the_answer_counts_for_a_day() -> Result {
    let mut world = World::new().await?;
    let (id, secret) = about_to_be_renewed(&mut world).await?;
    let (lima, oslo) = (Daemon::new("lima"), Daemon::new("oslo"));
    lima.keep(&world).await?;
    let under_way = lima.exchanging(&world).await?;
    under_way.abort();
    assert!(under_way.await.is_err_and(|ended| ended.is_cancelled()));

    oslo.take_over(&world).await?;
    for _ in 0..23 {
        world.order(id, OrderKind::Rotate).await?;
        oslo.live(&mut world, hours(1)).await?;
    }
    assert_eq!(exchanges(&world), 1, "it may have taken effect");
    assert_eq!(world.secret(id).await?, secret, "which Meta leaves valid");

    oslo.live(&mut world, hours(2)).await?;
    world.order(id, OrderKind::Rotate).await?;
    oslo.live(&mut world, hours(1)).await?;
    assert_eq!(exchanges(&world), 2);
    assert_eq!(outcome(&world, id).await?, Some(Outcome::Renewed));
    Ok(())
}

#[tokio::test]
async fn an_answer_that_arrives_after_a_take_over_is_stored_and_the_new_holder_uses_it() -> Result {
    let mut world = World::new().await?;
    let (id, secret) = about_to_be_renewed(&mut world).await?;
    let (lima, oslo) = (Daemon::new("lima"), Daemon::new("oslo"));
    lima.keep(&world).await?;
    let under_way = lima.exchanging(&world).await?;
    oslo.take_over(&world).await?;
    // It sweeps while the answer is on its way, and exchanges nothing.
    oslo.worker(&world)?.sweep(world.now).await?;
    assert_eq!(world.secret(id).await?, secret);
    let swept = under_way.await?;
    assert!(matches!(swept, Err(Error::DutyLost(_))), "{swept:?}");
    assert_eq!(world.secret(id).await?, secret, "it swaps nothing");

    world.now += minutes(1);
    oslo.live(&mut world, minutes(1)).await?;
    assert_eq!(outcome(&world, id).await?, Some(Outcome::Renewed));
    assert_ne!(world.secret(id).await?, secret);
    assert_eq!(world.told(EventKind::Rotated).await?, 1);
    assert_eq!(exchanges(&world), 1);
    assert_eq!(world.token(id).await?.version, 2);
    Ok(())
}

#[tokio::test]
async fn a_secret_whose_daemon_was_killed_before_the_swap_is_in_use_after_the_next_check() -> Result
{
    let mut world = World::new().await?;
    let (id, secret) = about_to_be_renewed(&mut world).await?;
    let (lima, oslo) = (Daemon::new("lima"), Daemon::new("oslo"));
    lima.keep(&world).await?;
    let under_way = lima.exchanging(&world).await?;
    let asked = world.meta.world().call_log().calls(Endpoint::DebugToken);
    world.meta.world().inject(slowly(Endpoint::DebugToken));
    world.until_asked(Endpoint::DebugToken, asked + 1).await;
    // Meta has answered, and is asked about what it gave.
    under_way.abort();
    assert!(under_way.await.is_err_and(|ended| ended.is_cancelled()));
    assert_eq!(world.secret(id).await?, secret);

    oslo.take_over(&world).await?;
    oslo.live(&mut world, minutes(1)).await?;
    assert_eq!(outcome(&world, id).await?, Some(Outcome::Renewed));
    assert_ne!(world.secret(id).await?, secret);
    assert_eq!(world.told(EventKind::Checked).await?, 1, "the order, too");
    oslo.live(&mut world, hours(20)).await?;
    assert_eq!(exchanges(&world), 1);
    Ok(())
}

#[tokio::test]
async fn a_secret_that_cannot_be_stored_is_kept_whoever_has_the_app() -> Result {
    let mut world = World::new().await?;
    let (id, secret) = about_to_be_renewed(&mut world).await?;
    let (lima, oslo) = (Daemon::new("lima"), Daemon::new("oslo"));
    lima.keep(&world).await?;
    world.refuse("version", "NEW.role = 'candidate'")?;
    assert!(lima.worker(&world)?.sweep(world.now).await.is_err());
    assert_eq!(world.inventory.count_unsaved(), 1);
    oslo.take_over(&world).await?;
    lima.keep(&world).await?;

    world.accept("version")?;
    world.inventory.save_all_that_waits(world.now).await?;
    assert_eq!(world.inventory.count_unsaved(), 0);
    oslo.live(&mut world, minutes(1)).await?;
    assert_eq!(outcome(&world, id).await?, Some(Outcome::Renewed));
    assert_ne!(world.secret(id).await?, secret);
    assert_eq!(exchanges(&world), 1);
    Ok(())
}

/// Meta says nothing clear about what it has just given, so that waits, and is not given up for another.
#[tokio::test]
async fn a_secret_that_meta_does_not_describe_yet_is_asked_about_again() -> Result {
    let mut world = World::new().await?;
    let (id, secret) = about_to_be_renewed(&mut world).await?;
    world.meta.world().inject(slowly(Endpoint::Exchange));
    let (worker, now) = (world.rotation_worker.clone(), world.now);
    let under_way = tokio::spawn(async move { worker.sweep(now).await });
    world.until_asked(Endpoint::Exchange, 1).await;
    let lost = FaultRule::new(Fault::LostAnswer).on(Endpoint::DebugToken);
    world.meta.world().inject(lost.times(1));
    under_way.await??;
    assert_eq!(world.told(EventKind::Rotated).await?, 0);
    assert_eq!(world.told(EventKind::Checked).await?, 0, "the order waits");
    assert_eq!(world.secret(id).await?, secret);

    world.live(minutes(10)).await?;
    assert_eq!(outcome(&world, id).await?, Some(Outcome::Renewed));
    assert_ne!(world.secret(id).await?, secret);
    assert_eq!(world.told(EventKind::Checked).await?, 1);
    assert_eq!(exchanges(&world), 1);
    Ok(())
}

#[tokio::test]
async fn what_an_exchange_left_does_not_replace_a_secret_that_lasts_as_long() -> Result {
    let mut world = World::new().await?;
    let (id, secret) = about_to_be_renewed(&mut world).await?;
    let token = world.token(id).await?;
    let same_end = Reexchange::NewTokenSameExpiry;
    let person = token.facts.ok_or("no facts")?.person;
    world.meta.world().set_reexchange_of(&person, same_end)?;
    let (lima, oslo) = (Daemon::new("lima"), Daemon::new("oslo"));
    lima.keep(&world).await?;
    let under_way = lima.exchanging(&world).await?;
    oslo.take_over(&world).await?;
    assert!(under_way.await?.is_err());

    world.now += minutes(1);
    oslo.live(&mut world, minutes(1)).await?;
    assert_eq!(outcome(&world, id).await?, Some(Outcome::SameExpiry));
    assert_eq!(world.secret(id).await?, secret);
    oslo.live(&mut world, days(1)).await?;
    assert_eq!(world.told(EventKind::Rotated).await?, 1, "it is gone");
    Ok(())
}

/// A short-lived candidate is exchanged before it is used. Whether that took effect is not known here.
#[tokio::test]
async fn a_candidate_whose_exchange_has_no_answer_is_exchanged_again_while_it_lives() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(hours(1)).await?;
    world.meta.world().change_password(&maria)?;
    world.order(id, OrderKind::Check).await?;
    world.live(minutes(5)).await?;
    let short = world.meta.world().issue_short_lived(APP, &maria, SCOPES)?;
    let lost = FaultRule::new(Fault::LostAnswer).on(Endpoint::Exchange);
    world.meta.world().inject(lost.times(1));
    world.put_secret(id, &short).await?;
    for (lived, made) in [(minutes(10), 1), (minutes(50), 2), (hours(20), 2)] {
        world.live(lived).await?;
        let log = world.meta.world().call_log().clone();
        let calls = log.calls_about(Endpoint::Exchange, &short);
        assert_eq!(calls, made, "after {lived:#}");
    }
    assert_eq!(world.state(id).await?, State::Healthy);
    Ok(())
}

#[tokio::test]
async fn a_candidate_that_was_exchanged_before_a_take_over_is_used_as_meta_gave_it() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(days(10)).await?;
    let short = world.meta.world().issue_short_lived(APP, &maria, SCOPES)?;
    world.put_secret(id, &short).await?;
    let (lima, oslo) = (Daemon::new("lima"), Daemon::new("oslo"));
    lima.keep(&world).await?;
    let before = exchanges(&world);
    world.meta.world().inject(slowly(Endpoint::Exchange));
    let (worker, now) = (lima.worker(&world)?, world.now);
    let under_way = tokio::spawn(async move { worker.sweep(now).await });
    world.until_asked(Endpoint::Exchange, before + 1).await;
    oslo.take_over(&world).await?;
    assert!(under_way.await?.is_err());

    oslo.live(&mut world, minutes(10)).await?;
    let token = world.token(id).await?;
    assert!(token.deadline() > Some(world.now + days(59)), "{token:?}");
    assert_eq!(world.told(EventKind::CandidateAccepted).await?, 1);
    assert_eq!(exchanges(&world), before + 1);
    Ok(())
}
