//! Lost commits as several nodes find them, each by what it saw last. A loss is played by taking rows away.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::SignedDuration;
use proptest::prelude::*;

use crate::inventory::tests::{Bench, claim, import, learned, now};
use crate::inventory::{Inventory, Mark, Tx};
use crate::model::{Cause, Event, EventRecord, IncidentFilter, NewEvent};

/// What a node does at a look. Returns whether it recorded a loss.
async fn look(inventory: &Inventory, seen: &mut Option<Mark>) -> bool {
    let known = seen.clone();
    let (lost, newest) = inventory
        .read(move |view| {
            let lost = match known {
                Some(mark) if !view.has_mark(&mark)? => Some(mark),
                Some(_) | None => None,
            };
            Ok((lost, view.newest_mark()?))
        })
        .await
        .unwrap();
    *seen = newest;
    match lost {
        Some(mark) => write(inventory, move |tx| tx.record_lost_commits(&mark).unwrap()).await,
        None => false,
    }
}

async fn write<T: Send + 'static>(
    inventory: &Inventory,
    job: impl FnOnce(&Tx<'_>) -> T + Send + 'static,
) -> T {
    inventory.write(move |tx| Ok(job(tx))).await.unwrap()
}

/// Each time a second later than before.
async fn record_events(inventory: &Inventory, count: usize) {
    static SECONDS: AtomicI64 = AtomicI64::new(0);
    let at = now() + SignedDuration::from_secs(SECONDS.fetch_add(1, Ordering::Relaxed));
    let started = NewEvent::from(Event::Started {});
    write(inventory, move |tx| {
        for _ in 0..count {
            tx.record_event(&started, at).unwrap();
        }
    })
    .await;
}

/// Where a standby stood that takes over later.
#[derive(Clone, Copy)]
struct Standby {
    event: i64,
    incident: i64,
    checked_anew_at: Option<i64>,
}

async fn standby(inventory: &Inventory) -> Standby {
    write(inventory, |tx| Standby {
        event: tx.newest_event().unwrap().0,
        incident: tx
            .db
            .value("SELECT coalesce(max(id), 0) FROM incident", &[])
            .unwrap(),
        checked_anew_at: tx.db.value("SELECT restored_at FROM totals", &[]).unwrap(),
    })
    .await
}

/// The standby takes over. The numbers of the lost events are given again.
async fn take_over(inventory: &Inventory, at: Standby) {
    write(inventory, move |tx| {
        let remove = |sql, id: i64| tx.db.run(sql, &[&id]).unwrap();
        remove("DELETE FROM event WHERE id > ?1", at.event);
        remove("DELETE FROM incident WHERE id > ?1", at.incident);
        let back = "UPDATE totals SET restored_at = ?1";
        tx.db.run(back, &[&at.checked_anew_at]).unwrap();
    })
    .await;
}

async fn losses(inventory: &Inventory) -> Vec<EventRecord> {
    let events = inventory.read(|view| view.events(crate::model::EventId(0), None, 10_000));
    let mut events = events.await.unwrap();
    events.retain(|record| matches!(record.event, Event::CommitsLost { .. }));
    events
}

async fn incidents(inventory: &Inventory) -> Vec<crate::model::Incident> {
    let all = inventory.read(|view| view.incidents(IncidentFilter::All, 100));
    all.await.unwrap()
}

#[tokio::test]
async fn nodes_that_saw_different_events_record_a_loss_once() {
    let bench = Bench::new();
    let inventory = bench.open();
    import(&inventory, "acme-maria", "EAAmaria").await;
    let (mut early, mut late, mut latest) = (None, None, None);
    look(&inventory, &mut early).await;
    let standby = standby(&inventory).await;
    record_events(&inventory, 2).await;
    look(&inventory, &mut late).await;
    record_events(&inventory, 3).await;
    look(&inventory, &mut latest).await;
    write(&inventory, |tx| {
        let later = "UPDATE schedule SET due_at = due_at + 86400";
        tx.db.run(later, &[]).unwrap();
    })
    .await;

    take_over(&inventory, standby).await;
    record_events(&inventory, 1).await;
    assert!(
        !look(&inventory, &mut early).await,
        "it knew of none of them"
    );
    assert!(look(&inventory, &mut late).await);
    assert!(!look(&inventory, &mut latest).await, "it was recorded");
    for node in [&mut early, &mut late, &mut latest] {
        assert!(!look(&inventory, node).await);
    }
    assert_eq!(losses(&inventory).await.len(), 1);
    let incidents = incidents(&inventory).await;
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0].incident_key.cause, Cause::CommitsLost);
    assert_eq!(incidents[0].affected, 0);
    let waiting: i64 = write(&inventory, |tx| {
        let waiting = "SELECT count(*) FROM schedule, totals WHERE due_at > restored_at";
        tx.db.value(waiting, &[]).unwrap()
    })
    .await;
    assert_eq!(waiting, 0, "every token is due");
}

