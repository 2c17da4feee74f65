//! Meta's own requests: each one triggers a check, none is believed, and only deletion requests are obeyed.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::SignedDuration;
use nix::sys::signal::Signal;
use perennial::daemon::clock;
use perennial::graph_sim::{Delivery, Endpoint};
use perennial::model::{
    Cause, EventKind, Health, IncidentFilter, NewEmail, NewLogin, Remedy, State, TokenId,
};
use perennial::secret::Secret;
use perennial::webhooks::{self, NoticeAnswer, WebhookError, WebhookReceiver};

use crate::world::daemon::Premises;
use crate::world::{APP, APP_SECRET, Result, World, client, hours, minutes};

/// The webhook receiver without the web server.
struct Ear(WebhookReceiver);

impl Ear {
    fn of(world: &World) -> Result<Self> {
        let signatures = client(&world.meta, APP_SECRET, 50)?.signatures();
        Ok(Self(WebhookReceiver {
            inventory: world.inventory.clone(),
            signers: Arc::new(HashMap::from([("acme".to_owned(), signatures)])),
            verify_token: Some(Secret::new("shibboleth")),
        }))
    }

    async fn hears(
        &self,
        world: &World,
        post: &Delivery,
    ) -> std::result::Result<NoticeAnswer, WebhookError> {
        let Ear(listener) = self;
        match (&post.signature, post.body.split_once('=')) {
            (Some(signature), _) => {
                let body = post.body.as_bytes();
                listener.webhook("acme", signature, body, world.now).await
            }
            (None, Some(("signed_request", signed))) => {
                listener.deauthorized("acme", signed, world.now).await
            }
            (None, _) => Err(WebhookError::Unreadable),
        }
    }

    async fn hears_all(&self, world: &World) -> Result<Vec<Delivery>> {
        let posts = world.meta.world().take_deliveries();
        for post in &posts {
            self.hears(world, post).await?;
        }
        Ok(posts)
    }
}

/// Maria with her login and two pages, and Paul with his login, all healthy and checked hours ago.
async fn two_people(world: &mut World) -> Result<(String, [TokenId; 3], TokenId)> {
    let (maria, paul) = (world.person("Maria"), world.person("Paul"));
    let token = world.log_in(&maria)?;
    let mut hers = vec![world.import("maria", &token).await?];
    for name in ["bakery", "deli"] {
        let (_, page) = world.page(&maria, name, &token)?;
        hers.push(world.import(name, &page).await?);
    }
    let his = world.import("paul", &world.log_in(&paul)?).await?;
    world.live(hours(3)).await?;
    world.meta.world().take_deliveries();
    let hers = hers.try_into().map_err(|_| "three tokens")?;
    Ok((maria, hers, his))
}

