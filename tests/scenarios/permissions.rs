//! Required permissions: lost ones, ones that were never granted, and who is notified.

use perennial::graph_sim::{Endpoint, Fault, FaultRule, Outage};
use perennial::model::{
    Action, Cause, Event, EventKind, Health, OrderKind, Remedy, Scopes, State, TokenId,
};

use crate::world::{OPERATOR, OWNER, Result, SCOPES, World, days, hours, minutes};

const LOST: &str = "pages_messaging";

/// Maria's token, checked once, in an app that requires what she granted.
async fn maria(world: &mut World) -> Result<(String, String, TokenId)> {
    world.require(&SCOPES.join(" ")).await?;
    let person = world.person("Maria");
    let token = world.log_in(&person)?;
    let id = world.import("maria", &token).await?;
    world.live_with_post(hours(1), minutes(5)).await?;
    assert!(world.mail()?.is_empty());
    Ok((person, token, id))
}

fn lose(world: &World, person: &str) -> Result {
    let mut meta = world.meta.world();
    Ok(meta.remove_permission(person, crate::world::APP, LOST)?)
}

fn mails_to(world: &World, address: &str) -> Result<usize> {
    let to = format!("To: {address}");
    let mails = world.mail()?;
    Ok(mails.iter().filter(|mail| mail.0.contains(&to)).count())
}

#[tokio::test]
async fn a_required_permission_that_disappears_is_reported_to_the_owner() -> Result {
    let mut world = World::new().await?;
    let (person, token, id) = maria(&mut world).await?;

    lose(&world, &person)?;
    world.order(id, OrderKind::Check).await?;
    world.live_with_post(hours(1), minutes(5)).await?;
    let lacking = world.token(id).await?;
    assert_eq!(lacking.state(), State::Failing);
    assert_eq!(lacking.cause(), Some(Cause::PermissionMissing));
    assert_eq!(lacking.remedy(), Some(Remedy::GrantPermissions));
    assert_eq!(lacking.missing_scopes(), Scopes::parse(LOST));
    assert_eq!(world.told(EventKind::PermissionsLost).await?, 1);
    assert_eq!(world.secret(id).await?, token);
    assert_eq!(world.open_incidents().await?.len(), 1);
    assert_eq!(mails_to(&world, OWNER)?, 1);
    assert!(world.mail()?[0].0.contains(LOST));

    world.log_in(&person)?;
    world.order(id, OrderKind::Check).await?;
    world.live_with_post(hours(1), minutes(5)).await?;
    assert_eq!(world.state(id).await?, State::Healthy);
    assert_eq!(world.told(EventKind::PermissionsRestored).await?, 1);
    assert!(world.open_incidents().await?.is_empty());
    assert_eq!(mails_to(&world, OWNER)?, 2);
    assert_eq!(mails_to(&world, OPERATOR)?, 0);
    Ok(())
}

#[tokio::test]
async fn permissions_that_are_known_are_kept_while_meta_does_not_say_them() -> Result {
    let mut world = World::new().await?;
    let (person, _, id) = maria(&mut world).await?;
    let silent = FaultRule::new(Fault::WithoutScopes).on(Endpoint::DebugToken);
    world.meta.world().inject(silent);
    let new = world.import("new", &world.log_in(&person)?).await?;
    world.live_with_post(days(3), hours(1)).await?;
    let known = world.token(id).await?;
    assert_eq!(known.state(), State::Healthy);
    assert_eq!(known.missing_scopes(), Scopes::default());
    assert_eq!(world.state(new).await?, State::Healthy);
    assert_eq!(world.told(EventKind::PermissionsLost).await?, 0);
    assert!(world.open_incidents().await?.is_empty());
    assert!(world.mail()?.is_empty());

    lose(&world, &person)?;
    world.live_with_post(days(2), hours(1)).await?;
    assert_eq!(world.state(id).await?, State::Healthy);
    world.meta.world().heal();
    world.live_with_post(days(2), hours(1)).await?;
    assert_eq!(world.token(id).await?.missing_scopes(), Scopes::parse(LOST));
    assert_eq!(world.state(id).await?, State::Failing);
    Ok(())
}

