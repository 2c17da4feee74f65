//! What operators do with an inventory on a server while its daemons are stopped: another key, and a restored copy.

use std::process::Command;

use jiff::Timestamp;
use perennial::inventory::{Error, MoveError, Rekeying, RenewedKeys, Restore, ServerRestore};
use perennial::secret::Key;
use rusqlite::Connection;

use super::mover::{Bench, assert_same, wait};
use super::shelf::{has, import};

fn now() -> Timestamp {
    "2027-06-01T12:00:00Z".parse().unwrap()
}

/// By the clock of the database.
const NOW: &str = "CAST(extract(epoch FROM now()) AS BIGINT)";

/// An inventory on a server with the tokens of these names.
fn with_tokens(database: &str, names: &[&str]) -> Option<Bench> {
    let bench = Bench::new(database)?;
    let inventory = bench.open(bench.server()).unwrap();
    for name in names {
        wait(import(&inventory, name)).unwrap();
    }
    drop(inventory);
    Some(bench)
}

fn see_node(bench: &Bench, name: &str) {
    let seen = format!("INSERT INTO node VALUES ('{name}', '{name}', '0.1.0', 0, {NOW})");
    bench.cluster.psql(&bench.database, &seen);
}

fn names_lima(error: &Error) -> bool {
    matches!(error, Error::NodesRunning { nodes, .. } if nodes == "lima")
}

#[test]
fn the_key_of_all_nodes_is_changed_while_none_is_running() {
    let Some(mut bench) = with_tokens("rekeyed", &["maria"]) else {
        return;
    };
    let (server, old, new) = (bench.server(), bench.key(), Key::generate().unwrap());
    see_node(&bench, "lima");
    let before = bench.content_of_server();
    let error = Rekeying::begin(&server, &old).unwrap_err();
    assert!(names_lima(&error), "{error}");
    assert_same(&before, &bench.content_of_server());
    bench.cluster.psql("rekeyed", "DELETE FROM node");

    let error = Rekeying::begin(&server, &new).unwrap_err();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");
    let rekeying = Rekeying::begin(&server, &old).unwrap();
    rekeying.add(&old, &new).unwrap();
    // Interrupted here, a daemon starts with either key.
    drop(rekeying);
    bench.open(bench.server()).unwrap();
    let rekeying = Rekeying::begin(&server, &new).unwrap();
    assert!(rekeying.is_finished());
    let error = bench.open(bench.server()).unwrap_err();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");
    bench.key = new;
    let inventory = bench.open(bench.server()).unwrap();
    assert!(wait(has(&inventory, "maria")).unwrap());
}

/// It would seal with a key that is gone, so that nothing opened any more.
#[test]
fn a_daemon_that_was_not_seen_writes_nothing_under_former_data_keys() {
    let Some(bench) = with_tokens("resealed", &["maria", "otto"]) else {
        return;
    };
    let paused = bench.open(bench.server()).unwrap();
    let rekeying = Rekeying::begin(&bench.server(), &bench.key).unwrap();
    for _ in 0..2 {
        let renewed = rekeying.renew_data_keys(&bench.key).unwrap();
        assert_eq!(renewed, RenewedKeys::All);
    }
    see_node(&bench, "lima");
    let error = rekeying.renew_data_keys(&bench.key).unwrap_err();
    assert!(names_lima(&error), "{error}");
    bench.cluster.psql("resealed", "DELETE FROM node");
    let before = bench.content_of_server();
    let error = wait(import(&paused, "paul")).unwrap_err();
    let words = "data keys were renewed meanwhile. Restart";
    assert!(error.to_string().contains(words), "{error}");
    assert_same(&before, &bench.content_of_server());
    drop(paused);
    let restarted = bench.open(bench.server()).unwrap();
    wait(import(&restarted, "paul")).unwrap();
    drop(restarted);
    let restore = ServerRestore::prepare(&bench.server(), &bench.key).unwrap();
    assert_eq!((restore.tokens, restore.unsealable), (3, 0));
}

