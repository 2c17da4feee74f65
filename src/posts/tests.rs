//! Which posts a message reports, and what a failure means.

use jiff::{SignedDuration, Timestamp};

use super::{Format, batch, policy};
use crate::model::{FailureScope, IncidentId, NewPost, Post, PostContent, PostId, PostKind};
use crate::outbox::http_post::PostError;
use crate::secret::Secret;

fn post(id: i64, kind: PostKind, incident: Option<i64>) -> Post {
    Post {
        id: PostId(id),
        post: NewPost {
            channel: "ops-chat".to_owned(),
            incident: incident.map(IncidentId),
            message_id: format!("message-{id}"),
            kind,
            content: PostContent {
                title: format!("title {id}"),
                ..PostContent::test("ops-chat")
            },
        },
        written_at: Timestamp::UNIX_EPOCH,
        attempts: 0,
    }
}

fn opened(count: i64) -> Vec<Post> {
    let opened = |id| post(id, PostKind::IncidentOpened, Some(id));
    (1..=count).map(opened).collect()
}

#[test]
fn ten_incidents_are_ten_messages_and_eleven_are_one() {
    assert_eq!(batch::next(opened(10), &Format::Slack), opened(1));
    assert_eq!(batch::next(opened(11), &Format::Teams).len(), 11);
    let pagerduty = Format::PagerDuty {
        routing_key: Secret::new("key"),
    };
    assert_eq!(batch::next(opened(11), &pagerduty), opened(1));
    // Eleven changes of one incident are one incident.
    let changes: Vec<Post> = (1..=11)
        .map(|id| post(id, PostKind::IncidentUpdated, Some(7)))
        .collect();
    assert_eq!(batch::next(changes, &Format::Slack).len(), 1);
    assert!(batch::next(Vec::new(), &Format::Slack).is_empty());
}

#[test]
fn a_test_waits_for_nothing() {
    let test = post(99, PostKind::Test, None);
    let due = [opened(20), vec![test.clone()]].concat();
    assert_eq!(batch::next(due, &Format::Slack), [test]);
}

#[test]
fn a_digest_counts_and_lists() {
    let resolved = post(99, PostKind::IncidentResolved, Some(99));
    let posts = [opened(24), vec![resolved]].concat();
    let digest = batch::message(&posts).unwrap();
    assert_eq!(digest.title, "Perennial: 24 incidents opened, 1 resolved");
    assert_eq!(digest.lines.len(), 21);
    assert_eq!(digest.lines[0], "title 1");
    assert_eq!(digest.lines[20], "… 5 more");
    assert!(batch::message(&[]).is_none());
}

fn refused(status: u16) -> PostError {
    PostError::Refused {
        status,
        reason: String::new(),
        retry_after: None,
    }
}

#[test]
fn a_failure_concerns_the_message_or_the_channel() {
    let now = Timestamp::UNIX_EPOCH;
    let post = post(1, PostKind::IncidentOpened, Some(1));
    for (error, scope, is_retried) in [
        (PostError::Gone, FailureScope::ChannelForGood, false),
        (
            PostError::PrivateAddress,
            FailureScope::ChannelForGood,
            true,
        ),
        (refused(302), FailureScope::ChannelForGood, true),
        (refused(401), FailureScope::ChannelForGood, true),
        (refused(404), FailureScope::ChannelForGood, true),
        (refused(400), FailureScope::Message, true),
        (refused(429), FailureScope::Channel, true),
        (refused(503), FailureScope::Channel, true),
        (PostError::TimedOut, FailureScope::Channel, true),
    ] {
        let failure = policy::failure(&post, &error, now);
        assert_eq!(failure.scope, scope, "{error}");
        assert_eq!(failure.next_try_at.is_some(), is_retried, "{error}");
    }
    let old = now + SignedDuration::from_hours(72);
    assert_eq!(policy::failure(&post, &refused(503), old).next_try_at, None);
    let test = Post {
        post: NewPost {
            kind: PostKind::Test,
            ..post.post.clone()
        },
        ..post
    };
    assert_eq!(policy::failure(&test, &refused(503), now).next_try_at, None);
}

#[test]
fn a_message_is_tried_for_three_days_and_less_often_after_each_failure() {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1_000);
    let wait = |attempts, age| {
        let post = Post {
            written_at: now - SignedDuration::from_hours(age),
            attempts,
            ..post(1, PostKind::IncidentOpened, Some(1))
        };
        let next = policy::failure(&post, &refused(503), now).next_try_at?;
        Some(next.duration_since(now).as_secs())
    };
    // Of each wait, up to a tenth is jitter.
    for (attempts, age, shortest) in [(0, 0, 5), (1, 0, 300), (2, 1, 1_800), (9, 60, 7_200)] {
        let waits = shortest..=shortest + shortest / 10;
        let wait = wait(attempts, age);
        assert!(
            wait.is_some_and(|wait| waits.contains(&wait)),
            "{attempts}: {wait:?}"
        );
    }
    assert_eq!(wait(9, 71), None);
}
