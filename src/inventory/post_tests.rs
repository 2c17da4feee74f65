//! Posts in the inventory: which are due, what a failure changes, and how long they stay.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::bench_for_tests::Bench;
use super::engine::Row;
use super::{Inventory, Retention};
use crate::model::{
    Event, EventId, FailureScope, IncidentId, NewEvent, NewPost, Outcome, Post, PostContent,
    PostFailure, PostKind, PostReceipt,
};

const CHAT: &str = "ops-chat";

fn now() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

fn later(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

fn post(number: u32, incident: Option<i64>) -> NewPost {
    NewPost {
        channel: CHAT.to_owned(),
        incident: incident.map(IncidentId),
        message_id: format!("message-{number}"),
        kind: PostKind::IncidentOpened,
        content: PostContent::test(CHAT),
    }
}

/// Opens the incidents 1 (open), 2 (resolved long ago), and queues these posts.
async fn queue(inventory: &Inventory, posts: Vec<NewPost>, at: Timestamp) {
    let write = inventory.write(move |tx| {
        tx.db.script(
            "INSERT INTO incident (id, app, incident_cause, cause, subject, opened_at, resolved_at)
             VALUES (1, 'acme', 'expired', 'expired', '', 1, NULL),
                (2, 'acme', 'expired', 'expired', '17', 1, 1000) ON CONFLICT DO NOTHING",
        )?;
        tx.set_channels(&[CHAT.to_owned()], at)?;
        posts.iter().try_for_each(|post| tx.enqueue_post(post, at))
    });
    write.await.unwrap();
}

async fn due(inventory: &Inventory, at: Timestamp) -> Vec<Post> {
    let due = inventory.read(move |view| view.posts_to_send(CHAT, at, 100));
    due.await.unwrap()
}

async fn fail(
    inventory: &Inventory,
    post: Post,
    scope: FailureScope,
    next_try_at: Option<Timestamp>,
) {
    let failure = PostFailure {
        reason: "it answered 503".to_owned(),
        next_try_at,
        scope,
    };
    let fail = inventory
        .write(move |tx| tx.record_post_failed(CHAT, std::slice::from_ref(&post), &failure, now()));
    fail.await.unwrap();
}

async fn accept(inventory: &Inventory, post: Post) {
    let receipt = PostReceipt {
        status: 200,
        took: Duration::from_millis(7),
    };
    let accept = inventory
        .write(move |tx| tx.record_posted(CHAT, std::slice::from_ref(&post), receipt, now()));
    accept.await.unwrap();
}

fn numbers(posts: &[Post]) -> Vec<&str> {
    let ids = posts.iter().map(|post| post.post.message_id.as_str());
    ids.filter_map(|id| id.strip_prefix("message-")).collect()
}

#[tokio::test]
async fn the_same_message_is_queued_once_for_a_channel() {
    let bench = Bench::new();
    let inventory = bench.open();
    queue(&inventory, vec![post(1, Some(1)), post(1, Some(1))], now()).await;
    let waiting = due(&inventory, now()).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].post, post(1, Some(1)));
}

#[tokio::test]
async fn while_a_channel_fails_the_others_wait_and_when_it_works_they_are_due() {
    let bench = Bench::new();
    let inventory = bench.open();
    queue(&inventory, (1..=3).map(|n| post(n, None)).collect(), now()).await;
    let first = due(&inventory, now()).await.remove(0);
    fail(&inventory, first, FailureScope::Channel, Some(later(5))).await;
    assert!(due(&inventory, later(4)).await.is_empty());
    let again = due(&inventory, later(5)).await;
    let attempts: Vec<u32> = again.iter().map(|post| post.attempts).collect();
    assert_eq!(attempts, [1, 0, 0]);
    accept(&inventory, again[0].clone()).await;
    assert_eq!(numbers(&due(&inventory, now()).await), ["2", "3"]);
    let counts = inventory.read(|view| view.channel_counts()).await.unwrap();
    assert_eq!(
        (counts[0].sent, counts[0].failed, counts[0].waiting),
        (1, 1, 2)
    );
    assert_eq!(counts[0].failing_since, None);
}