/// It asked Meta before, and what it was told then is no answer to what was lost.
#[tokio::test]
async fn a_check_that_is_under_way_does_not_count() {
    let bench = Bench::new();
    let inventory = bench.open();
    import(&inventory, "acme-maria", "EAAmaria").await;
    let mut seen = None;
    let standby = standby(&inventory).await;
    record_events(&inventory, 1).await;
    look(&inventory, &mut seen).await;
    let claimed = claim(&inventory, now()).await.remove(0);
    take_over(&inventory, standby).await;
    assert!(look(&inventory, &mut seen).await);
    let result = learned(&claimed, None);
    write(&inventory, move |tx| tx.record(&result, now()).unwrap()).await;
    let due = "SELECT count(*) FROM schedule WHERE due_at <= ?1";
    let due: i64 = write(&inventory, move |tx| tx.db.value(due, &[&now()]).unwrap()).await;
    assert_eq!(due, 1);
}

#[tokio::test]
async fn a_reader_that_was_behind_loses_nothing() {
    let bench = Bench::new();
    let inventory = bench.open();
    record_events(&inventory, 1).await;
    let mark = inventory.read(|view| view.newest_mark()).await.unwrap();
    let recorded = write(&inventory, move |tx| {
        tx.record_lost_commits(&mark.unwrap()).unwrap()
    });
    assert!(!recorded.await);
    assert!(losses(&inventory).await.is_empty());
}

#[tokio::test]
async fn people_are_notified_again_of_the_next_loss() {
    let bench = Bench::new();
    let inventory = bench.open();
    record_events(&inventory, 1).await;
    let mut seen = None;
    for number in 1..=2 {
        let standby = standby(&inventory).await;
        record_events(&inventory, 1).await;
        look(&inventory, &mut seen).await;
        take_over(&inventory, standby).await;
        assert!(look(&inventory, &mut seen).await, "loss {number}");
        let open = incidents(&inventory).await;
        assert_eq!(open.len(), 1, "it is still open");
        assert_eq!((open[0].notified_at, open[0].relapses), (None, 0));
        write(&inventory, |tx| {
            let notified = "UPDATE incident SET notified_at = 1, acknowledged_until = 4000000000";
            tx.db.run(notified, &[]).unwrap();
        })
        .await;
    }
    assert_eq!(losses(&inventory).await.len(), 2);
}

#[derive(Clone, Debug)]
enum Step {
    Write(usize),
    Look(usize),
    /// The standby catches up.
    Replicate,
    TakeOver,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1..40_usize).prop_map(Step::Write),
        6 => (0..NODES).prop_map(Step::Look),
        1 => Just(Step::Replicate),
        1 => Just(Step::TakeOver),
    ];
    proptest::collection::vec(step, 1..60)
}

const NODES: usize = 3;

/// What the test knows and the nodes do not.
#[derive(Default)]
struct Truth {
    losses: usize,
    /// How often the last loss was recorded.
    records: usize,
    /// After how many losses each node looked last, and whether the next one took what it saw then.
    looked: [Option<usize>; NODES],
    is_gone: [bool; NODES],
}

/// A minute passes, since no two servers are lost within one second.
async fn let_a_minute_pass(
    inventory: &Inventory,
    nodes: &mut [Option<Mark>],
    behind: &mut Standby,
) {
    let known = nodes.iter_mut().flatten();
    for at in known.filter_map(|mark| mark.checked_anew_at.as_mut()) {
        *at -= SignedDuration::from_mins(1);
    }
    behind.checked_anew_at = behind.checked_anew_at.map(|at| at - 60);
    write(inventory, |tx| {
        let pass = "UPDATE totals SET restored_at = restored_at - 60";
        tx.db.run(pass, &[]).unwrap();
    })
    .await;
}

/// Plays the steps, then lets every node look. A loss that takes what a node has seen is recorded at its next look if it was
/// not before, and no loss is recorded twice, however often commits are lost and whatever is lost with them.
async fn play(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let bench = Bench::new();
    let inventory = bench.open();
    record_events(&inventory, 1).await;
    let mut behind = standby(&inventory).await;
    let mut nodes: [Option<Mark>; NODES] = [None, None, None];
    let mut truth = Truth::default();
    for step in steps.into_iter().chain((0..NODES).map(Step::Look)) {
        match step {
            Step::Write(count) => record_events(&inventory, count).await,
            Step::Replicate => behind = standby(&inventory).await,
            Step::TakeOver => {
                let_a_minute_pass(&inventory, &mut nodes, &mut behind).await;
                take_over(&inventory, behind).await;
                for (number, node) in nodes.iter().enumerate() {
                    let mark = node.clone();
                    let is_there = inventory
                        .read(move |view| mark.map_or(Ok(true), |mark| view.has_mark(&mark)))
                        .await
                        .unwrap();
                    truth.is_gone[number] = !is_there && truth.looked[number] == Some(truth.losses);
                }
                truth.losses += 1;
                truth.records = 0;
            }
            Step::Look(node) => {
                truth.records += usize::from(look(&inventory, &mut nodes[node]).await);
                prop_assert!(truth.records <= 1, "recorded twice");
                prop_assert!(truth.records == 1 || !truth.is_gone[node], "not recorded");
                truth.looked[node] = Some(truth.losses);
                truth.is_gone[node] = false;
            }
        }
    }
    prop_assert!(incidents(&inventory).await.len() <= 1);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn of_the_nodes_that_find_a_loss_one_records_it(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(steps))?;
    }
}
