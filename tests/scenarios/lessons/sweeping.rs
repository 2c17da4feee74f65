//! Who is visited when, and who goes without.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nix::sys::signal::Signal;
use perennial::graph_sim::{Endpoint, Fault, FaultRule, InjectedError, Outage, SystemUserLife};
use perennial::inventory::{Filter, Order};
use perennial::token::{Cause, Health, State, Token};

use crate::world::daemon::Premises;
use crate::world::{APP, APP_SECRET, Result, SCOPES, World, client, days, hours, minutes};

/// instant-tokens (issue 8) and vault (issue 26283) left a whole batch undone because of one of its members.
#[tokio::test]
async fn one_bad_member_costs_only_itself() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    for n in 1..=50 {
        let secret = match n {
            7 => "EAAgarbage".to_owned(),
            8 => "no token \u{fc}\r\nat all".to_owned(),
            _ => world.log_in(&maria)?,
        };
        world.import(&format!("token-{n:02}"), &secret).await?;
    }
    {
        let mut meta = world.meta.world();
        meta.inject(FaultRule::new(Fault::NullMember).times(1));
        let spoilt = |fault| FaultRule::new(fault).on(Endpoint::DebugToken).times(1);
        meta.inject(spoilt(Fault::EmptyBody));
        meta.inject(spoilt(Fault::HtmlError));
    }
    world.pass().await?;
    let healthy = fleet(&world)
        .await?
        .iter()
        .filter(|t| t.state() == State::Healthy)
        .count();
    assert!((46..=47).contains(&healthy), "{healthy} of 48");
    world.live(hours(3)).await?;
    let bad: Vec<_> = fleet(&world)
        .await?
        .into_iter()
        .filter(|t| t.state() != State::Healthy)
        .collect();
    let names: Vec<_> = bad
        .iter()
        .map(|token| (token.name.as_str(), token.cause()))
        .collect();
    let unreadable = Some(Cause::Unreadable);
    assert_eq!(names, [("token-07", unreadable), ("token-08", unreadable)]);
    Ok(())
}

/// The same within our own walls: a row that somebody moved or altered does not open.
#[tokio::test]
async fn one_sealed_secret_that_does_not_open_stops_no_other() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let altered = world.import("altered", &world.log_in(&maria)?).await?;
    let sound = world.import("sound", &world.log_in(&maria)?).await?;
    world.tamper(&format!(
        "UPDATE version SET secret = zeroblob(60) WHERE token = {}",
        altered.0
    ))?;

    world.pass().await?;
    assert_eq!(world.state(sound).await?, State::Healthy);
    assert_eq!(world.state(altered).await?, State::Unverified);
    let (now, later) = (world.now, world.now + hours(1));
    let (_, overdue) = world
        .inventory
        .read(move |view| view.count_due(later, now))
        .await?;
    assert_eq!(
        overdue, 1,
        "what nobody could visit is not counted as visited"
    );
    Ok(())
}

/// trypost (PR 30) asked only for tokens that had not yet ended, so those that had were never mentioned again.
#[tokio::test]
async fn what_has_ended_already_is_visited_too() -> Result {
    let mut world = World::new().await?;
    let (maria, paul) = (world.person("Maria"), world.person("Paul"));
    let stale = world.log_in(&paul)?;
    world.now += days(61);
    world.meta.set_now(world.now);
    let known = world.import("known", &world.log_in(&maria)?).await?;
    let stale = world.import("stale", &stale).await?;
    world.pass().await?;
    let cause = Cause::Expired;
    assert!(
        matches!(world.token(stale).await?.health, Health::Dead { cause: c, .. } if c == cause)
    );

    // Nobody was at work until long after the end.
    let end = world.now + days(60);
    world.now = end + days(10);
    world.pass().await?;
    let found = world.token(known).await?.health;
    assert_eq!(found, Health::Dead { since: end, cause });
    world.post().await?;
    world.now += minutes(5);
    world.post().await?;
    assert_eq!(world.mail()?.len(), 2, "one letter for each person");
    Ok(())
}

