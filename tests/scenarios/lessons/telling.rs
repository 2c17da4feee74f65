//! Notifications: each thing once, and nothing without news.

use perennial::api::types::IncidentQuery;
use perennial::model::{EventKind, OrderKind};

use crate::world::{Result, World, days, hours, minutes};

/// nango (PR 2323) and alertmanager (issue 844) reported "resolved" at every check.
#[tokio::test]
async fn an_expiry_is_notified_once_however_many_checks() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let id = world.import("maria", &world.log_in(&maria)?).await?;
    world.live(hours(1)).await?;
    world.meta.world().change_password(&maria)?;
    world.live_with_post(days(2), hours(1)).await?;
    assert_eq!(world.mail()?.len(), 1);

    world.put_secret(id, &world.log_in(&maria)?).await?;
    let socket = world.open_socket().await?;
    for _ in 0..40 {
        world.live_with_post(hours(3), minutes(30)).await?;
        socket.client.incidents(&IncidentQuery::default()).await?;
        socket.client.status().await?;
    }
    let mail = world.mail()?;
    let subjects: Vec<&str> = mail.iter().map(|mail| mail.subject()).collect();
    assert_eq!(subjects.len(), 2, "{subjects:?}");
    assert_eq!(world.told(EventKind::IncidentResolved).await?, 1);
    Ok(())
}

/// certbot (issues 5149 and 7775) sent emails although nothing had happened, postiz (PR 1678) two for one failure, and
/// Chatwoot one for every request with a dead token.
#[tokio::test]
async fn nothing_new_is_no_mail_and_one_failure_is_one() -> Result {
    let mut world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let id = world.import("maria", &token).await?;
    let (_, page) = world.page(&maria, "Bakery", &token)?;
    world.import("bakery", &page).await?;
    world.live_with_post(days(40), hours(6)).await?;
    assert_eq!(world.mail()?.len(), 0, "all is well");

    world.meta.world().change_password(&maria)?;
    world.live_with_post(hours(30), minutes(10)).await?;
    assert_eq!(world.mail()?.len(), 1, "two tokens, one cause");

    let socket = world.open_socket().await?;
    for _ in 0..20 {
        assert!(
            socket
                .client
                .secret("maria", &Default::default())
                .await
                .is_err()
        );
        world.order(id, OrderKind::Check).await?;
        world.live_with_post(minutes(10), minutes(5)).await?;
    }
    assert_eq!(world.mail()?.len(), 1, "asking makes no news");
    Ok(())
}
