//! Another program on the server gets into the way of a transaction, so that the server undoes it. Perennial's own
//! transactions take turns, so only others can.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use perennial::inventory::{Error, Inventory};
use perennial::model::TokenId;

use super::cluster::Cluster;
use super::shelf::{Shelf, import};

/// Holds a row, and then wants what every transaction of Perennial holds. It never looks for a deadlock itself, so that the
/// other side is undone.
const OTHER: &str = "SET deadlock_timeout = '10min'; BEGIN; UPDATE schedule SET action = action; SELECT pg_sleep(0.8);
    LOCK TABLE inventory_schema IN EXCLUSIVE MODE; COMMIT";

fn other(cluster: &Arc<Cluster>, database: &'static str) -> JoinHandle<()> {
    let own = Arc::clone(cluster);
    let other = thread::spawn(move || drop(own.psql(database, OTHER)));
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND wait_event = 'PgSleep' \
                 AND datname = current_database()";
    while cluster.psql(database, waits).trim() == "0" {
        thread::sleep(Duration::from_millis(20));
    }
    other
}

async fn prepared(cluster: &Cluster, database: &str) -> (Inventory, TokenId) {
    let inventory = Shelf::in_new_database(cluster, database).open().unwrap();
    import(&inventory, "maria").await.unwrap();
    let token = inventory.read(|view| view.token_named("maria")).await;
    let id = token.unwrap().unwrap().id;
    (inventory, id)
}

fn now() -> Timestamp {
    "2026-12-01T13:00:00Z".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_conflict_undoes_is_an_error_that_says_so_and_nothing_of_it_is_kept() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let (inventory, id) = prepared(&cluster, "conflict").await;
    let due = || cluster.psql("conflict", "SELECT due_at FROM schedule");
    let before = due();
    let other = other(&cluster, "conflict");
    let job = inventory.write(move |tx| tx.make_due(id, now()));
    let error = job.await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    other.join().unwrap();
    assert_eq!(due(), before);
    // The next attempt finds a fresh transaction.
    inventory
        .write(move |tx| tx.make_due(id, now()))
        .await
        .unwrap();
    assert_ne!(due(), before);
    assert_eq!(inventory.write_error(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_results_of_a_sweep_are_written_again_after_a_conflict() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let (inventory, id) = prepared(&cluster, "again").await;
    let other = other(&cluster, "again");
    // As rotation::record_results writes them.
    let written: Result<(), Error> = inventory
        .write_alone_again(move |tx| tx.make_due(id, now()))
        .await;
    written.unwrap();
    other.join().unwrap();
    assert_eq!(inventory.write_error(), None);
}