/// home-ops (PR 3827) had everything run at the same minute.
#[tokio::test]
async fn a_fleet_that_came_at_once_is_not_visited_at_once() -> Result {
    let mut world = World::new().await?;
    let robot = world.meta.world().add_system_user(APP, "robot")?;
    for n in 0..FLEET {
        let life = SystemUserLife::SixtyDays;
        let secret = {
            let mut meta = world.meta.world();
            meta.system_user_token(APP, &robot, SCOPES, life)?
        };
        world.import(&format!("token-{n:02}"), &secret).await?;
    }
    world.now += days(28);
    world.pass().await?;
    let visits = fleet(&world).await?;
    let visits = visits.iter().filter_map(|token| Some(token.next?.at));
    assert!(is_spread(visits));

    world.live(days(3)).await?;
    let renewals = fleet(&world).await?;
    assert!(is_spread(
        renewals.iter().filter_map(|token| token.rotated_at)
    ));
    Ok(())
}

const FLEET: usize = 60;

/// Every one of the fleet, most of them at a minute of their own, and no crowd anywhere.
fn is_spread(times: impl Iterator<Item = Timestamp>) -> bool {
    let mut minutes: BTreeMap<i64, usize> = BTreeMap::new();
    for at in times {
        *minutes.entry(at.as_second() / 60).or_default() += 1;
    }
    let busiest = minutes.values().max().copied().unwrap_or(0);
    minutes.values().sum::<usize>() == FLEET && minutes.len() > FLEET / 2 && busiest <= FLEET / 10
}

/// cert-manager (issue 6378) and External Secrets (issue 4180) let people wait out a back-off whose cause was gone.
#[tokio::test]
async fn who_mends_the_cause_does_not_wait_for_the_back_off() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(hours(1)).await?;

    for remedy in [Mend::Order, Mend::NewSecret] {
        world.meta.world().set_outage(Some(Outage::Unavailable));
        world.live(days(3)).await?;
        assert_eq!(world.state(id).await?, State::Failing);
        world.meta.world().heal();
        match remedy {
            Mend::Order => drop(world.order(id, Order::Check).await?),
            Mend::NewSecret => world.put_secret(id, &world.log_in(&maria)?).await?,
        }
        world.pass().await?;
        assert_eq!(world.state(id).await?, State::Healthy, "{remedy:?}");
    }
    Ok(())
}

#[derive(Debug)]
enum Mend {
    Order,
    NewSecret,
}

/// Meta's own pause is no back-off of ours: those who go on while blocked are blocked for longer.
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
    let asked = world.meta.world().ledger().total();
    world.order(id, Order::Check).await?;
    world.live(hours(1)).await?;
    assert_eq!(world.meta.world().ledger().total(), asked);
    Ok(())
}

/// An app that works again takes all its tokens along, however far up the ladder each of them was.
#[tokio::test]
async fn with_the_app_all_its_tokens_recover() -> Result {
    let mut world = World::new().await?;
    let mut ids = Vec::new();
    for n in 0..5 {
        let person = world.person(&format!("Person {n}"));
        ids.push(
            world
                .import(&format!("token-{n}"), &world.log_in(&person)?)
                .await?,
        );
    }
    world.live(hours(1)).await?;
    world.meta.world().set_outage(Some(Outage::Reset));
    world.live(days(3)).await?;
    world.meta.world().heal();
    world.live(minutes(31)).await?;
    for id in ids {
        assert_eq!(world.state(id).await?, State::Healthy);
    }
    Ok(())
}

/// A new configuration may be what the app was waiting for.
#[tokio::test]
async fn a_corrected_app_secret_is_tried_at_once() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.keeper.graph = client(&world.meta, &"f".repeat(32), 50)?;
    world.live(days(2)).await?;
    assert_eq!(world.state(id).await?, State::Unverified);

    world.keeper.graph = client(&world.meta, APP_SECRET, 50)?;
    world.keeper.begin().await?;
    world.pass().await?;
    assert_eq!(world.state(id).await?, State::Healthy);
    Ok(())
}

/// The same of the real program, which is to remember its tokens over a restart, and not its despair.
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
    daemon.follow_until("app_troubled")?;
    daemon.stop(Signal::SIGTERM)?;

    premises.tamper("UPDATE app SET resume_at = resume_at + 3600")?;
    premises.write_secret("acme.secret", APP_SECRET)?;
    let daemon = premises.start()?;
    daemon.follow_until("app_recovered")?;
    assert!(daemon.stop(Signal::SIGTERM)?.success());
    Ok(())
}

async fn fleet(world: &World) -> Result<Vec<Token>> {
    let all = Filter::default();
    let page = world
        .inventory
        .read(move |view| view.tokens(&all, 1_000))
        .await?;
    Ok(page.tokens.into_iter().map(|(token, _)| token).collect())
}
