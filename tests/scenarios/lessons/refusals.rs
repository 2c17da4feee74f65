//! What a refusal means, and what it must not do.

use perennial::graph_sim::{Death, Endpoint, Fault, FaultRule, InjectedError, Outage};
use perennial::inventory::Order;
use perennial::token::{Cause, Outcome, State};

use crate::world::{Result, World, days, hours};

const DEATHS: [Death; 9] = [
    Death::PasswordChanged,
    Death::AppRemoved,
    Death::Revoked,
    Death::LoggedOut,
    Death::Checkpointed,
    Death::Unconfirmed,
    Death::PagePermissionMissing,
    Death::PageGone,
    Death::AppDeleted,
];

/// pizauth, email-oauth2-proxy, postiz (PR 1822) and instagram-token-agent threw the grant away when it was refused
/// once.
#[tokio::test]
async fn a_refused_grant_is_kept_and_may_come_back() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;
    world.pass().await?;

    for death in DEATHS {
        world.meta.world().end(&token, death)?;
        world.order(id, Order::Check).await?;
        world.pass().await?;
        assert_ne!(world.state(id).await?, State::Healthy, "{death:?}");
        assert_eq!(world.secret(id).await?, token, "{death:?}");

        world.meta.world().mend(&token)?;
        world.order(id, Order::Check).await?;
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

/// Meta's 467 and its 190 without a subcode have been seen of tokens that were alive.
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
        world.order(id, Order::Check).await?;
        world.pass().await?;
        assert_eq!(world.state(id).await?, State::Failing, "{death:?}");
        world.meta.world().mend(&token)?;
        world.live(hours(2)).await?;
        assert_eq!(world.state(id).await?, State::Healthy, "{death:?}");
    }
    Ok(())
}

/// Words and figures of a dead token, none of which is what the code says.
const MISLEADING: &str = "(#190) Error 490, subcode 463/460: Session has expired, token invalid";

/// postiz looked for "490" anywhere in the answer, chatwoot (issue 14729) for words in the message.
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
        world.order(id, Order::Check).await?;
        world.pass().await?;
        assert_ne!(world.state(id).await?, State::Dead, "{code}");
        world.meta.world().heal();
        world.live(hours(30)).await?;
        assert_eq!(world.state(id).await?, State::Healthy, "{code}");
    }
    Ok(())
}

#[tokio::test]
async fn an_exchange_is_refused_by_its_code_and_not_by_its_words() -> Result {
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
        world.order(id, Order::Rotate).await?;
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

/// better-ccflare (PR 311) and SPIRE (issue 1562) called healthy whatever was not yet old.
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
