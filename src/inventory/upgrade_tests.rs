//! A rolling upgrade: a daemon with a newer schema starts while an older one is at work. Only a server has several, so
//! these tests do their work in `tests/postgres/run`.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use super::bench_for_tests::Bench;
use super::engine::{Connection, SchemaFile, Server};
use super::{Duties, Error, Inventory, WriteErrorKind, open, schema};
use crate::model::{Duty, Node};

/// What the next release might add.
const LATER: SchemaFile<'_> = SchemaFile {
    sqlite: "",
    postgres: "ALTER TABLE app ADD COLUMN later TEXT; ALTER TABLE token ADD COLUMN later TEXT",
};

/// Starts the next release on the same inventory.
fn upgrade(bench: &Bench) -> Result<Connection, Error> {
    let server = Arc::new(Server::new(bench.server().unwrap()).unwrap());
    let files = [schema::FILES[0], LATER];
    let start = || open::open_on_with(&server, &bench.key, &files).map(|(db, _)| db);
    thread::scope(|scope| scope.spawn(start).join().unwrap())
}

async fn write(inventory: &Inventory) -> Result<(), Error> {
    inventory.write(|tx| tx.clear_backoff("acme")).await
}

fn node(name: &str) -> Node {
    Node {
        name: name.to_owned(),
        id: format!("a run of {name}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_daemon_writes_nothing_after_an_upgrade_and_goes_on_reading() {
    let bench = Bench::new();
    if !bench.is_on_server() {
        return;
    }
    let older = bench.open();
    let (duties, wanted) = (Duties::shared(node("lima")), [Duty::Email]);
    let kept = duties.keep(&older, &wanted, Instant::now()).await.unwrap();
    assert_eq!(kept.taken, wanted);

    upgrade(&bench).unwrap();
    let refused = Some(WriteErrorKind::OtherSchema);
    let written = write(&older).await.unwrap_err();
    assert_eq!(written.write_error_kind(), refused);
    let renewed = duties.keep(&older, &wanted, Instant::now()).await;
    assert_eq!(renewed.unwrap_err().write_error_kind(), refused);
    let words = older.write_error().unwrap().to_string();
    assert!(words.contains("has upgraded the inventory"), "{words}");
    assert!(words.contains("schema 2"), "{words}");
    // What it holds ends by itself, for the newer one to take.
    let nodes = older.read(|view| view.nodes()).await.unwrap();
    assert_eq!(nodes[0].duties, wanted);
    // It is not started again on a schema that it does not know.
    drop(older);
    let again = Inventory::open(&bench.settings()).unwrap_err();
    assert!(
        matches!(again, Error::NewerSchema { found: 2, .. }),
        "{again}"
    );
}

#[test]
fn an_upgrade_waits_for_an_older_daemon_that_writes_and_neither_fails() {
    let bench = Bench::new();
    if !bench.is_on_server() {
        return;
    }
    drop(bench.open());
    let (begin, begun) = channel();
    let written = thread::scope(|scope| {
        let writing = scope.spawn(|| {
            bench.outside(|db| {
                db.begin()?;
                begin.send(()).unwrap();
                thread::sleep(Duration::from_millis(300));
                // A table that the upgrade changes, too.
                db.script("UPDATE app SET failures = 0")?;
                db.commit()
            })
        });
        begun.recv().unwrap();
        upgrade(&bench).unwrap();
        writing.join().unwrap()
    });
    written.unwrap();
}
