//! How tokens are kept alive, and how the daemon notices that they cannot be.

use perennial::graph_sim::{Endpoint, Outage, Reexchange, SystemUserValidity};
use perennial::model::{
    Cause, Event, EventKind, Expiry, Health, Kind, OrderKind, OrderOutcome, Outcome, State,
};

use crate::world::{APP, Result, SCOPES, World, days, hours, minutes};

#[tokio::test]
async fn an_imported_token_is_what_meta_says_it_is() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let (page, page_token) = world.page(&maria, "Bakery", &token)?;
    let user = world.import("maria", &token).await?;
    let page_id = world.import("bakery", &page_token).await?;
    assert_eq!(world.state(user).await?, State::Unverified);

    world.pass().await?;
    let user = world.token(user).await?;
    let facts = user.facts.as_ref().ok_or("no facts")?;
    assert_eq!((facts.kind, &facts.subject), (Kind::User, &maria));
    assert_eq!(facts.expires_at, Expiry::At(world.now + days(60)));

    // The next pass fetches the page's name and links its token to the parent.
    let bakery = world.token(page_id).await?;
    let facts = bakery.facts.as_ref().ok_or("no facts")?;
    assert_eq!(
        (facts.kind, &facts.subject, &facts.person),
        (Kind::Page, &page, &maria)
    );
    assert_eq!(facts.expires_at, Expiry::Never);
    Ok(())
}

#[tokio::test]
async fn an_exchange_that_moves_nothing_is_not_called_a_renewal() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;
    let end = world.now + days(60);

    world.live(days(47)).await?;
    let after = world.token(id).await?;
    assert_eq!(
        after.last_rotation.map(|r| r.outcome),
        Some(Outcome::SameExpiry)
    );
    assert_eq!(after.rotated_at, None);
    assert_eq!(after.deadline(), Some(end));
    assert_eq!(
        after.health,
        Health::Expiring {
            cause: Cause::ExpiresSoon
        }
    );
    assert_eq!(
        world.secret(id).await?,
        token,
        "the old one is kept and served"
    );
    Ok(())
}

#[tokio::test]
async fn an_exchange_that_moves_the_end_is_stored_and_the_old_secret_kept() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    world
        .meta
        .world()
        .set_reexchange_of(&maria, Reexchange::Extends)?;
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;

    world.live(days(75)).await?;
    let after = world.token(id).await?;
    assert_eq!(
        after.last_rotation.map(|r| r.outcome),
        Some(Outcome::Renewed)
    );
    assert!(matches!(after.health, Health::Healthy));
    assert!(after.version > 1);
    let served = world.secret(id).await?;
    assert_ne!(served, token);
    assert!(world.meta.world().is_alive(&served));
    Ok(())
}

#[tokio::test]
async fn a_system_user_of_the_sixty_day_kind_is_renewed_and_the_permanent_one_left_alone() -> Result
{
    let mut world = World::new().await?;
    let (sixty, never) = {
        let mut meta = world.meta.world();
        let user = meta.add_system_user(APP, "robot")?;
        (
            meta.system_user_token(APP, &user, SCOPES, SystemUserValidity::SixtyDays)?,
            meta.system_user_token(APP, &user, SCOPES, SystemUserValidity::Never)?,
        )
    };
    let sixty_id = world.import("robot-60", &sixty).await?;
    let never_id = world.import("robot", &never).await?;

    world.live(days(100)).await?;
    assert_eq!(world.state(sixty_id).await?, State::Healthy);
    assert_eq!(world.state(never_id).await?, State::Healthy);
    assert_ne!(world.secret(sixty_id).await?, sixty);
    assert_eq!(world.secret(never_id).await?, never);
    let meta = world.meta.world();
    assert_eq!(
        meta.call_log().calls_about(Endpoint::Exchange, &never),
        0,
        "never exchanged"
    );
    Ok(())
}

#[tokio::test]
async fn a_changed_password_is_known_of_all_that_hangs_on_it_at_once() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let user = world.import("maria", &token).await?;
    let mut pages = Vec::new();
    for n in 1..=5 {
        let (_, page) = world.page(&maria, &format!("Page {n}"), &token)?;
        pages.push(world.import(&format!("page-{n}"), &page).await?);
    }
    world.live(hours(3)).await?;

    world.meta.world().change_password(&maria)?;
    world.live(hours(25)).await?;
    let died = world.token(user).await?;
    let Health::Dead { since, cause } = died.health else {
        return Err("it lives".into());
    };
    assert_eq!(cause, Cause::PasswordChanged);
    for page in pages {
        let Health::Dead {
            since: page_since,
            cause,
        } = world.token(page).await?.health
        else {
            return Err("a page lives".into());
        };
        assert_eq!(cause, Cause::PasswordChanged);
        assert!(
            since.duration_until(page_since).abs() < minutes(30),
            "{since} {page_since}"
        );
    }
    assert_eq!(
        world.secret(user).await?,
        token,
        "one bad answer wipes nothing"
    );
    Ok(())
}

