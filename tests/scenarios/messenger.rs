//! A platform for Messenger bots: pages whose webhooks the app must be subscribed to, and tokens that a person
//! generates by hand.

use perennial::graph_sim::Endpoint;
use perennial::model::{
    Cause, Event, EventKind, Health, IncidentFilter, OrderKind, Scopes, State, Subscription,
    TokenId,
};

use crate::world::{APP, Result, World, days, hours, minutes};

const BOT: &[&str] = &[
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
];

/// Maria's bot answers on her page; the operator wants to know whether its app receives the messages.
struct Bot {
    world: World,
    maria: String,
    user_token: String,
    page: String,
    page_token: String,
}

impl Bot {
    async fn new() -> Result<Self> {
        let mut world = World::new().await?;
        world.rotation_worker.rules.subscribed_fields =
            Scopes::parse("messages messaging_postbacks");
        let maria = world.person("Maria");
        let user_token = {
            let mut meta = world.meta.world();
            meta.log_in(APP, &maria, BOT, Default::default())?
        };
        let (page, page_token) = world.page(&maria, "Bakery", &user_token)?;
        Ok(Self {
            world,
            maria,
            user_token,
            page,
            page_token,
        })
    }

    fn tells(&self, fields: &[&str]) -> Result {
        Ok(self
            .world
            .meta
            .world()
            .subscribe_app(&self.page, APP, fields)?)
    }

    fn asked(&self) -> u64 {
        let meta = self.world.meta.world();
        meta.call_log().calls(Endpoint::SubscribedApps)
    }

    async fn heard(&self, id: TokenId) -> Result<(Subscription, String)> {
        let listening = self.world.inventory.read(move |view| view.subscription(id));
        let listening = listening.await?.ok_or("nobody asked")?;
        Ok((
            listening.subscription,
            listening.missing.as_str().to_owned(),
        ))
    }
}

