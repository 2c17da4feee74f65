//! A back-off ends when its cause ends.

use nix::sys::signal::Signal;
use perennial::graph_sim::{Fault, FaultRule, InjectedError, Outage};
use perennial::model::{OrderKind, State, TokenId};

use crate::world::daemon::Premises;
use crate::world::{APP_SECRET, Result, World, client, days, hours, minutes};

/// cert-manager (issue 6378) and External Secrets (issue 4180) kept people waiting for a back-off after its cause was
/// fixed.
#[tokio::test]
async fn fixing_the_cause_ends_the_back_off() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(hours(1)).await?;

    for remedy in [Mend::Reload, Mend::NewSecret] {
        world.meta.world().set_outage(Some(Outage::Unavailable));
        world.live(days(3)).await?;
        assert_eq!(world.state(id).await?, State::Failing);
        world.meta.world().heal();
        match remedy {
            Mend::Reload => world.rotation_worker.begin().await?,
            Mend::NewSecret => world.put_secret(id, &world.log_in(&maria)?).await?,
            Mend::Order => {}
        }
        world.pass().await?;
        assert_eq!(world.state(id).await?, State::Healthy, "{remedy:?}");
    }
    Ok(())
}

#[derive(Debug)]
enum Mend {
    Order,
    Reload,
    NewSecret,
}

/// A block by Meta is not a back-off of the daemon's: calls while blocked prolong the block.
#[tokio::test]
async fn an_order_does_not_break_a_block() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    let error = InjectedError {
        status: 400,
        code: 368,
        subcode: None,
        is_transient: None,
        message: String::new(),
    };
    let blocked = FaultRule::new(Fault::Error(error));
    world.meta.world().inject(blocked.times(1));
    world.pass().await?;
    let asked = world.meta.world().call_log().total();
    world.order(id, OrderKind::Check).await?;
    world.live(hours(1)).await?;
    assert_eq!(world.meta.world().call_log().total(), asked);
    Ok(())
}

/// The same for one token that failed alone while its app worked.
#[tokio::test]
async fn fixing_one_token_ends_its_wait_too() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let unlucky = world.import("unlucky", &world.log_in(&maria)?).await?;
    let lucky = world.import("lucky", &world.log_in(&maria)?).await?;
    for remedy in [Mend::Order, Mend::NewSecret] {
        fail_up_the_ladder(&mut world, &[unlucky], lucky).await?;
        match remedy {
            Mend::Order => drop(world.order(unlucky, OrderKind::Check).await?),
            Mend::Reload => {}
            Mend::NewSecret => world.put_secret(unlucky, &world.log_in(&maria)?).await?,
        }
        world.pass().await?;
        assert_eq!(world.state(unlucky).await?, State::Healthy, "{remedy:?}");
    }
    Ok(())
}

/// When an app works again, all its tokens are retried, however long their back-off was.
#[tokio::test]
async fn with_the_app_all_its_tokens_recover() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let mut ids = Vec::new();
    for n in 0..5 {
        let secret = world.log_in(&maria)?;
        ids.push(world.import(&format!("token-{n}"), &secret).await?);
    }
    let lucky = world.import("lucky", &world.log_in(&maria)?).await?;
    fail_up_the_ladder(&mut world, &ids, lucky).await?;

    world.meta.world().set_outage(Some(Outage::Reset));
    world.order(lucky, OrderKind::Check).await?;
    world.pass().await?;
    world.meta.world().heal();
    world.live(minutes(2)).await?;
    for id in ids {
        assert_eq!(world.state(id).await?, State::Healthy);
    }
    Ok(())
}

/// Fails until each unlucky token, imported before the lucky one, waits for hours between two checks.
async fn fail_up_the_ladder(world: &mut World, unlucky: &[TokenId], lucky: TokenId) -> Result {
    for _ in 0..8 {
        world.now += minutes(1);
        let times = u32::try_from(unlucky.len())?;
        let unanswered = FaultRule::new(Fault::NullMember).times(times);
        world.meta.world().inject(unanswered);
        for id in unlucky.iter().chain([&lucky]) {
            let (id, now) = (*id, world.now);
            world
                .inventory
                .write(move |tx| tx.make_due(id, now))
                .await?;
        }
        world.pass().await?;
    }
    for id in unlucky {
        let token = world.token(*id).await?;
        let next = token.next.map(|next| next.at);
        let waits = token.state() == State::Failing && next > Some(world.now + hours(5));
        assert!(waits, "{token:?}");
    }
    Ok(())
}

/// A new configuration may fix the app, so the app is retried.
#[tokio::test]
async fn a_corrected_app_secret_is_tried_at_once() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.rotation_worker.graph = client(&world.meta, &"f".repeat(32), 50)?;
    world.live(days(2)).await?;
    assert_eq!(world.state(id).await?, State::Unverified);

    world.rotation_worker.graph = client(&world.meta, APP_SECRET, 50)?;
    world.rotation_worker.begin().await?;
    world.pass().await?;
    assert_eq!(world.state(id).await?, State::Healthy);
    Ok(())
}

/// The same with the real program: a restart keeps the tokens, but not the back-off.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_with_the_right_secret_helps_at_once() -> Result {
    let world = World::new().await?;
    let maria = world.person("Maria");
    let premises = Premises::new(&world.meta.url())?;
    premises.write_secret("acme.secret", &"f".repeat(32))?;
    let daemon = premises.start()?;
    let token = world.log_in(&maria)?;
    let body = format!(r#"{{"app":"acme","name":"maria","access_token":"{token}"}}"#);
    assert_eq!(daemon.http("POST", "/v1/tokens", &body)?.0, 201);
    daemon.follow_until("app_failing")?;
    daemon.stop(Signal::SIGTERM)?;

    premises.tamper("UPDATE app SET resume_at = resume_at + 3600")?;
    premises.write_secret("acme.secret", APP_SECRET)?;
    let daemon = premises.start()?;
    daemon.follow_until("app_recovered")?;
    assert!(daemon.stop(Signal::SIGTERM)?.success());
    Ok(())
}