#[tokio::test]
async fn a_page_that_died_is_derived_anew_through_a_living_parent() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    world.import("maria", &token).await?;
    let (_, page_token) = world.page(&maria, "Bakery", &token)?;
    let page = world.import("bakery", &page_token).await?;
    world.live(hours(1)).await?;

    world.meta.world().revoke(&page_token)?;
    world.live(days(2)).await?;
    assert_eq!(world.state(page).await?, State::Healthy);
    assert_ne!(world.secret(page).await?, page_token);
    assert_eq!(world.told(EventKind::Derived).await?, 1);
    Ok(())
}

#[tokio::test]
async fn another_admin_of_the_page_steps_in() -> Result {
    let mut world = World::new().await?;
    let (maria, paul) = (world.person("Maria"), world.person("Paul"));
    let maria_token = world.log_in(&maria)?;
    let (page_id, page_token) = world.page(&maria, "Bakery", &maria_token)?;
    world.meta.world().give_role(&paul, &page_id)?;
    let paul_token = world.log_in(&paul)?;
    world.import("maria", &maria_token).await?;
    world.import("paul", &paul_token).await?;
    let page = world.import("bakery", &page_token).await?;
    world.live(hours(1)).await?;

    world.meta.world().take_role(&maria, &page_id)?;
    world.live(days(2)).await?;
    let page = world.token(page).await?;
    assert_eq!(page.state(), State::Healthy);
    assert_eq!(page.facts.map(|facts| facts.person), Some(paul));
    Ok(())
}

#[tokio::test]
async fn a_lost_role_is_checked_daily_and_recovers_by_itself() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let (page_id, page_token) = world.page(&maria, "Bakery", &token)?;
    world.import("maria", &token).await?;
    let page = world.import("bakery", &page_token).await?;
    world.live(hours(1)).await?;

    world.meta.world().take_role(&maria, &page_id)?;
    world.live(days(3)).await?;
    assert!(matches!(
        world.token(page).await?.health,
        Health::Dead {
            cause: Cause::PageRoleLost,
            ..
        }
    ));
    world.meta.world().give_role(&maria, &page_id)?;
    world.live(days(1)).await?;
    assert_eq!(world.state(page).await?, State::Healthy);
    Ok(())
}

#[tokio::test]
async fn an_outage_at_meta_is_waited_out() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;
    world.live(hours(1)).await?;

    for outage in [Outage::HtmlError, Outage::Unavailable, Outage::Reset] {
        world.meta.world().set_outage(Some(outage));
        world.live(days(2)).await?;
        let during = world.token(id).await?;
        assert!(
            matches!(
                during.health,
                Health::Failing {
                    cause: Cause::Outage,
                    ..
                }
            ),
            "{during:?}"
        );
        assert_eq!(world.secret(id).await?, token);

        world.meta.world().set_outage(None);
        world.live(hours(1)).await?;
        assert_eq!(
            world.state(id).await?,
            State::Healthy,
            "back within the hour"
        );
    }
    Ok(())
}

#[tokio::test]
async fn our_own_wrong_secret_kills_no_token() -> Result {
    let mut world = World::new().await?;
    let mut ids = Vec::new();
    for name in ["Maria", "Paul", "Ines", "Omar"] {
        let person = world.person(name);
        ids.push(world.import(name, &world.log_in(&person)?).await?);
    }
    world.live(hours(1)).await?;

    world
        .meta
        .world()
        .replace_app_secret(APP, "ffffffffffffffffffffffffffffffff")?;
    world.live(days(3)).await?;
    for id in ids {
        assert_ne!(world.state(id).await?, State::Dead);
    }
    let app = world.inventory.read(|view| view.app("acme")).await?;
    assert_eq!(
        app.error.map(|trouble| trouble.cause),
        Some(Cause::AppSecretWrong)
    );
    Ok(())
}