#[tokio::test]
async fn a_message_that_fails_by_itself_delays_only_those_about_its_incident() {
    let bench = Bench::new();
    let inventory = bench.open();
    let posts = vec![post(1, Some(1)), post(2, Some(1)), post(3, Some(2))];
    queue(&inventory, posts, now()).await;
    let first = due(&inventory, now()).await.remove(0);
    fail(&inventory, first, FailureScope::Message, Some(later(5))).await;
    assert_eq!(numbers(&due(&inventory, now()).await), ["3"]);
    assert_eq!(numbers(&due(&inventory, later(5)).await), ["1", "2", "3"]);
}

#[tokio::test]
async fn a_channel_that_is_gone_keeps_nothing_waiting() {
    let bench = Bench::new();
    let inventory = bench.open();
    queue(&inventory, (1..=3).map(|n| post(n, None)).collect(), now()).await;
    let first = due(&inventory, now()).await.remove(0);
    fail(&inventory, first, FailureScope::ChannelForGood, None).await;
    assert!(due(&inventory, Timestamp::MAX).await.is_empty());
    let counts = inventory.read(|view| view.channel_counts()).await.unwrap();
    assert_eq!((counts[0].given_up, counts[0].waiting), (3, 0));
    let report = inventory.read(|view| view.channels_to_report(Timestamp::MIN));
    assert_eq!(report.await.unwrap().len(), 1, "it is reported at once");
}

#[tokio::test]
async fn posts_go_when_they_are_old_and_sent_and_about_nothing_that_is_open() {
    let bench = Bench::new();
    let inventory = bench.open();
    let old = now() - SignedDuration::from_hours(24 * 500);
    let posts = vec![
        post(1, Some(1)),
        post(2, Some(2)),
        post(3, None),
        post(4, None),
    ];
    queue(&inventory, posts, old).await;
    let done = inventory.write(|tx| {
        let send = "UPDATE post SET next_try_at = NULL, sent_at = 1 WHERE id <> 4";
        tx.db.script(send)
    });
    done.await.unwrap();
    let kept = Retention::for_age(SignedDuration::from_hours(24 * 400));
    while inventory
        .write(move |tx| tx.prune(&kept, now()))
        .await
        .unwrap()
        > 0
    {}
    let left = inventory.read(|view| {
        let left = "SELECT message_id FROM post ORDER BY id";
        view.db.values::<String, Vec<_>>(left, &[])
    });
    assert_eq!(left.await.unwrap(), ["message-1", "message-4"]);
}

#[tokio::test]
async fn a_person_who_wants_to_be_forgotten_is_in_no_post() {
    let bench = Bench::new();
    let inventory = bench.open();
    let posts = vec![post(1, Some(1)), post(2, Some(2)), post(3, None)];
    queue(&inventory, posts, now()).await;
    let forget = inventory.write(|tx| {
        tx.db
            .script("UPDATE post SET next_try_at = NULL, sent_at = 1")?;
        tx.ask_deletion("acme", "17", now(), now())?;
        while let Some(request) = tx.next_deletion()? {
            tx.delete_more_person_data(&request, now())?;
        }
        let left = "SELECT id, content FROM post ORDER BY id";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        tx.db.all::<(i64, String), Vec<_>>(left, &[], read)
    });
    let cleared = |id| (id, "{}".to_owned());
    assert_eq!(forget.await.unwrap(), [cleared(1), cleared(3)]);
}

#[tokio::test]
async fn each_renewal_is_found_once_and_earlier_ones_are_not() {
    let bench = Bench::new();
    let inventory = bench.open();
    queue(&inventory, Vec::new(), now()).await;
    let renewed = |outcome| {
        let event = Event::Rotated {
            outcome,
            expires_at: None,
        };
        NewEvent {
            name: Some("acme-robot".to_owned()),
            ..NewEvent::of_app("acme", event)
        }
    };
    let find = inventory.write(move |tx| {
        tx.record_event(&renewed(Outcome::Renewed), now())?;
        let to_post = |record: &crate::model::EventRecord| Some(post(record.id.0 as u32, None));
        tx.enqueue_renewals(CHAT, 10, now(), to_post)?;
        tx.record_event(&renewed(Outcome::Renewed), now())?;
        tx.record_event(&Event::Started {}.into(), now())?;
        for _ in 0..3 {
            tx.enqueue_renewals(CHAT, 10, now(), to_post)?;
        }
        tx.searched_for_renewals(CHAT)
    });
    assert_eq!(find.await.unwrap(), Some(EventId(3)));
    assert_eq!(numbers(&due(&inventory, now()).await), ["2"]);
}
