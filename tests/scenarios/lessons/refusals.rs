//! What a rejection means, and what it must not cause.

use perennial::graph_sim::{Death, Endpoint, Fault, FaultRule, InjectedError, Outage};
use perennial::model::{Cause, OrderKind, Outcome, Remedy, State};

use crate::world::{Result, World, days, hours};

const DEATHS: [Death; 12] = [
    Death::PasswordChanged,
    Death::AppRemoved,
    Death::Revoked,
    Death::LoggedOut,
    Death::Checkpointed,
    Death::Unconfirmed,
    Death::PagePermissionMissing,
    Death::PageGone,
    Death::AppDeleted,
    Death::LockedOut,
    Death::Disengaged,
    Death::ApiBlocked,
];

/// pizauth, email-oauth2-proxy, postiz (PR 1822) and instagram-token-agent discarded the grant after one rejection.
#[tokio::test]
async fn a_refused_grant_is_kept_and_may_come_back() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;
    world.pass().await?;

    for death in DEATHS {
        world.meta.world().end(&token, death)?;
        world.order(id, OrderKind::Check).await?;
        world.pass().await?;
        assert_ne!(world.state(id).await?, State::Healthy, "{death:?}");
        assert_eq!(world.secret(id).await?, token, "{death:?}");

        world.meta.world().repair(&token)?;
        world.order(id, OrderKind::Check).await?;
        world.pass().await?;
        let back = world.token(id).await?;
        assert_eq!(
            (back.state(), back.version),
            (State::Healthy, 1),
            "{death:?}"
        );
        world.live(hours(1)).await?;
    }
    Ok(())
}

/// Meta's 467 and its 190 without a subcode have been seen for tokens that were alive.
#[tokio::test]
async fn one_doubtful_answer_ends_nothing() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;
    world.pass().await?;
    for death in [
        Death::LoggedOut,
        Death::AppDeleted,
        Death::PagePermissionMissing,
    ] {
        world.meta.world().end(&token, death)?;
        world.order(id, OrderKind::Check).await?;
        world.pass().await?;
        assert_eq!(world.state(id).await?, State::Failing, "{death:?}");
        world.meta.world().repair(&token)?;
        world.live(hours(2)).await?;
        assert_eq!(world.state(id).await?, State::Healthy, "{death:?}");
    }
    Ok(())
}

/// Words and numbers of a dead token that contradict the error's code.
const MISLEADING: &str = "(#190) Error 490, subcode 463/460: Session has expired, token invalid";

/// postiz searched the whole answer for "490", and chatwoot (issue 14729) the message for words.
#[tokio::test]
async fn a_message_that_speaks_of_death_kills_nobody() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.pass().await?;

    for code in [0, 1, 2, 4, 5, 17, 368, 490, 613, 1190, 1901, 1_609_005] {
        world
            .meta
            .world()
            .inject(answering(Endpoint::DebugToken, code, MISLEADING));
        world.order(id, OrderKind::Check).await?;
        world.pass().await?;
        assert_ne!(world.state(id).await?, State::Dead, "{code}");
        world.meta.world().heal();
        world.live(hours(30)).await?;
        assert_eq!(world.state(id).await?, State::Healthy, "{code}");
    }
    Ok(())
}

#[tokio::test]
async fn an_exchange_is_classified_by_its_code_and_not_by_its_text() -> Result {
    const SOOTHING: &str = "(#2) Please retry your request later";
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.pass().await?;

    for (code, message, expected) in [
        (2, MISLEADING, Outcome::Failed),
        (100, MISLEADING, Outcome::Failed),
        (490, MISLEADING, Outcome::Failed),
        (190, SOOTHING, Outcome::Refused),
    ] {
        world.live(hours(25)).await?;
        world
            .meta
            .world()
            .inject(answering(Endpoint::Exchange, code, message));
        world.order(id, OrderKind::Rotate).await?;
        world.pass().await?;
        let outcome = world.token(id).await?.last_rotation.map(|r| r.outcome);
        assert_eq!(outcome, Some(expected), "{code}");
        world.meta.world().heal();
    }
    Ok(())
}

fn answering(endpoint: Endpoint, code: i64, message: &str) -> FaultRule {
    let error = InjectedError {
        status: 400,
        code,
        subcode: None,
        is_transient: None,
        message: message.to_owned(),
    };
    FaultRule::new(Fault::Error(error)).on(endpoint)
}