#[tokio::test]
async fn a_secret_that_is_handed_in_is_confirmed_before_it_is_used() -> Result {
    let mut world = World::new().await?;
    let (maria, paul) = (world.person("Maria"), world.person("Paul"));
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;
    world.live(hours(1)).await?;

    let of_paul = world.log_in(&paul)?;
    world.put_secret(id, &of_paul).await?;
    world.pass().await?;
    assert_eq!(
        world.secret(id).await?,
        token,
        "another person's token is refused"
    );

    world.put_secret(id, "EAAgarbage").await?;
    world.pass().await?;
    assert_eq!(world.secret(id).await?, token, "garbage is refused");

    world.live(days(5)).await?;
    let again = world.log_in(&maria)?;
    world.put_secret(id, &again).await?;
    world.pass().await?;
    assert_eq!(world.secret(id).await?, again);

    assert_eq!(world.told(EventKind::CandidateRefused).await?, 2);
    assert_eq!(world.told(EventKind::CandidateAccepted).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_login_brings_the_person_s_pages_back() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let user = world.import("maria", &token).await?;
    let (_, page_token) = world.page(&maria, "Bakery", &token)?;
    let page = world.import("bakery", &page_token).await?;
    world.live(hours(1)).await?;
    world.meta.world().change_password(&maria)?;
    world.live(days(2)).await?;
    assert_eq!(world.state(page).await?, State::Dead);

    let again = world.log_in(&maria)?;
    world.put_secret(user, &again).await?;
    world.live(minutes(5)).await?;
    assert_eq!(world.state(user).await?, State::Healthy);
    assert_eq!(world.state(page).await?, State::Healthy);
    Ok(())
}

#[tokio::test]
async fn a_short_lived_token_is_lengthened_and_its_pages_are_found() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let long = world.log_in(&maria)?;
    world.page(&maria, "Bakery", &long)?;
    world.page(&maria, "Café", &long)?;
    let short = world.meta.world().issue_short_lived(APP, &maria, SCOPES)?;
    let id = world.import("maria", &short).await?;
    world.order(id, OrderKind::Discover).await?;

    world.live(minutes(5)).await?;
    let user = world.token(id).await?;
    assert_eq!(
        user.last_rotation.map(|r| r.outcome),
        Some(Outcome::Renewed)
    );
    assert!(user.deadline() > Some(world.now + days(59)));
    let children = world
        .inventory
        .read(move |view| view.children_of(id, 10))
        .await?;
    assert_eq!(children.len(), 2, "{children:?}");
    for name in children {
        let child = world
            .inventory
            .read(move |view| view.token_named(&name))
            .await?;
        let facts = child.and_then(|child| child.facts).ok_or("no facts")?;
        assert_eq!((facts.kind, facts.expires_at), (Kind::Page, Expiry::Never));
    }
    Ok(())
}

#[tokio::test]
async fn a_token_of_another_app_is_recognized() -> Result {
    let mut world = World::new().await?;
    let foreign = {
        let mut meta = world.meta.world();
        let spec = perennial::graph_sim::AppSpec {
            id: "999".to_owned(),
            secret: "f".repeat(32),
            name: "other".to_owned(),
            ..Default::default()
        };
        meta.add_app(spec);
        let person = meta.add_person("Zoe");
        meta.log_in("999", &person, SCOPES, Default::default())?
    };
    let id = world.import("foreign", &foreign).await?;
    world.pass().await?;
    assert!(matches!(
        world.token(id).await?.health,
        Health::Dead {
            cause: Cause::WrongApp,
            ..
        }
    ));
    Ok(())
}