#[tokio::test]
async fn a_lacking_token_is_checked_by_the_normal_schedule() -> Result {
    let mut world = World::new().await?;
    let (person, _, id) = maria(&mut world).await?;
    lose(&world, &person)?;
    world.order(id, OrderKind::Check).await?;
    world.pass().await?;
    let next = world.token(id).await?.next.ok_or("no next check")?;
    assert_eq!(next.action, Action::Check);
    assert!(next.at > world.now + hours(20), "{next:?}");

    let before = world.meta.world().call_log().calls(Endpoint::DebugToken);
    world.live(days(10)).await?;
    let calls = world.meta.world().call_log().calls(Endpoint::DebugToken) - before;
    assert!(calls < 15, "{calls} calls");
    assert_eq!(world.told(EventKind::PermissionsLost).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_lacking_token_is_still_exchanged_before_its_end() -> Result {
    let mut world = World::new().await?;
    let (person, _, id) = maria(&mut world).await?;
    lose(&world, &person)?;
    world.order(id, OrderKind::Check).await?;
    world.live(days(35)).await?;
    assert!(world.told(EventKind::Rotated).await? > 0);
    assert_eq!(world.state(id).await?, State::Failing);
    // In the end it expires, which is another cause.
    world.live_with_post(days(30), hours(1)).await?;
    let ended = world.token(id).await?;
    assert!(matches!(
        ended.health,
        Health::Dead {
            cause: Cause::Expired,
            ..
        }
    ));
    Ok(())
}

#[tokio::test]
async fn what_was_missing_from_the_first_check_on_is_reported_to_the_operators_once() -> Result {
    let mut world = World::new().await?;
    world
        .require("email pages_show_list leads_retrieval")
        .await?;
    let person = world.person("Maria");
    let token = world.log_in(&person)?;
    let id = world.import("maria", &token).await?;
    let (_, page) = world.page(&person, "Bakery", &token)?;
    let page = world.import("bakery", &page).await?;
    world.live_with_post(days(10), hours(1)).await?;
    for id in [id, page] {
        let token = world.token(id).await?;
        assert_eq!((token.state(), token.cause()), (State::Healthy, None));
        assert_eq!(token.missing_scopes(), Scopes::parse("leads_retrieval"));
    }
    assert!(world.open_incidents().await?.is_empty());
    assert_eq!(mails_to(&world, OWNER)?, 0);
    assert_eq!(mails_to(&world, OPERATOR)?, 1);
    assert!(world.mail()?[0].0.contains("leads_retrieval"));
    assert_eq!(world.told(EventKind::PermissionsLost).await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_scope_that_the_configuration_adds_is_reported_to_the_operators_once() -> Result {
    let mut world = World::new().await?;
    let (_, _, id) = maria(&mut world).await?;
    world
        .require("email pages_show_list pages_messaging leads_retrieval")
        .await?;
    assert_eq!(
        world.token(id).await?.missing_scopes(),
        Scopes::parse("leads_retrieval")
    );
    world.live_with_post(days(5), hours(1)).await?;
    assert_eq!(world.state(id).await?, State::Healthy);
    assert_eq!(mails_to(&world, OWNER)?, 0);
    assert_eq!(mails_to(&world, OPERATOR)?, 1);
    Ok(())
}

#[tokio::test]
async fn the_pages_of_a_person_share_one_incident_about_permissions() -> Result {
    let mut world = World::new().await?;
    let (person, token, id) = maria(&mut world).await?;
    let mut ids = vec![id];
    for name in ["Bakery", "Butcher", "Brewery"] {
        let (_, page) = world.page(&person, name, &token)?;
        ids.push(world.import(name, &page).await?);
    }
    world.live_with_post(hours(30), minutes(15)).await?;

    lose(&world, &person)?;
    // Only one of them is checked; the others are found through it.
    world.order(ids[2], OrderKind::Check).await?;
    world.live_with_post(hours(1), minutes(5)).await?;
    for id in &ids {
        assert_eq!(world.state(*id).await?, State::Failing);
    }
    assert_eq!(world.open_incidents().await?.len(), 1);
    assert_eq!(mails_to(&world, OWNER)?, 1);

    world.log_in(&person)?;
    world.order(ids[0], OrderKind::Check).await?;
    world.live_with_post(hours(1), minutes(5)).await?;
    assert!(world.open_incidents().await?.is_empty());
    assert_eq!(mails_to(&world, OWNER)?, 2);
    Ok(())
}

#[tokio::test]
async fn required_scopes_of_a_tokens_own_replace_those_of_its_app() -> Result {
    let mut world = World::new().await?;
    world.require(&SCOPES.join(" ")).await?;
    let person = world.person("Maria");
    let token = world.log_in(&person)?;
    let id = world.import_requiring("maria", &token, "email").await?;
    world.pass().await?;
    lose(&world, &person)?;
    world.order(id, OrderKind::Check).await?;
    world.live_with_post(hours(1), minutes(5)).await?;
    let token = world.token(id).await?;
    assert_eq!((token.state(), token.cause()), (State::Healthy, None));
    assert!(token.missing_scopes().is_empty());
    // The lost permission is still recorded as an event.
    assert_eq!(world.told(EventKind::PermissionsLost).await?, 1);
    assert!(world.mail()?.is_empty());
    Ok(())
}

#[tokio::test]
async fn an_outage_does_not_make_a_lost_permission_another_incident() -> Result {
    let mut world = World::new().await?;
    let (person, _, id) = maria(&mut world).await?;
    lose(&world, &person)?;
    world.order(id, OrderKind::Check).await?;
    world.live_with_post(hours(1), minutes(5)).await?;
    world.meta.world().set_outage(Some(Outage::Unavailable));
    world.live(hours(30)).await?;
    world.meta.world().set_outage(None);
    world.live_with_post(hours(30), minutes(15)).await?;
    assert_eq!(
        world.token(id).await?.cause(),
        Some(Cause::PermissionMissing)
    );
    assert_eq!(world.told(EventKind::PermissionsLost).await?, 1);
    let events = world.events().await?;
    let resolved = events.iter().filter(|record| {
        matches!(
            record.event,
            Event::IncidentResolved {
                cause: Cause::PermissionMissing,
                ..
            }
        )
    });
    assert_eq!(resolved.count(), 0);
    assert_eq!(mails_to(&world, OWNER)?, 1);
    Ok(())
}
