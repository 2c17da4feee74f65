//! What the inventory promises about deliveries.

use jiff::{SignedDuration, Timestamp};

use crate::inventory::tests::{Bench, claim, import, learned, now};
use crate::inventory::{Error, Inventory, Tx};
use crate::model::{
    DeliveredFile, Delivery, DeliveryCounts, DeliveryOutcome, DeliveryState, SinkTokens, TokenId,
};

const SINK: &str = "bot";

fn open(bench: &Bench) -> Inventory {
    let inventory = bench.open();
    inventory.set_sinks(vec![SinkTokens {
        sink: SINK.to_owned(),
        patterns: vec!["acme-*".to_owned()],
        ..SinkTokens::default()
    }]);
    inventory
}

/// Checks everything that is due, and puts these secrets in use.
async fn sweep(inventory: &Inventory, secret: Option<&str>, at: Timestamp) {
    for claimed in claim(inventory, at).await {
        let mut result = learned(&claimed, secret);
        result.checked_at = at;
        inventory
            .write(move |tx| tx.record(&result, at))
            .await
            .unwrap();
    }
}

async fn states(inventory: &Inventory) -> Vec<(u32, DeliveryState)> {
    let all = inventory.read(|view| view.deliveries(None, 100));
    let all = all.await.unwrap().into_iter();
    all.map(|delivery| (delivery.version, delivery.state))
        .collect()
}

async fn due(inventory: &Inventory, at: Timestamp) -> Vec<Delivery> {
    let due = inventory.read(move |view| view.deliveries_due(SINK, at, 100));
    due.await.unwrap()
}

async fn write<T: Send + 'static>(
    inventory: &Inventory,
    job: impl FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
) -> T {
    inventory.write(job).await.unwrap()
}

fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

async fn fail(inventory: &Inventory, delivery: &Delivery, next_try_at: Option<Timestamp>) {
    let delivery = delivery.clone();
    let outcome = DeliveryOutcome::Failed {
        reason: "no".to_owned(),
        next_try_at,
    };
    write(inventory, move |tx| {
        tx.record_delivery_attempt(&delivery, &outcome, now())
    })
    .await;
}

#[tokio::test]
async fn the_first_check_and_each_new_version_are_delivered_to_the_sinks_of_the_name() {
    let bench = Bench::new();
    let inventory = open(&bench);
    import(&inventory, "acme-1", "EAAone").await;
    import(&inventory, "shop", "EAAtwo").await;
    assert!(
        states(&inventory).await.is_empty(),
        "nobody knows yet what they are"
    );
    sweep(&inventory, None, now()).await;
    assert_eq!(states(&inventory).await, [(1, DeliveryState::Pending)]);
    sweep(&inventory, Some("EAAnew"), later(86_400 * 2)).await;
    assert_eq!(
        states(&inventory).await,
        [(2, DeliveryState::Pending), (1, DeliveryState::Superseded)]
    );
    let counts = inventory.figures().deliveries;
    assert_eq!(
        counts,
        DeliveryCounts {
            pending: 1,
            failed: 0
        }
    );
}

#[tokio::test]
async fn a_token_that_is_renamed_while_meta_is_asked_goes_to_the_sinks_of_its_new_name() {
    let bench = Bench::new();
    let inventory = open(&bench);
    for (from, to) in [("shop", "acme-shop"), ("acme-2", "other")] {
        let token = import(&inventory, from, &format!("EAA{from}")).await;
        let claimed = claim(&inventory, now()).await.remove(0);
        write(&inventory, move |tx| {
            let before = tx.token(token)?.ok_or(Error::Closed)?;
            tx.rename(&before, to, "root", now())?;
            tx.record(&learned(&claimed, None), now())
        })
        .await;
    }
    let waiting = inventory.read(|view| view.deliveries(None, 9)).await;
    let names: Vec<_> = waiting
        .unwrap()
        .into_iter()
        .map(|it| it.token_name)
        .collect();
    assert_eq!(names, ["acme-shop"]);
}