#[tokio::test]
async fn orders_during_an_outage_are_refused_at_once_and_lengthen_no_back_off() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(hours(1)).await?;
    for trouble in ["outage", "throttled"] {
        match trouble {
            "outage" => world.meta.world().set_outage(Some(Outage::Reset)),
            _ => world.meta.world().throttle(APP, world.now + hours(2))?,
        }
        // The first order is how the daemon learns of it.
        world.order(id, OrderKind::Check).await?;
        world.pass().await?;
        let back_off = world.inventory.read(|view| view.app("acme")).await?;
        let asked = world.meta.world().call_log().total();
        for kind in [OrderKind::Check, OrderKind::Rotate, OrderKind::Check] {
            let order = world.order(id, kind).await?;
            world.pass().await?;
            let events = world.events().await?;
            let refused = events.last().ok_or("no event")?;
            assert_eq!(refused.order, Some(order), "{trouble}");
            let Event::OrderRefused { cause, until } = refused.event else {
                return Err(format!("{trouble}: {refused:?}").into());
            };
            assert_eq!((cause.as_str(), until), (trouble, back_off.resume_at));
        }
        let after = world.inventory.read(|view| view.app("acme")).await?;
        assert_eq!(after.error, back_off.error, "{trouble}");
        assert_eq!(after.resume_at, back_off.resume_at, "{trouble}");
        assert_eq!(world.meta.world().call_log().total(), asked, "{trouble}");
        let waiting = world.inventory.read(move |view| view.pending_orders());
        assert!(!waiting.await?.contains_key(&id), "{trouble}");
        let last = world
            .inventory
            .read(move |view| view.last_order(id))
            .await?;
        let outcome = last.and_then(|last| last.ended).map(|end| end.outcome);
        assert_eq!(outcome, Some(OrderOutcome::Refused), "{trouble}");
        world.meta.world().set_outage(None);
        world.live(days(1)).await?;
        assert_eq!(world.state(id).await?, State::Healthy, "{trouble}");
    }
    Ok(())
}

#[tokio::test]
async fn a_throttled_hour_costs_no_token_and_no_calls() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(hours(1)).await?;

    let until = world.now + hours(26);
    world.meta.world().throttle(APP, until)?;
    let before = world.meta.world().call_log().total();
    world.live(hours(26)).await?;
    assert_ne!(world.state(id).await?, State::Dead);
    let spent = world.meta.world().call_log().total() - before;
    assert!(spent <= 60, "{spent} calls into a limit");
    world.live(hours(26)).await?;
    assert_eq!(world.state(id).await?, State::Healthy);
    Ok(())
}

#[tokio::test]
async fn tokens_that_were_imported_together_are_checked_in_one_request() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    for number in 0..40 {
        let (_, page_token) = world.page(&maria, &format!("Page {number}"), &token)?;
        world.import(&format!("page-{number}"), &page_token).await?;
    }
    world.live(hours(2)).await?;

    let before = world.meta.world().call_log().requests();
    world.live(days(5)).await?;
    let sent = world.meta.world().call_log().requests() - before;
    assert!((5..=12).contains(&sent), "{sent} requests in five days");
    Ok(())
}

#[tokio::test]
async fn a_dead_token_that_was_checked_again_costs_no_more_calls() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let (first, second) = (world.log_in(&maria)?, world.log_in(&maria)?);
    let id = world.import("maria", &first).await?;
    world.import("maria-too", &second).await?;
    world.live(hours(1)).await?;
    world.meta.world().change_password(&maria)?;
    world.live(days(2)).await?;

    // The first token works again, so the second is checked again.
    world.put_secret(id, &world.log_in(&maria)?).await?;
    world.live(minutes(5)).await?;
    let asked = |world: &World| {
        let meta = world.meta.world();
        meta.call_log().calls_about(Endpoint::DebugToken, &second)
    };
    let before = asked(&world);
    world.live(days(3)).await?;
    assert_eq!(asked(&world), before);
    Ok(())
}

#[tokio::test]
async fn a_secret_handed_in_during_an_outage_is_used_soon_after() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(days(3)).await?;
    let newer = world.log_in(&maria)?;
    world.meta.world().set_outage(Some(Outage::Reset));
    world.put_secret(id, &newer).await?;
    world.live(hours(2)).await?;
    world.meta.world().set_outage(None);
    world.live(hours(1)).await?;
    assert_eq!(world.secret(id).await?, newer);
    Ok(())
}

#[tokio::test]
async fn a_login_for_many_pages_asks_about_each_of_them_but_a_few_times() -> Result {
    const PAGES: u64 = 60;
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let user = world.import("maria", &token).await?;
    for n in 0..PAGES {
        let (_, page) = world.page(&maria, &format!("Page {n}"), &token)?;
        world.import(&format!("page-{n:02}"), &page).await?;
    }
    world.live(hours(1)).await?;
    world.meta.world().change_password(&maria)?;
    world.live(days(2)).await?;

    let again = world.log_in(&maria)?;
    world.put_secret(user, &again).await?;
    world.meta.world().ledger_mut().clear();
    world.live(hours(1)).await?;
    let fleet = world.inventory.read(|view| view.fleet()).await?;
    assert_eq!(fleet.healthy, PAGES + 1);
    let asked = world.meta.world().call_log().calls(Endpoint::DebugToken);
    assert!(asked <= 2 * PAGES + 10, "{asked} looks at {PAGES} pages");
    Ok(())
}
