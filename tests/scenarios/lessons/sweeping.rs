//! Which tokens are checked when, and which must not be left out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use perennial::graph_sim::{Endpoint, Fault, FaultRule, SystemUserValidity};
use perennial::inventory::Filter;
use perennial::model::{Cause, Health, State, Token};

use crate::world::{APP, Result, SCOPES, World, days, hours, minutes};

/// instant-tokens (issue 8) and vault (issue 26283) abandoned a whole batch because of one entry.
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

/// The same for the inventory: a row that was moved or altered cannot be decrypted.
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

/// trypost (PR 30) selected only tokens that had not expired, so expired tokens were never mentioned again.
#[tokio::test]
async fn what_has_expired_already_is_checked_too() -> Result {
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

    // The daemon did not run until long after the expiry.
    let end = world.now + days(60);
    world.now = end + days(10);
    world.pass().await?;
    let found = world.token(known).await?.health;
    assert_eq!(found, Health::Dead { since: end, cause });
    world.post().await?;
    world.now += minutes(5);
    world.post().await?;
    assert_eq!(world.mail()?.len(), 2, "one email for each person");
    Ok(())
}

/// home-ops (PR 3827) ran everything in the same minute.
#[tokio::test]
async fn a_fleet_imported_at_once_is_not_checked_at_once() -> Result {
    let mut world = World::new().await?;
    let robot = world.meta.world().add_system_user(APP, "robot")?;
    for n in 0..FLEET {
        let life = SystemUserValidity::SixtyDays;
        let secret = {
            let mut meta = world.meta.world();
            meta.system_user_token(APP, &robot, SCOPES, life)?
        };
        world.import(&format!("token-{n:03}"), &secret).await?;
    }
    world.now += days(28);
    world.pass().await?;
    let checks = fleet(&world).await?;
    let checks = checks.iter().filter_map(|token| Some(token.next?.at));
    let (minutes, busiest) = minutes_of(checks);
    assert!(minutes >= FLEET / BATCH / 2, "{minutes}");
    assert!(busiest <= 2 * BATCH, "{busiest}");

    world.live(days(3)).await?;
    let renewals = fleet(&world).await?;
    let renewals = renewals.iter().filter_map(|token| token.rotated_at);
    let (minutes, busiest) = minutes_of(renewals);
    // A tenth of a day has 144.
    assert!(minutes >= 100, "{minutes}");
    assert!(busiest <= FLEET / 20, "{busiest}");
    Ok(())
}

const FLEET: usize = 600;
/// Neighbours are checked together, because one request asks about as many.
const BATCH: usize = 50;

/// In how many minutes something happens to the whole fleet, and to how many tokens in the busiest of them.
fn minutes_of(times: impl Iterator<Item = Timestamp>) -> (usize, usize) {
    let mut minutes: BTreeMap<i64, usize> = BTreeMap::new();
    for at in times {
        *minutes.entry(at.as_second() / 60).or_default() += 1;
    }
    assert_eq!(minutes.values().sum::<usize>(), FLEET);
    (minutes.len(), minutes.values().max().copied().unwrap_or(0))
}

async fn fleet(world: &World) -> Result<Vec<Token>> {
    let all = Filter::default();
    let page = world
        .inventory
        .read(move |view| view.tokens(&all, 1_000))
        .await?;
    Ok(page.tokens.into_iter().map(|(token, ..)| token).collect())
}
