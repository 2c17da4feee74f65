//! A rejection by Meta is reported within a limited time, whatever the attempts to repair it return.

use perennial::graph_sim::{Death, Endpoint, Fault, FaultRule, InjectedError};
use perennial::model::{Cause, Event, Health, TokenId};

use crate::world::{APP, OWNER, Result, World, hours, minutes};

/// A page whose token died while its parent lives.
async fn dead_page(world: &mut World) -> Result<TokenId> {
    let maria = world.person("Maria");
    let user = world.log_in(&maria)?;
    world.import("maria", &user).await?;
    let (_, token) = world.page(&maria, "Bakery", &user)?;
    let page = world.import("bakery", &token).await?;
    world.live(hours(1)).await?;
    world.meta.world().end(&token, Death::PasswordChanged)?;
    Ok(page)
}

fn answering(code: i64, subcode: Option<u32>, message: &str) -> FaultRule {
    let error = InjectedError {
        status: 400,
        code,
        subcode,
        is_transient: Some(false),
        message: message.to_owned(),
    };
    FaultRule::new(Fault::Error(error)).on(Endpoint::Object)
}

async fn is_reported_as_dead(world: &World, page: TokenId) -> Result {
    let health = world.token(page).await?.health;
    let is_dead = matches!(health, Health::Dead { cause, .. } if cause == Cause::PasswordChanged);
    assert!(is_dead, "{health:?}");
    let mails = world.mail()?;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].0.contains(&format!("To: {OWNER}")));
    let events = world.events().await?;
    let of_page = events
        .iter()
        .filter(|event| event.token.as_deref() == Some("bakery"));
    for event in of_page {
        if let Event::Changed {
            cause: Some(cause), ..
        } = event.event
        {
            assert_eq!(cause, Cause::PasswordChanged, "{event:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_dead_page_token_is_reported_although_its_parent_gets_unknown_answers() -> Result {
    for (code, subcode, message) in [
        (21, None, "Page ID 1 was migrated to page ID 2"),
        (1, Some(2_853_001), "An unknown error occurred"),
        (
            3,
            None,
            "Application does not have the capability to make this API call.",
        ),
        (
            1,
            None,
            "Please reduce the amount of data you're asking for, then retry your request",
        ),
    ] {
        let mut world = World::new().await?;
        let page = dead_page(&mut world).await?;
        world.meta.world().inject(answering(code, subcode, message));
        world.live_with_post(hours(52), minutes(30)).await?;
        is_reported_as_dead(&world, page).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_parent_that_does_not_answer_for_a_day_costs_no_more_than_a_day() -> Result {
    let mut world = World::new().await?;
    let page = dead_page(&mut world).await?;
    let silence = FaultRule::new(Fault::Reset).on(Endpoint::Object);
    world.meta.world().inject(silence);
    world.live_with_post(hours(52), minutes(30)).await?;
    is_reported_as_dead(&world, page).await
}

#[tokio::test]
async fn a_way_out_that_opens_within_the_day_spares_the_email() -> Result {
    let mut world = World::new().await?;
    let page = dead_page(&mut world).await?;
    let (from, until) = (world.now, world.now + hours(30));
    let odd = answering(21, None, "Page ID 1 was migrated to page ID 2");
    world.meta.world().inject(odd.between(from, until));
    world.live_with_post(hours(52), minutes(30)).await?;
    let health = world.token(page).await?.health;
    assert_eq!(health, Health::Healthy);
    assert!(world.mail()?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_budget_that_is_never_enough_delays_no_dead_token_forever() -> Result {
    let mut world = World::new().await?;
    let page = dead_page(&mut world).await?;
    world.rotation_worker.calls_per_hour = 1;
    world.live_with_post(hours(60), minutes(30)).await?;
    is_reported_as_dead(&world, page).await
}

/// Finishing the last step may take one call more.
#[tokio::test]
async fn checks_that_go_on_beside_each_other_keep_the_budget_together() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let user = world.log_in(&maria)?;
    world.import("maria", &user).await?;
    let mut pages = Vec::new();
    for number in 0..16 {
        let name = format!("page-{number}");
        let (_, token) = world.page(&maria, &name, &user)?;
        world.import(&name, &token).await?;
        pages.push(token);
    }
    world.live(hours(2)).await?;
    for token in &pages {
        world.meta.world().end(token, Death::PasswordChanged)?;
    }
    world.tamper("UPDATE schedule SET due_at = 1")?;
    world.rotation_worker.calls_per_hour = 20;
    world.pass().await?;
    let calls = world.meta.world().calls_last_hour(APP)?;
    assert!((18..=21).contains(&calls), "{calls}");
    Ok(())
}

#[tokio::test]
async fn a_token_that_cannot_be_checked_for_a_day_is_named_among_the_problems() -> Result {
    let mut world = World::new().await?;
    for name in ["maria", "nina"] {
        let token = world.log_in(&world.person(name))?;
        world.import(name, &token).await?;
    }
    world.pass().await?;
    let since = (world.now - hours(25)).as_second();
    world.tamper(&format!(
        "UPDATE token SET state = 'failing', cause = 'unexplained', failures = 9, since = {since}
         WHERE name = 'nina'"
    ))?;
    let socket = world.open_socket().await?;
    socket.publish_status(world.now, world.now).await?;
    let problems = socket.client.status().await?.problems;
    assert!(
        problems.iter().any(|problem| problem.contains("nina")),
        "{problems:?}"
    );
    Ok(())
}