#[tokio::test]
async fn a_page_that_sends_no_webhooks_is_reported_until_it_does() -> Result {
    let mut bot = Bot::new().await?;
    let page = bot.world.import("bakery", &bot.page_token).await?;
    bot.world.pass().await?;
    let all = "messages messaging_postbacks".to_owned();
    assert_eq!(bot.heard(page).await?, (Subscription::Missing, all));
    // It is a problem of the page's settings, not of the token.
    assert_eq!(bot.world.state(page).await?, State::Healthy);
    let socket = bot.world.open_socket().await?;
    socket.publish_status(bot.world.now, bot.world.now).await?;
    let problems = socket.client.status().await?.problems;
    assert!(
        problems.iter().any(|problem| problem.contains("bakery")),
        "{problems:?}"
    );
    let shown = socket.client.token("bakery").await?.webhook_subscription;
    assert_eq!(
        shown.map(|shown| shown.missing),
        Some(vec![
            "messages".to_owned(),
            "messaging_postbacks".to_owned()
        ])
    );

    bot.tells(&["messages", "feed"])?;
    bot.world.live(hours(25)).await?;
    let half = "messaging_postbacks".to_owned();
    assert_eq!(bot.heard(page).await?, (Subscription::Missing, half));
    bot.tells(&["messages", "messaging_postbacks"])?;
    bot.world.live(hours(25)).await?;
    let none = (Subscription::Subscribed, String::new());
    assert_eq!(bot.heard(page).await?, none);
    socket.publish_status(bot.world.now, bot.world.now).await?;
    assert!(socket.client.status().await?.problems.is_empty());
    assert_eq!(bot.world.told(EventKind::WebhookSubscription).await?, 3);
    assert!(bot.world.mail()?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_subscribed_page_is_checked_seldom() -> Result {
    let mut bot = Bot::new().await?;
    bot.tells(&["messages", "messaging_postbacks"])?;
    let page = bot.world.import("bakery", &bot.page_token).await?;
    bot.world.live(days(28)).await?;
    let asked = bot.asked();
    assert!((4..=5).contains(&asked), "{asked} calls in four weeks");

    // The answer to an ordered check mentions it, too.
    bot.world.meta.world().unsubscribe_app(&bot.page, APP)?;
    bot.world.order(page, OrderKind::Check).await?;
    bot.world.pass().await?;
    assert_eq!(bot.heard(page).await?.0, Subscription::Missing);
    Ok(())
}

#[tokio::test]
async fn pages_are_not_asked_where_nobody_wants_to_know() -> Result {
    let mut bot = Bot::new().await?;
    bot.world.rotation_worker.rules.subscribed_fields = Scopes::default();
    bot.world.import("bakery", &bot.page_token).await?;
    bot.world.live(days(8)).await?;
    assert_eq!(bot.asked(), 0);
    Ok(())
}

#[tokio::test]
async fn a_token_replaced_by_hand_is_derived_again_and_reported_as_such() -> Result {
    let mut bot = Bot::new().await?;
    bot.world.import("maria", &bot.user_token).await?;
    let page = bot.world.import("bakery", &bot.page_token).await?;
    bot.world.live(hours(1)).await?;

    bot.world
        .meta
        .world()
        .generate_page_token(&bot.user_token, &bot.page)?;
    bot.world.live_with_post(hours(25), hours(1)).await?;
    assert_eq!(bot.world.state(page).await?, State::Healthy);
    assert_ne!(bot.world.secret(page).await?, bot.page_token);
    let events = bot.world.events().await?;
    let derived = events.iter().any(|record| {
        matches!(
            record.event,
            Event::Derived {
                because: Some(Cause::ReplacedElsewhere),
                ..
            }
        )
    });
    assert!(derived, "{events:?}");
    assert!(bot.world.mail()?.is_empty(), "nobody is needed");
    Ok(())
}

#[tokio::test]
async fn a_page_token_without_parent_that_was_replaced_by_hand_is_reported_to_its_owner_as_such()
-> Result {
    let mut bot = Bot::new().await?;
    let page = bot.world.import("bakery", &bot.page_token).await?;
    bot.world.live(hours(1)).await?;
    let made = bot
        .world
        .meta
        .world()
        .generate_page_token(&bot.user_token, &bot.page)?;
    bot.world.live_with_post(hours(26), minutes(30)).await?;
    let health = bot.world.token(page).await?.health;
    let is_replaced =
        matches!(health, Health::Dead { cause, .. } if cause == Cause::ReplacedElsewhere);
    assert!(is_replaced, "{health:?}");
    let mail = bot.world.mail()?;
    assert_eq!(mail.len(), 1);
    assert!(mail[0].0.contains("by hand"), "{}", mail[0].0);

    // After the new token is uploaded, all is well.
    bot.world.put_secret(page, &made).await?;
    bot.world.live_with_post(hours(1), minutes(30)).await?;
    assert_eq!(bot.world.state(page).await?, State::Healthy);
    Ok(())
}

#[tokio::test]
async fn an_end_that_all_of_a_person_share_is_no_new_token() -> Result {
    let mut bot = Bot::new().await?;
    let page = bot.world.import("bakery", &bot.page_token).await?;
    bot.world.import("maria", &bot.user_token).await?;
    bot.world.live(hours(1)).await?;
    for token in [&bot.user_token, &bot.page_token] {
        bot.world.meta.world().revoke(token)?;
    }
    bot.world.live_with_post(hours(26), minutes(30)).await?;
    let health = bot.world.token(page).await?.health;
    let is_ended = matches!(health, Health::Dead { cause, .. } if cause == Cause::SessionEnded);
    assert!(is_ended, "{health:?}");
    let open = bot
        .world
        .inventory
        .read(|view| view.incidents(IncidentFilter::Open, 9));
    let open = open.await?;
    assert_eq!((open.len(), open[0].affected), (1, 2), "one story for both");
    assert_eq!(open[0].incident_key.subject, bot.maria);
    Ok(())
}