#[tokio::test]
async fn an_attempt_that_ends_after_a_newer_version_came_changes_nothing() {
    let bench = Bench::new();
    let inventory = open(&bench);
    let token = import(&inventory, "acme-1", "EAAone").await;
    sweep(&inventory, None, now()).await;
    let [first] = &due(&inventory, now()).await[..] else {
        panic!("one is due");
    };
    write(&inventory, move |tx| {
        tx.enqueue_delivery(token, SINK, 2, now())
    })
    .await;
    let first = first.clone();
    let delivered = DeliveryOutcome::Delivered { in_use: true };
    write(&inventory, move |tx| {
        tx.record_delivery_attempt(&first, &delivered, now())
    })
    .await;
    assert_eq!(
        states(&inventory).await,
        [(2, DeliveryState::Pending), (1, DeliveryState::Superseded)]
    );
    let consumers = inventory
        .read(move |view| view.consumers(token))
        .await
        .unwrap();
    assert!(consumers.is_empty());
}

#[tokio::test]
async fn a_token_that_is_renamed_while_it_is_delivered_is_delivered_again() {
    let bench = Bench::new();
    let inventory = open(&bench);
    let id = import(&inventory, "acme-1", "EAAone").await;
    sweep(&inventory, None, now()).await;
    let under_way = due(&inventory, now()).await.remove(0);
    write(&inventory, move |tx| {
        let token = tx.token(id)?.ok_or(Error::Closed)?;
        tx.rename(&token, "acme-2", "root", now()).map(drop)
    })
    .await;
    let delivered = DeliveryOutcome::Delivered { in_use: false };
    write(&inventory, move |tx| {
        tx.record_delivery_attempt(&under_way, &delivered, now())
    })
    .await;
    let due = due(&inventory, now()).await;
    assert_eq!(due[0].token_name, "acme-2", "{due:?}");
}

#[tokio::test]
async fn what_failed_for_good_waits_for_an_operator() {
    let bench = Bench::new();
    let inventory = open(&bench);
    import(&inventory, "acme-1", "EAAone").await;
    sweep(&inventory, None, now()).await;
    let first = due(&inventory, now()).await.remove(0);
    fail(&inventory, &first, Some(later(60))).await;
    assert!(due(&inventory, later(59)).await.is_empty());
    let again = due(&inventory, later(60)).await.remove(0);
    assert_eq!(
        (again.attempts, again.last_error.as_deref()),
        (1, Some("no"))
    );
    fail(&inventory, &again, None).await;
    assert_eq!(states(&inventory).await, [(1, DeliveryState::Failed)]);
    assert!(due(&inventory, later(1_000_000)).await.is_empty());

    let retried = write(&inventory, |tx| tx.retry_deliveries(Some(SINK), later(90))).await;
    assert_eq!((retried, due(&inventory, later(90)).await.len()), (1, 1));
    write(&inventory, |tx| tx.disable_sink(SINK, "gone", later(91))).await;
    assert_eq!(states(&inventory).await, [(1, DeliveryState::Failed)]);
    let disabled = inventory.read(|view| view.disabled_sinks()).await.unwrap();
    assert_eq!(disabled, [(SINK.to_owned(), "gone".to_owned())]);
    write(&inventory, |tx| tx.retry_deliveries(None, later(92))).await;
    let disabled = inventory.read(|view| view.disabled_sinks()).await.unwrap();
    assert!(disabled.is_empty());
}

#[tokio::test]
async fn a_consumer_confirms_what_it_uses_and_its_delivery_is_in_use() {
    let bench = Bench::new();
    let inventory = open(&bench);
    let id = import(&inventory, "acme-1", "EAAone").await;
    sweep(&inventory, None, now()).await;
    write(&inventory, move |tx| {
        tx.record_seen(id, "web", 1, now())?;
        let token = tx.token(id)?.ok_or(Error::Closed)?;
        tx.confirm_use(&token, SINK, 1, now()).map(drop)
    })
    .await;
    sweep(&inventory, Some("EAAnew"), later(86_400 * 2)).await;
    assert_eq!(
        states(&inventory).await,
        [(2, DeliveryState::Pending), (1, DeliveryState::InUse)]
    );
    let consumers = inventory
        .read(move |view| view.consumers(id))
        .await
        .unwrap();
    let behind: Vec<_> = consumers
        .iter()
        .map(|consumer| consumer.is_behind(2))
        .collect();
    assert_eq!(behind, [true, true], "{consumers:?}");
    let retired = write(&inventory, move |tx| tx.retire_consumer(id, "web", now())).await;
    assert!(retired);
}

