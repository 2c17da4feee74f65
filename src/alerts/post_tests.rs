//! What is queued for channels, and when.

use super::fixtures::*;
use super::{Audience, PostChannel, Rules, begin};
use crate::model::{
    Cause, FailureScope, NewPost, Post, PostFacts, PostFailure, PostKind, Severity,
};

const CHAT: &str = "ops-chat";
const OTHER: &str = "ops-teams";

fn with_channels(world: &mut World, audience: Audience) {
    let channel = |name: &str| PostChannel {
        name: name.to_owned(),
        audience,
    };
    world.rules.channels = vec![channel(CHAT), channel(OTHER)];
}

async fn waiting(world: &World, channel: &'static str) -> Result<Vec<Post>> {
    let now = world.now;
    let waiting = world
        .inventory
        .read(move |view| view.posts_to_send(channel, now, 1_000));
    waiting.await
}

async fn posts(world: &World) -> Result<Vec<NewPost>> {
    let posts = waiting(world, CHAT).await?.into_iter();
    Ok(posts.map(|waiting| waiting.post).collect())
}

fn kinds(posts: &[NewPost]) -> Vec<PostKind> {
    posts.iter().map(|post| post.kind).collect()
}

#[tokio::test]
async fn each_change_of_an_incident_is_one_post_and_a_reminder_is_none() -> Result {
    let mut world = World::new();
    with_channels(&mut world, Audience::Everybody);
    let id = world.import_user("acme-maria").await?;
    world.expire_in(id, days(10)).await?;
    world.pass_after(minutes(3)).await?;
    // The warning steps of 7, 3 and 1 days, then the expiry, then reminders.
    for _ in 0..10 {
        world.pass_after(days(1)).await?;
    }
    world.die(&[id], Cause::Expired).await?;
    for _ in 0..20 {
        world.pass_after(days(1)).await?;
    }
    world.heal(&[id]).await?;
    world.pass().await?;
    use PostKind::{IncidentOpened, IncidentResolved, IncidentUpdated};
    let posts = posts(&world).await?;
    let expected = [
        IncidentOpened,
        IncidentUpdated,
        IncidentUpdated,
        IncidentUpdated,
        IncidentUpdated,
        IncidentResolved,
    ];
    assert_eq!(kinds(&posts), expected);
    assert!(world.emails().await?.len() > posts.len());
    let threads: Vec<_> = posts.iter().map(|post| &post.content.thread).collect();
    assert!(threads.iter().all(|thread| *thread == threads[0]));
    let severities: Vec<_> = posts.iter().map(|post| post.content.severity).collect();
    assert_eq!(
        (severities[0], severities[4]),
        (Severity::Warning, Severity::Critical)
    );
    Ok(())
}

#[tokio::test]
async fn a_post_has_the_facts_and_no_address() -> Result {
    let mut world = World::new();
    with_channels(&mut world, Audience::Everybody);
    world.rules.escalate_after = Some(hours(1));
    world.rules.escalate_to = vec!["boss@example.com".to_owned()];
    let id = world.import_user("acme-maria").await?;
    world.die(&[id], Cause::PasswordChanged).await?;
    world.pass().await?;
    world.pass_after(minutes(3)).await?;
    world.pass_after(hours(2)).await?;
    let posts = posts(&world).await?;
    assert_eq!(
        kinds(&posts),
        [PostKind::IncidentOpened, PostKind::IncidentUpdated]
    );
    let title = "Log in to Facebook again: Maria Schmidt, acme-maria";
    assert_eq!(posts[0].content.title, title);
    assert_eq!(posts[1].content.title, format!("Still open: {title}"));
    let PostFacts::Incident(facts) = &posts[0].content.facts else {
        panic!("{posts:?}");
    };
    assert_eq!(
        (facts.cause, facts.tokens_affected),
        (Cause::PasswordChanged, 1)
    );
    assert_eq!(
        facts.subject.as_ref().map(|subject| subject.id.as_str()),
        Some(MARIA)
    );
    let text = format!(
        "{:?}",
        posts
            .iter()
            .map(|post| &post.content.text)
            .collect::<Vec<_>>()
    );
    assert!(!text.contains('@') && !text.contains("http"), "{text}");
    Ok(())
}