fn run(bench: &Bench, program: &str, arguments: &[&str]) {
    let mut command: Command = bench.cluster.beside(program);
    command.args(["-U", "perennial", "-h"]);
    command.arg(bench.cluster.folder()).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_copy_that_pg_restore_has_put_back_is_checked_and_its_tokens_are_checked_anew() {
    let Some(bench) = with_tokens("restored", &["maria", "otto"]) else {
        return;
    };
    run(&bench, "pg_dump", &["-Fc", "-f", "copy", "restored"]);
    let inventory = bench.open(bench.server()).unwrap();
    wait(import(&inventory, "paul")).unwrap();
    drop(inventory);
    let options = ["--clean", "--if-exists", "--single-transaction"];
    run(
        &bench,
        "pg_restore",
        &[&options[..], &["-d", "restored", "copy"]].concat(),
    );
    bench.cluster.psql(
        "restored",
        &format!("UPDATE schedule SET due_at = {} + 86400", now().as_second()),
    );
    see_node(&bench, "lima");
    let error = ServerRestore::prepare(&bench.server(), &bench.key).unwrap_err();
    assert!(names_lima(&error), "{error}");
    bench.cluster.psql("restored", "DELETE FROM node");
    let wrong = Key::generate().unwrap();
    let error = ServerRestore::prepare(&bench.server(), &wrong).unwrap_err();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");

    let restore = ServerRestore::prepare(&bench.server(), &bench.key).unwrap();
    assert_eq!(
        (restore.tokens, restore.opened, restore.unsealable),
        (2, 2, 0)
    );
    assert!(restore.misnumbered().is_empty());
    restore.carry_out(now()).unwrap();
    let state = format!(
        "SELECT count(*) FILTER (WHERE due_at <= {}), (SELECT restored_at FROM totals),
            (SELECT kind FROM event ORDER BY id DESC LIMIT 1) FROM schedule",
        now().as_second()
    );
    let state = bench.cluster.psql("restored", &state);
    assert_eq!(state.trim(), format!("2|{}|restored", now().as_second()));
    bench.open(bench.server()).unwrap();
}

#[test]
fn what_a_restore_of_the_rows_alone_leaves_behind_is_found() {
    let Some(bench) = with_tokens("rows_alone", &["maria", "otto"]) else {
        return;
    };
    let restart = "ALTER TABLE token ALTER COLUMN id RESTART WITH 1";
    bench.cluster.psql("rows_alone", restart);
    let inventory = bench.open(bench.server()).unwrap();
    wait(import(&inventory, "paul")).unwrap_err();
    drop(inventory);
    bench.cluster.psql("rows_alone", restart);
    let restore = ServerRestore::prepare(&bench.server(), &bench.key).unwrap();
    assert_eq!(restore.misnumbered(), ["token"]);
    restore.carry_out(now()).unwrap();
    let inventory = bench.open(bench.server()).unwrap();
    wait(import(&inventory, "paul")).unwrap();
    drop(inventory);

    let twice = "UPDATE token_total SET tokens = 2 * tokens";
    bench.cluster.psql("rows_alone", twice);
    let error = ServerRestore::prepare(&bench.server(), &bench.key).unwrap_err();
    assert!(matches!(error, Error::WrongTotals), "{error}");
    bench.cluster.psql(
        "rows_alone",
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public",
    );
    let error = ServerRestore::prepare(&bench.server(), &bench.key).unwrap_err();
    assert!(
        matches!(error, Error::Move(MoveError::NoInventory(_))),
        "{error}"
    );
}

/// The server with the newer inventory may be lost.
#[test]
fn a_file_that_was_moved_away_is_restored_like_any_copy() {
    let Some(bench) = Bench::new("way_back") else {
        return;
    };
    let path = bench.path("a.db");
    let inventory = bench.open(bench.file("a.db")).unwrap();
    wait(import(&inventory, "maria")).unwrap();
    drop(inventory);
    bench.move_it(&bench.file("a.db"), &bench.server()).unwrap();
    let restore = Restore::prepare(&path, &bench.key, &path).unwrap();
    assert_eq!(restore.contents.tokens, 1);
    restore.carry_out(now()).unwrap();
    let inventory = bench.open(bench.file("a.db")).unwrap();
    assert!(wait(has(&inventory, "maria")).unwrap());
    drop(inventory);
    let restored = "SELECT count(*) FROM event WHERE kind = 'restored'";
    let db = Connection::open(&path).unwrap();
    let restored: u32 = db.query_row(restored, [], |row| row.get(0)).unwrap();
    assert_eq!(restored, 1);
}
