//! What the weekly summary says has changed is what happened in that week.

use perennial::graph_sim::SystemUserValidity;
use perennial::model::{Event, NewEvent, OrderKind, TokenId};

use crate::world::{APP, Result, SCOPES, World, days, hours};

#[tokio::test]
async fn each_week_s_summary_counts_what_changed_in_that_week() -> Result {
    let mut world = World::new().await?;
    assert_eq!(
        world.summary().await?,
        None,
        "the first one has no week before it"
    );

    // A login, its page and a system user are new.
    let maria = world.person("Maria");
    let login = world.log_in(&maria)?;
    let (_, page) = world.page(&maria, "Bakery", &login)?;
    let user = imported(&world, "maria", &login).await?;
    imported(&world, "bakery", &page).await?;
    let robot = imported(&world, "robot", &robot_token(&world)?).await?;
    assert_eq!(week(&mut world).await?, ["Tokens added: 3"]);

    // The password kills two; one token is renewed, one is new, and one is gone before the week is over.
    world.meta.world().change_password(&maria)?;
    world.order(robot, OrderKind::Rotate).await?;
    let paul = world.person("Paul");
    let paul = imported(&world, "paul", &world.log_in(&paul)?).await?;
    let zoe = world.person("Zoe");
    let short = imported(&world, "zoe", &world.log_in(&zoe)?).await?;
    world.live(hours(2)).await?;
    forget(&world, short).await?;
    let second = week(&mut world).await?;
    let told = [
        "Tokens that stopped working: 2",
        "Tokens renewed automatically: 1",
        "Tokens added: 1",
    ];
    assert_eq!(second, told);

    // Maria logs in again. Later she changes her password once more, and logs in once more: all is as before.
    log_in_again(&mut world, &maria, user).await?;
    forget(&world, paul).await?;
    let third = week(&mut world).await?;
    let told = [
        "Tokens that work again: 2",
        "Page tokens derived again: 1",
        "Tokens removed: 1",
    ];
    assert_eq!(third, told);

    world.meta.world().change_password(&maria)?;
    world.live(days(2)).await?;
    log_in_again(&mut world, &maria, user).await?;
    assert_eq!(week(&mut world).await?, ["Page tokens derived again: 1"]);
    // Half of the system user's sixty days are over.
    assert_eq!(week(&mut world).await?, ["Tokens renewed automatically: 1"]);
    assert_eq!(week(&mut world).await?, ["Nothing changed."]);
    Ok(())
}

/// The lines of the next summary about tokens.
async fn week(world: &mut World) -> Result<Vec<String>> {
    world.live(days(7)).await?;
    let text = world.summary().await?.ok_or("there is no summary")?;
    let (_, since) = text
        .split_once("SINCE THE LAST SUMMARY\n\n")
        .ok_or(text.clone())?;
    let lines = since.lines().map_while(|line| line.strip_prefix("- "));
    Ok(lines.map(str::to_owned).collect())
}

fn robot_token(world: &World) -> Result<String> {
    let mut meta = world.meta.world();
    let user = meta.add_system_user(APP, "robot")?;
    Ok(meta.system_user_token(APP, &user, SCOPES, SystemUserValidity::SixtyDays)?)
}

/// Imports a token, and records it as the socket does.
async fn imported(world: &World, name: &str, secret: &str) -> Result<TokenId> {
    let id = world.import(name, secret).await?;
    let asked_by = "root".to_owned();
    tell(world, id, Event::Imported { asked_by }).await?;
    Ok(id)
}

async fn forget(world: &World, id: TokenId) -> Result {
    let asked_by = "root".to_owned();
    tell(world, id, Event::Forgotten { asked_by }).await?;
    world.inventory.write(move |tx| tx.forget(id)).await?;
    Ok(())
}

async fn tell(world: &World, id: TokenId, event: Event) -> Result {
    let (event, now) = (NewEvent::about(&world.token(id).await?, event), world.now);
    let recorded = world
        .inventory
        .write(move |tx| tx.record_event(&event, now));
    recorded.await?;
    Ok(())
}

async fn log_in_again(world: &mut World, person: &str, user: TokenId) -> Result {
    let fresh = world.log_in(person)?;
    world.put_secret(user, &fresh).await?;
    world.live(hours(2)).await
}