#[tokio::test]
async fn after_a_restore_nothing_is_delivered_before_it_is_confirmed() {
    let bench = Bench::new();
    let inventory = open(&bench);
    let id = import(&inventory, "acme-1", "EAAone").await;
    sweep(&inventory, None, now()).await;
    let wanted = async |inventory: &Inventory| {
        let wanted = inventory.read(move |view| view.deliverable(id));
        wanted.await.unwrap().map(|wanted| wanted.version)
    };
    assert_eq!(wanted(&inventory).await, Some(1));
    let restored = later(60);
    write(&inventory, move |tx| {
        tx.db
            .run("UPDATE totals SET restored_at = ?1", &[&restored])
    })
    .await;
    assert_eq!(wanted(&inventory).await, None);
    assert!(
        inventory
            .read(|view| view.awaits_confirmation())
            .await
            .unwrap()
    );
    sweep(&inventory, None, later(86_400 * 2)).await;
    assert_eq!(wanted(&inventory).await, Some(1));
    assert!(
        !inventory
            .read(|view| view.awaits_confirmation())
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_file_outlives_its_token_until_it_was_removed() {
    let bench = Bench::new();
    let inventory = open(&bench);
    let token = import(&inventory, "acme-1", "EAAone").await;
    let file = DeliveredFile {
        path: "/t/acme-1".to_owned(),
        sink: SINK.to_owned(),
        token,
    };
    let written = file.clone();
    write(&inventory, move |tx| tx.record_delivered_file(&written)).await;
    let stale = async |inventory: &Inventory| inventory.read(|view| view.stale_files("", 9)).await;
    assert!(stale(&inventory).await.unwrap().is_empty());
    write(&inventory, move |tx: &Tx<'_>| tx.forget(token)).await;
    assert_eq!(stale(&inventory).await.unwrap(), [(file, false)]);
    write(&inventory, |tx| tx.forget_delivered_file("/t/acme-1")).await;
    assert!(stale(&inventory).await.unwrap().is_empty());
}

/// The file was found to be as it should be, and meanwhile the person asked for everything to be deleted.
#[tokio::test]
async fn a_file_that_must_go_is_not_kept_by_an_earlier_look_at_it() {
    let bench = Bench::new();
    let inventory = open(&bench);
    let token = import(&inventory, "acme-1", "EAAone").await;
    let file = DeliveredFile {
        path: "/t/acme-1".to_owned(),
        sink: SINK.to_owned(),
        token,
    };
    let written = file.clone();
    write(&inventory, move |tx| {
        tx.record_delivered_file(&written)?;
        tx.files_must_go(token)?;
        tx.keep_delivered_file("/t/acme-1")
    })
    .await;
    let stale = inventory.read(|view| view.stale_files("", 9)).await;
    assert_eq!(stale.unwrap(), [(file, true)]);
}

#[tokio::test]
async fn old_deliveries_go_but_for_the_newest_of_each_token_and_sink() {
    let bench = Bench::new();
    let inventory = open(&bench);
    let token: TokenId = import(&inventory, "acme-1", "EAAone").await;
    write(&inventory, move |tx| {
        (1..=15).try_for_each(|version| tx.enqueue_delivery(token, SINK, version, now()))?;
        tx.enqueue_delivery(token, "gone", 1, now())?;
        tx.supersede_deliveries_of_other_sinks().map(drop)
    })
    .await;
    assert_eq!(
        states(&inventory).await.len(),
        11,
        "ten versions, and another sink"
    );
    let pruned = write(&inventory, |tx| tx.prune_deliveries(later(1), 100)).await;
    assert_eq!(pruned, 10);
    assert_eq!(states(&inventory).await, [(15, DeliveryState::Pending)]);
}
