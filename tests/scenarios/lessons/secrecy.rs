//! Secrets that must not appear in logs.

use perennial::graph_sim::{Fault, FaultRule, InjectedError};
use perennial::model::{OrderKind, TokenId};
use tracing::Level;

use crate::world::{APP_SECRET, Log, Result, World, days, hours};

/// mureo (issue 605), jjgnet (issue 629), meta-mcp (issue 34) and Chatwoot logged the URL, the body, or a library's
/// error about them.
#[tokio::test]
async fn no_failure_makes_a_secret_show() -> Result {
    let log = Log::of_thread(Level::TRACE);
    let mut world = World::new().await?;
    let (maria, paul) = (world.person("Maria"), world.person("Paul"));
    let secrets = [world.log_in(&maria)?, world.log_in(&paul)?];
    let maria_id = world.import("maria", &secrets[0]).await?;
    world.live(hours(1)).await?;

    fail_in_every_way(&mut world, maria_id, &secrets).await?;
    // A single token is sent in the URL, several are sent in a form.
    world.import("paul", &secrets[1]).await?;
    fail_in_every_way(&mut world, maria_id, &secrets).await?;
    world.put_secret(maria_id, "EAAcanaryThatIsNoToken").await?;
    world.meta.world().change_password(&maria)?;
    world.live_with_post(days(2), hours(6)).await?;

    let app_token = format!("|{APP_SECRET}");
    let canaries = [
        &secrets[0],
        &secrets[1],
        &app_token,
        "EAAcanary",
        "access_token=",
        "input_token=",
    ];
    let places = [
        ("the log", log.text()),
        ("the journal", format!("{:?}", world.events().await?)),
        ("the mail", format!("{:?}", world.mail()?)),
    ];
    for (place, text) in &places {
        assert!(!text.is_empty(), "{place} is empty");
        for canary in canaries {
            assert!(!text.contains(canary), "{place} shows a secret");
        }
    }
    Ok(())
}

/// Causes every failure whose message may repeat what was sent.
async fn fail_in_every_way(world: &mut World, id: TokenId, secrets: &[String; 2]) -> Result {
    let [one, other] = secrets;
    let echo = InjectedError {
        status: 400,
        code: 190,
        subcode: None,
        is_transient: None,
        message: format!("Malformed access token {one} at /me?access_token={other}"),
    };
    for fault in [
        Fault::Reset,
        Fault::Truncated,
        Fault::WrongTypes,
        Fault::HugeBody(9 << 20),
        Fault::Error(echo),
    ] {
        world.meta.world().inject(FaultRule::new(fault));
        for order in [OrderKind::Check, OrderKind::Rotate, OrderKind::Discover] {
            world.order(id, order).await?;
            world.live(hours(7)).await?;
        }
        world.meta.world().heal();
        world.live_with_post(hours(2), hours(1)).await?;
    }
    Ok(())
}
