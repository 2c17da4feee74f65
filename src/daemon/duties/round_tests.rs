//! One round of a node: when it looks and renews, and whom it wakes and tells.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use jiff::Timestamp;

use super::tests::{open, worker};
use super::{LOOK_EVERY, again_at, has_time_to_look, log};
use crate::daemon::wakeups::Worker;
use crate::inventory::{DutyChange, Error, Imported, Inventory, NewToken};
use crate::model::{Duty, OrderKind, Scopes};
use crate::secret::Secret;
use crate::secret::caught_log::logged_by;

#[test]
fn duties_that_could_not_be_kept_are_tried_again_at_the_next_look() {
    let asked_at = Instant::now();
    assert_eq!(again_at(asked_at, false), asked_at + LOOK_EVERY);
    assert!(again_at(asked_at, true) > asked_at + LOOK_EVERY);
}

#[test]
fn a_node_looks_only_where_that_does_not_delay_its_renewal() {
    let now = Instant::now();
    let just = Duration::from_nanos(1);
    for (renewal, expected) in [
        (now, false),
        (now + LOOK_EVERY - just, false),
        (now + LOOK_EVERY, false),
        (now + LOOK_EVERY + just, true),
        (now + LOOK_EVERY * 5, true),
    ] {
        assert_eq!(has_time_to_look(now, renewal), expected);
    }
}

#[tokio::test]
async fn a_round_does_not_begin_before_its_moment() {
    let folder = tempfile::tempdir().unwrap();
    let mut lima = worker("lima", &open(folder.path()));
    let again_at = Instant::now() + Duration::from_millis(30);
    lima.wait_until(again_at).await;
    assert!(Instant::now() >= again_at);
}

#[tokio::test]
async fn a_node_begins_a_round_early_only_for_a_free_duty_that_it_may_take() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = open(folder.path());
    let (mut lima, mut oslo) = (worker("lima", &inventory), worker("oslo", &inventory));
    assert!(lima.may_take_one().await, "nobody has it");
    lima.leads = false;
    assert!(!lima.may_take_one().await, "its clock is wrong");
    oslo.keep(Instant::now()).await.unwrap();
    lima.leads = true;
    assert!(!lima.may_take_one().await, "another node has it");
}

#[tokio::test]
async fn a_node_compares_its_clock_with_the_servers_before_it_keeps_duties() {
    let folder = tempfile::tempdir().unwrap();
    let mut lima = worker("lima", &open(folder.path()));
    let job = "clock of this node";
    let earlier = Some("it was wrong".to_owned());
    lima.shared.publish_side_job_error(job, earlier);
    lima.keep(Instant::now()).await.unwrap();
    let status = lima.shared.daemon_status.borrow();
    assert_eq!(status.side_job_errors.get(job), None, "it is right now");
}

/// As another node does that somebody asked.
async fn order_check(inventory: &Inventory, name: &str) {
    let token = NewToken {
        app: "acme".to_owned(),
        name: Some(name.to_owned()),
        secret: Secret::new(format!("EAA {name}")),
        owners: Vec::new(),
        required_scopes: Scopes::default(),
        parent: None,
        subject_name: None,
    };
    let order = inventory.write(move |tx| {
        let now: Timestamp = "2026-12-01T12:00:00Z".parse().map_err(|_| Error::Closed)?;
        let Imported::Added { id, .. } = tx.import(&token, now)? else {
            return Err(Error::Closed);
        };
        let token = tx.token(id)?.ok_or(Error::Closed)?;
        tx.order(&token, OrderKind::Check, "ops", now)
    });
    order.await.unwrap();
}

#[tokio::test]
async fn an_order_that_another_node_accepted_wakes_the_workers_once() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = open(folder.path());
    let mut lima = worker("lima", &inventory);
    let mut woken = lima.shared.wakeups.of(Worker::Rotation);
    lima.look_for_orders().await;
    assert!(woken.next().now_or_never().is_none(), "there is no order");
    for name in ["first", "second"] {
        order_check(&inventory, name).await;
        lima.look_for_orders().await;
        assert!(woken.next().now_or_never().is_some(), "{name}");
        lima.look_for_orders().await;
        assert!(woken.next().now_or_never().is_none(), "{name} is known");
    }
}

#[test]
fn the_log_names_the_duties_that_changed_hands() {
    let app = || vec![Duty::App("acme".to_owned()), Duty::Email];
    let none = DutyChange::default;
    for (change, expected) in [
        (none(), None),
        (
            DutyChange {
                taken: app(),
                ..none()
            },
            Some("INFO this node now does app:acme, email"),
        ),
        (
            DutyChange {
                resumed: app(),
                ..none()
            },
            Some("INFO this node goes on with app:acme, email"),
        ),
        (
            DutyChange {
                lost: app(),
                ..none()
            },
            Some("WARN this node no longer does app:acme, email:"),
        ),
    ] {
        let lines = logged_by(|| log(&change));
        let begins = |line: &String| expected.is_some_and(|words| line.starts_with(words));
        assert_eq!(lines.len(), usize::from(expected.is_some()), "{lines:?}");
        assert!(lines.iter().all(begins), "{lines:?}");
    }
}