/// A limit, an outage or a block that the debugger reports for one token concerns only that token.
#[tokio::test]
async fn a_rejection_of_one_token_throttles_no_other() -> Result {
    for (code, cause) in [
        (1, Cause::Outage),
        (4, Cause::Throttled),
        (17, Cause::Throttled),
        (368, Cause::Blocked),
        (613, Cause::Throttled),
        (80_001, Cause::Throttled),
    ] {
        let mut world = World::new().await?;
        let maria = world.person("Maria");
        let mut ids = Vec::new();
        for n in 0..3 {
            ids.push(
                world
                    .import(&format!("token-{n}"), &world.log_in(&maria)?)
                    .await?,
            );
        }
        // Even if no other token is due.
        for due in [&ids[..], &ids[..1]] {
            world.meta.world().inject(judging(code).times(1));
            for id in due {
                world.order(*id, OrderKind::Check).await?;
            }
            world.pass().await?;
            let app = world.inventory.read(|view| view.app("acme")).await?;
            assert_eq!((app.error, app.resume_at), (None, None), "{code}");
            let mut causes = Vec::new();
            for id in &ids {
                causes.extend(world.token(*id).await?.cause());
            }
            assert_eq!(causes, [cause], "{code}");
            world.now += hours(1);
            world.pass().await?;
            for id in &ids {
                assert_eq!(world.state(*id).await?, State::Healthy, "{code}");
            }
        }
    }
    Ok(())
}

/// The debugger may report for one token that the app is blocked. The app itself is checked before its calls stop.
#[tokio::test]
async fn a_token_that_blames_the_app_stops_no_other() -> Result {
    let mut world = World::new().await?;
    let (maria, paul) = (world.person("Maria"), world.person("Paul"));
    let token = world.log_in(&maria)?;
    let blocked = world.import("maria", &token).await?;
    let sound = world.import("paul", &world.log_in(&paul)?).await?;
    world.meta.world().end(&token, Death::ApiBlocked)?;
    world.live(hours(3)).await?;
    let found = world.token(blocked).await?;
    assert_eq!(
        (found.state(), found.cause(), found.remedy()),
        (
            State::Dead,
            Some(Cause::AppUnavailable),
            Some(Remedy::FixApp)
        )
    );
    assert_eq!(world.state(sound).await?, State::Healthy);
    let app = world.inventory.read(|view| view.app("acme")).await?;
    assert_eq!(app.error, None);

    world.meta.world().repair(&token)?;
    world.live(days(1)).await?;
    assert_eq!(world.state(blocked).await?, State::Healthy);
    Ok(())
}

/// If Meta blocks the app, the app fails and no token does.
#[tokio::test]
async fn an_app_that_is_shut_out_costs_no_token() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.pass().await?;
    world.meta.world().inject(judging(200));
    world.order(id, OrderKind::Check).await?;
    world.pass().await?;
    let app = world.inventory.read(|view| view.app("acme")).await?;
    let cause = app.error.map(|trouble| trouble.cause);
    assert_eq!(cause, Some(Cause::AppUnavailable));
    assert_ne!(world.state(id).await?, State::Dead);
    Ok(())
}

fn judging(code: i64) -> FaultRule {
    FaultRule::new(Fault::Verdict(InjectedError {
        status: 200,
        code,
        subcode: None,
        is_transient: None,
        message: "API access blocked.".to_owned(),
    }))
    .on(Endpoint::DebugToken)
}

/// better-ccflare (PR 311) and SPIRE (issue 1562) called everything healthy that was not old yet.
#[tokio::test]
async fn a_far_end_makes_no_token_healthy() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;
    world.pass().await?;
    let end = world.token(id).await?.deadline();
    assert!(end > Some(world.now + days(59)));

    world.meta.world().set_outage(Some(Outage::HtmlError));
    world.live(hours(30)).await?;
    let unheard = world.token(id).await?;
    assert_eq!(
        (unheard.state(), unheard.cause()),
        (State::Failing, Some(Cause::Outage))
    );

    world.meta.world().heal();
    world.meta.world().end(&token, Death::Revoked)?;
    world.live(hours(30)).await?;
    assert_eq!(world.state(id).await?, State::Dead);
    let fleet = world.inventory.read(|view| view.fleet()).await?;
    assert_eq!((fleet.healthy, fleet.dead), (0, 1));
    Ok(())
}