#[tokio::test]
async fn an_app_that_a_person_removes_is_missed_at_once() -> Result {
    let mut world = World::new().await?;
    let webhook_receiver = Ear::of(&world)?;
    let (maria, hers, his) = two_people(&mut world).await?;

    world.now += hours(1);
    world.meta.set_now(world.now);
    world.meta.world().remove_app(&maria, APP)?;
    let before = world.meta.world().call_log().calls(Endpoint::DebugToken);
    let posts = webhook_receiver.hears_all(&world).await?;
    assert_eq!(posts.len(), 2, "the callback and the webhook");
    // Nothing is believed before Meta was asked.
    assert_eq!(world.state(hers[0]).await?, State::Healthy);

    world.pass().await?;
    world.post().await?;
    for id in hers {
        let health = world.token(id).await?.health;
        let is_removed = matches!(health, Health::Dead { cause, .. } if cause == Cause::AppRemoved);
        assert!(is_removed, "{health:?}");
    }
    assert_eq!(world.state(his).await?, State::Healthy);
    let calls = world.meta.world().call_log().calls(Endpoint::DebugToken) - before;
    assert_eq!(calls, 3, "exactly that person's tokens");
    let incidents = world
        .inventory
        .read(|view| view.incidents(IncidentFilter::Open, 9))
        .await?;
    assert_eq!((incidents.len(), incidents[0].affected), (1, 3));
    world.live_with_post(hours(1), minutes(5)).await?;
    assert_eq!(world.mail()?.len(), 1);
    assert_eq!(world.told(EventKind::WebhookNotice).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_webhook_notice_rejects_no_token() -> Result {
    let mut world = World::new().await?;
    let Ear(listener) = Ear::of(&world)?;
    let (maria, hers, _) = two_people(&mut world).await?;
    world.now += hours(1);
    // The request is signed, but she has not removed the app.
    let signed = request_of(&world, &maria)?;
    let heard = listener.deauthorized("acme", &signed, world.now).await?;
    assert_eq!(heard, NoticeAnswer::ChecksDue);
    let calls = total_calls(&world);
    world.pass().await?;
    world.post().await?;
    assert_eq!(total_calls(&world) - calls, 3);
    for id in hers {
        assert_eq!(world.state(id).await?, State::Healthy);
    }
    assert!(world.mail()?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_permission_that_is_taken_back_is_missed_at_once() -> Result {
    let mut world = World::new().await?;
    let webhook_receiver = Ear::of(&world)?;
    let (maria, hers, _) = two_people(&mut world).await?;
    world.now += hours(1);
    world.meta.set_now(world.now);
    world
        .meta
        .world()
        .remove_permission(&maria, APP, "pages_messaging")?;
    webhook_receiver.hears_all(&world).await?;
    world.pass().await?;
    let facts = world.token(hers[1]).await?.facts.ok_or("no facts")?;
    assert!(!facts.has("pages_messaging"));
    Ok(())
}

#[tokio::test]
async fn floods_and_replays_cost_nothing() -> Result {
    let mut world = World::new().await?;
    let webhook_receiver = Ear::of(&world)?;
    let (maria, _, _) = two_people(&mut world).await?;
    world.now += hours(1);
    world.meta.set_now(world.now);
    world
        .meta
        .world()
        .remove_permission(&maria, APP, "pages_messaging")?;
    let [post] = world
        .meta
        .world()
        .take_deliveries()
        .try_into()
        .map_err(|_| "one post")?;
    let (calls, events) = (total_calls(&world), world.events().await?.len());

    for n in 0..10_000 {
        let heard = webhook_receiver.hears(&world, &post).await?;
        assert_eq!(
            heard == NoticeAnswer::ChecksDue,
            n == 0,
            "only the first is news: {n}"
        );
    }
    assert_eq!(rows(&world).await?, 1);
    assert_eq!(
        world.events().await?.len(),
        events,
        "nothing in the journal yet"
    );
    world.now += SignedDuration::from_secs(5);
    world.pass().await?;
    assert_eq!(total_calls(&world) - calls, 3, "each token once");

    // A token that was checked since is not checked again: an hour later, and a day later.
    for _ in 0..2 {
        world.live(hours(1)).await?;
        let (calls, events) = (total_calls(&world), world.events().await?.len());
        for _ in 0..100 {
            assert_eq!(
                webhook_receiver.hears(&world, &post).await?,
                NoticeAnswer::Nothing
            );
        }
        assert_eq!(rows(&world).await?, 0);
        world.pass().await?;
        assert_eq!(
            (total_calls(&world), world.events().await?.len()),
            (calls, events)
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_person_who_keeps_clicking_costs_one_check_a_minute() -> Result {
    let mut world = World::new().await?;
    let webhook_receiver = Ear::of(&world)?;
    let (maria, _, _) = two_people(&mut world).await?;
    let calls = total_calls(&world);
    let step = minutes(1) / 12;
    for _ in 0..60 {
        world.now += step;
        world.meta.set_now(world.now);
        world
            .meta
            .world()
            .remove_permission(&maria, APP, "pages_messaging")?;
        webhook_receiver.hears_all(&world).await?;
        world.pass().await?;
    }
    let calls = total_calls(&world) - calls;
    assert!((15..=18).contains(&calls), "{calls} calls in five minutes");
    Ok(())
}

#[tokio::test]
async fn what_is_not_meta_s_or_of_nobody_here_is_met_with_silence() -> Result {
    let mut world = World::new().await?;
    let webhook_receiver = Ear::of(&world)?;
    let (maria, _, _) = two_people(&mut world).await?;
    let stranger = world.person("Stranger");
    world.log_in(&stranger)?;
    world.meta.world().take_deliveries();
    world.now += hours(1);
    world.meta.set_now(world.now);

    world.meta.world().remove_app(&stranger, APP)?;
    let posts = world.meta.world().take_deliveries();
    for post in &posts {
        assert_eq!(
            webhook_receiver.hears(&world, post).await?,
            NoticeAnswer::Nothing
        );
    }
    world.meta.world().remove_app(&maria, APP)?;
    let posts = world.meta.world().take_deliveries();
    for post in &posts {
        let mut forged = post.clone();
        forged.body = forged.body.replacen(char::is_alphanumeric, "x", 40);
        let heard = webhook_receiver.hears(&world, &forged).await;
        let refused = matches!(heard, Err(WebhookError::Forged | WebhookError::Unreadable));
        assert!(refused, "{heard:?}");
        let Ear(listener) = &webhook_receiver;
        let signature = post.signature.as_deref().unwrap_or_default();
        let elsewhere = listener
            .webhook("other", signature, post.body.as_bytes(), world.now)
            .await;
        assert!(matches!(elsewhere, Err(WebhookError::UnknownApp)));
    }
    assert_eq!(rows(&world).await?, 0);
    Ok(())
}

#[tokio::test]
async fn only_the_agreed_verify_token_is_accepted() -> Result {
    let world = World::new().await?;
    let Ear(listener) = Ear::of(&world)?;
    assert!(listener.verifies("acme", "subscribe", "shibboleth").is_ok());
    for (app, mode, word) in [
        ("acme", "subscribe", "sibboleth"),
        ("acme", "subscribe", ""),
        ("acme", "unsubscribe", "shibboleth"),
        ("other", "subscribe", "shibboleth"),
    ] {
        assert!(
            listener.verifies(app, mode, word).is_err(),
            "{app} {mode} {word}"
        );
    }
    let mute = WebhookReceiver {
        verify_token: None,
        ..listener
    };
    assert!(mute.verifies("acme", "subscribe", "").is_err());
    Ok(())
}

#[tokio::test]
async fn who_wants_to_be_forgotten_is_forgotten() -> Result {
    let mut world = World::new().await?;
    let webhook_receiver = Ear::of(&world)?;
    let (maria, hers, his) = two_people(&mut world).await?;
    // She has a history: an incident, emails, and a page that was once derived from another person's token.
    world.meta.world().change_password(&maria)?;
    world.live_with_post(hours(26), minutes(30)).await?;
    assert_eq!(world.mail()?.len(), 1);
    write_of_her(&world, &maria, hers[0]).await?;
    let emails = world.mail()?.len();
    let before = world.whole_inventory()?;
    // The owner of Paul's token has the same name.
    for trace in [maria.as_str(), "| maria |", "Maria", "bakery"] {
        assert!(before.contains(trace), "{trace} is what we look for");
    }

    let signed = request_of(&world, &maria)?;
    let Ear(listener) = &webhook_receiver;
    let code = listener.delete("acme", &signed, world.now).await?;
    let waiting = listener.deletion(&code).await?.ok_or("no such request")?;
    assert_eq!(waiting.finished_at, None);
    assert_eq!(
        webhooks::run_deletions(&world.inventory, world.now).await?,
        1
    );

    let done = listener.deletion(&code).await?.ok_or("no such request")?;
    assert_eq!((done.finished_at, done.tokens), (Some(world.now), 3));
    let after = world.whole_inventory()?;
    for trace in [
        maria.as_str(),
        "| maria |",
        "\"maria\"",
        "Maria",
        "bakery",
        "deli",
    ] {
        let lines: Vec<&str> = after.lines().filter(|line| line.contains(trace)).collect();
        assert!(lines.is_empty(), "{trace} is still there: {lines:#?}");
    }
    for id in hers {
        assert!(world.token(id).await.is_err());
    }
    assert_eq!(world.state(his).await?, State::Healthy);
    assert_eq!(world.told(EventKind::DataDeleted).await?, 1);

    // The request is repeated: the code stays the same, and there is nothing left to delete.
    for _ in 0..3 {
        assert_eq!(listener.delete("acme", &signed, world.now).await?, code);
    }
    assert_eq!(
        webhooks::run_deletions(&world.inventory, world.now).await?,
        0
    );
    // No email is sent about the deleted tokens.
    world.live_with_post(hours(26), minutes(30)).await?;
    assert_eq!(world.mail()?.len(), emails);
    Ok(())
}

#[tokio::test]
async fn an_old_request_does_not_reach_what_was_granted_after_it() -> Result {
    let mut world = World::new().await?;
    let webhook_receiver = Ear::of(&world)?;
    let (maria, _, _) = two_people(&mut world).await?;
    let Ear(listener) = &webhook_receiver;
    let signed = request_of(&world, &maria)?;
    listener.delete("acme", &signed, world.now).await?;
    webhooks::run_deletions(&world.inventory, world.now).await?;

    world.now += hours(1);
    world.meta.set_now(world.now);
    let again = world.import("again", &world.log_in(&maria)?).await?;
    world.pass().await?;
    listener.delete("acme", &signed, world.now).await?;
    webhooks::run_deletions(&world.inventory, world.now).await?;
    assert_eq!(world.state(again).await?, State::Healthy);

    let anew = request_of(&world, &maria)?;
    listener.delete("acme", &anew, world.now).await?;
    webhooks::run_deletions(&world.inventory, world.now).await?;
    assert!(world.token(again).await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_signed_request_of_long_ago_deletes_nothing() -> Result {
    let mut world = World::new().await?;
    let webhook_receiver = Ear::of(&world)?;
    let (maria, hers, _) = two_people(&mut world).await?;
    let Ear(listener) = &webhook_receiver;
    let signed = request_of(&world, &maria)?;
    for later in [hours(25), hours(400 * 24)] {
        let then = world.now + later;
        let deleted = listener.delete("acme", &signed, then).await;
        assert!(matches!(deleted, Err(WebhookError::Stale)), "{deleted:?}");
        let heard = listener.deauthorized("acme", &signed, then).await;
        assert!(matches!(heard, Err(WebhookError::Stale)), "{heard:?}");
    }
    let early = world.now - minutes(6);
    let deleted = listener.delete("acme", &signed, early).await;
    assert!(matches!(deleted, Err(WebhookError::Stale)), "{deleted:?}");
    webhooks::run_deletions(&world.inventory, world.now).await?;
    for id in hers {
        assert_eq!(world.state(id).await?, State::Healthy);
    }
    Ok(())
}

#[tokio::test]
async fn a_signed_request_counts_at_one_callback_only() -> Result {
    let mut world = World::new().await?;
    let webhook_receiver = Ear::of(&world)?;
    let (maria, hers, _) = two_people(&mut world).await?;
    let Ear(listener) = &webhook_receiver;
    world.now += hours(1);
    world.meta.set_now(world.now);
    // She removes the app, and an attacker copies Meta's request.
    world.meta.world().remove_app(&maria, APP)?;
    let post = world.meta.world().take_deliveries().swap_remove(0);
    let (_, signed) = post.body.split_once('=').ok_or("no request")?;
    let heard = listener.deauthorized("acme", signed, world.now).await?;
    assert_eq!(heard, NoticeAnswer::ChecksDue);
    let deleted = listener.delete("acme", signed, world.now).await;
    assert!(
        matches!(deleted, Err(WebhookError::UsedElsewhere)),
        "{deleted:?}"
    );
    assert_eq!(
        webhooks::run_deletions(&world.inventory, world.now).await?,
        0
    );
    assert!(world.token(hers[0]).await.is_ok());
    let heard = listener.deauthorized("acme", signed, world.now).await?;
    assert_eq!(heard, NoticeAnswer::Nothing, "Meta repeats itself");

    // The same in the other direction.
    world.now += minutes(1);
    let signed = request_of(&world, &maria)?;
    let code = listener.delete("acme", &signed, world.now).await?;
    let heard = listener.deauthorized("acme", &signed, world.now).await;
    assert!(
        matches!(heard, Err(WebhookError::UsedElsewhere)),
        "{heard:?}"
    );
    assert_eq!(listener.delete("acme", &signed, world.now).await?, code);
    Ok(())
}

#[tokio::test]
async fn signed_requests_are_remembered_for_a_day_and_not_longer() -> Result {
    let mut world = World::new().await?;
    let webhook_receiver = Ear::of(&world)?;
    let (maria, _, _) = two_people(&mut world).await?;
    let Ear(listener) = &webhook_receiver;
    for day in 0..5 {
        for _ in 0..3 {
            world.now += minutes(1);
            let signed = request_of(&world, &maria)?;
            listener.deauthorized("acme", &signed, world.now).await?;
        }
        let kept = world.whole_inventory()?;
        let kept = kept.lines().filter(|line| line.contains("deauthorize"));
        assert_eq!(kept.count(), 3, "day {day}");
        world.now += hours(25);
    }
    Ok(())
}

#[tokio::test]
async fn a_person_with_many_pages_is_forgotten_step_by_step() -> Result {
    let mut world = World::new().await?;
    let webhook_receiver = Ear::of(&world)?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    let user = world.import("maria", &token).await?;
    world.pass().await?;
    let now = world.now;
    // Imported as her pages, and not yet checked with Meta.
    for n in 0..1_200 {
        let (name, secret) = (format!("page-{n}"), format!("EAA{n}"));
        let id = world.import(&name, &secret).await?;
        let adopt = format!("UPDATE token SET parent = {} WHERE id = {}", user.0, id.0);
        if n < 3 {
            world.tamper(&adopt)?;
        }
    }
    world.tamper(&format!(
        "UPDATE token SET person = '{maria}' WHERE name LIKE 'page-%' AND parent IS NULL"
    ))?;
    let signed = request_of(&world, &maria)?;
    let Ear(listener) = &webhook_receiver;
    let code = listener.delete("acme", &signed, now).await?;
    webhooks::run_deletions(&world.inventory, now).await?;
    let done = listener.deletion(&code).await?.ok_or("no such request")?;
    assert_eq!(done.tokens, 1_201);
    assert_eq!(world.inventory.read(|view| view.fleet()).await?.total(), 0);
    Ok(())
}

/// Makes a login link for her, and a summary that names her.
async fn write_of_her(world: &World, maria: &str, token: TokenId) -> Result {
    let wanted = NewLogin {
        app: "acme".to_owned(),
        person: Some(maria.to_owned()),
        token: Some(token),
        incident: None,
        remedy: Remedy::Login,
        accepts_fewer: false,
        expires_at: world.now + hours(9),
    };
    let summary = NewEmail {
        incident: None,
        message_id: "summary@example.com".to_owned(),
        in_reply_to: None,
        recipients: vec!["ops@example.com".to_owned()],
        subject: "Weekly summary".to_owned(),
        text: "Maria must log in".to_owned(),
        html: "<p>Maria must log in</p>".to_owned(),
    };
    let now = world.now;
    world
        .inventory
        .write(move |tx| {
            tx.open_login_for_operator(&wanted, "https://example.com", "root", now)?;
            tx.enqueue_email(&summary, now)
        })
        .await?;
    world.post().await
}

/// The real program behind its public URL: Meta verifies the webhook, reports a removed app, and requests a deletion.
#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_answers_meta_at_its_public_address() -> Result {
    let world = World::new().await?;
    let maria = world.person("Maria");
    world.meta.set_now(clock::now());
    let token = world.log_in(&maria)?;
    let (premises, public) = open_to_the_public(&world)?;
    let daemon = premises.start()?;
    let hook = format!("{public}/webhooks/acme");
    assert!(world.meta.verify_webhook(&hook, "shibboleth").await?);
    assert!(!world.meta.verify_webhook(&hook, "sibboleth").await?);
    let elsewhere = format!("{public}/webhooks/other");
    assert!(!world.meta.verify_webhook(&elsewhere, "shibboleth").await?);

    let body = format!(r#"{{"app":"acme","name":"maria","access_token":"{token}"}}"#);
    assert_eq!(daemon.http("POST", "/v1/tokens", &body)?.0, 201);
    daemon.http("POST", "/v1/tokens/maria/check", "")?;
    daemon.follow_until("\"checked\"")?;
    // An hour passes.
    premises.tamper("UPDATE schedule SET checked_at = checked_at - 3600")?;
    world.meta.world().take_deliveries();
    world.meta.world().set_callbacks(APP, &hook)?;
    world.meta.world().remove_app(&maria, APP)?;
    for answer in world.meta.deliver().await {
        assert_eq!(answer?, 200);
    }
    daemon.follow_until("incident_opened")?;

    world.meta.world().ask_deletion(&maria, APP)?;
    for answer in world.meta.deliver().await {
        assert_eq!(answer?, 200);
    }
    daemon.follow_until("data_deleted")?;
    assert_eq!(daemon.http("GET", "/v1/tokens/maria", "")?.0, 404);
    daemon.stop(Signal::SIGTERM)?;
    Ok(())
}

fn open_to_the_public(world: &World) -> Result<(Premises, String)> {
    let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let premises = Premises::new(&world.meta.url())?;
    premises.write_secret("verify", "shibboleth")?;
    let word = premises.path("verify");
    let web = format!(
        "[web]\nlisten = \"{free}\"\npublic_url = \"http://{free}\"\n\
         webhook_verify_token = {{ file = \"{}\" }}",
        word.display()
    );
    premises.configure(&world.meta.url(), &web)?;
    Ok((premises, format!("http://{free}")))
}

/// Returns a request about a person that Meta signed, here for a deletion.
fn request_of(world: &World, person: &str) -> Result<String> {
    world.meta.set_now(world.now);
    let mut meta = world.meta.world();
    meta.ask_deletion(person, APP)?;
    let post = meta.take_deliveries().pop().ok_or("no post")?;
    let (_, signed) = post.body.split_once('=').ok_or("no request")?;
    Ok(signed.to_owned())
}

fn total_calls(world: &World) -> u64 {
    world.meta.world().call_log().total()
}

async fn rows(world: &World) -> Result<usize> {
    let waiting = world
        .inventory
        .read(|view| view.webhook_notices("acme", 100));
    Ok(waiting.await?.len())
}