#[tokio::test]
async fn an_incident_that_nobody_gets_an_email_about_is_still_posted() -> Result {
    let mut world = World::new();
    with_channels(&mut world, Audience::Operators);
    world.rules.operators = Vec::new();
    world
        .set_error_of_first_app(Some(Cause::AppSecretWrong))
        .await?;
    world.pass().await?;
    for _ in 0..5 {
        world.pass_after(days(1)).await?;
    }
    assert_eq!(kinds(&posts(&world).await?), [PostKind::IncidentOpened]);
    world.set_error_of_first_app(None).await?;
    world.pass_after(minutes(1)).await?;
    let kinds = kinds(&posts(&world).await?);
    assert_eq!(
        kinds,
        [PostKind::IncidentOpened, PostKind::IncidentResolved]
    );
    assert!(world.emails().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn what_has_another_problem_now_is_resolved_for_the_on_call_service() -> Result {
    let mut world = World::new();
    with_channels(&mut world, Audience::Everybody);
    let id = world.import_user("acme-maria").await?;
    world.die(&[id], Cause::PasswordChanged).await?;
    world.pass().await?;
    world.pass_after(minutes(3)).await?;
    world.die(&[id], Cause::AppRemoved).await?;
    world.pass().await?;
    let posts = posts(&world).await?;
    assert_eq!(
        kinds(&posts),
        [PostKind::IncidentOpened, PostKind::IncidentResolved]
    );
    assert!(posts[1].content.title.starts_with("Closed: "), "{posts:?}");
    Ok(())
}

#[tokio::test]
async fn a_channel_hears_of_the_others_failure_and_of_its_end_once() -> Result {
    let mut world = World::new();
    with_channels(&mut world, Audience::Operators);
    begin(&world.inventory, &world.rules, world.now).await?;
    fail(&world, FailureScope::Channel).await?;
    world.pass_after(minutes(30)).await?;
    assert!(world.emails().await?.is_empty(), "not yet");
    for _ in 0..5 {
        world.pass_after(minutes(31)).await?;
    }
    assert_eq!(world.subjects().await?, ["Messages do not reach ops-chat"]);

    let now = world.now;
    let works = world.inventory.write(move |tx| {
        let receipt = crate::model::PostReceipt {
            status: 200,
            took: std::time::Duration::ZERO,
        };
        tx.record_posted(CHAT, &[], receipt, now)
    });
    works.await?;
    for _ in 0..5 {
        world.pass_after(minutes(31)).await?;
    }
    let subjects = world.subjects().await?;
    assert_eq!(subjects.len(), 2);
    assert_eq!(subjects[1], "Messages reach ops-chat again");
    let heard: Vec<_> = waiting(&world, OTHER)
        .await?
        .into_iter()
        .map(|post| post.post.kind)
        .collect();
    assert_eq!(heard, [PostKind::ChannelFailing, PostKind::ChannelWorking]);
    assert!(
        waiting(&world, CHAT).await?.is_empty(),
        "it need not hear of itself"
    );
    Ok(())
}

async fn fail(world: &World, scope: FailureScope) -> Result {
    let now = world.now;
    let failure = PostFailure {
        reason: "it answered 503".to_owned(),
        next_try_at: Some(now),
        scope,
    };
    let failed = world
        .inventory
        .write(move |tx| tx.record_post_failed(CHAT, &[], &failure, now));
    failed.await
}

#[tokio::test]
async fn a_channel_that_is_not_configured_any_more_keeps_nothing() -> Result {
    let mut world = World::new();
    with_channels(&mut world, Audience::Everybody);
    begin(&world.inventory, &world.rules, world.now).await?;
    let id = world.import_user("acme-maria").await?;
    world.die(&[id], Cause::PasswordChanged).await?;
    world.pass().await?;
    world.pass_after(minutes(3)).await?;
    assert_eq!(waiting(&world, OTHER).await?.len(), 1);
    let one = Rules {
        channels: world.rules.channels[..1].to_vec(),
        ..world.rules.clone()
    };
    begin(&world.inventory, &one, world.now).await?;
    assert!(waiting(&world, OTHER).await?.is_empty());
    let counts = world.inventory.read(|view| view.channel_counts()).await?;
    let counts: Vec<_> = counts
        .iter()
        .map(|count| (count.channel.as_str(), count.waiting))
        .collect();
    assert_eq!(counts, [(CHAT, 1)]);
    Ok(())
}
