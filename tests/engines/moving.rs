//! Moving an inventory from a file to a server and back.

use std::fs;
use std::thread;
use std::time::Duration;

use perennial::inventory::{Error, MoveError, MoveProgress, move_inventory};
use perennial::secret::Key;
use rusqlite::Connection;

use super::mover::{Bench, MANY, assert_same, bytes, is_not_empty, record, wait};
use super::shelf::import;
use super::values::{COUNTED, TABLES};

#[test]
fn an_inventory_is_the_same_on_a_server_and_back_in_a_file() {
    for seed in [1, 2] {
        let Some(bench) = Bench::new(&format!("moved_{seed}")) else {
            return;
        };
        bench.fill("a.db", seed);
        let before = bench.content_of_file("a.db");
        assert!(before.len() > 2 * usize::try_from(MANY).unwrap());
        let moved = bench.move_it(&bench.file("a.db"), &bench.server()).unwrap();
        assert_same(&before, &bench.content_of_server());
        assert_eq!(moved.tables, TABLES.len() + COUNTED.len());
        // Those of the imported tokens open; the random rows never did.
        assert!(moved.secrets >= 3 && moved.unsealable > 0, "{moved:?}");
        assert!(moved.unmarked.is_none() && !moved.was_there, "{moved:?}");

        bench.move_it(&bench.server(), &bench.file("b.db")).unwrap();
        assert_same(&before, &bench.content_of_file("b.db"));
        let db = Connection::open(bench.path("b.db")).unwrap();
        let sound = "PRAGMA integrity_check";
        let sound: String = db.query_row(sound, [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
    }
}

/// Ids of rows that are gone are not given again, and what counts rows goes on counting.
#[test]
fn what_is_added_afterwards_is_numbered_and_counted_as_before() {
    let Some(bench) = Bench::new("numbered") else {
        return;
    };
    bench.fill("a.db", 3);
    let db = Connection::open(bench.path("a.db")).unwrap();
    // With a key that opens.
    db.execute_batch("DELETE FROM rewrapped_key").unwrap();
    drop(db);
    bench.move_it(&bench.file("a.db"), &bench.server()).unwrap();
    let newest = |bench: &Bench| {
        let newest =
            "SELECT max(id), (SELECT tokens FROM token_total WHERE app = 'acme') FROM event";
        bench.cluster.psql(&bench.database, newest)
    };
    let before = newest(&bench);
    assert!(before.starts_with(&format!("{}|", MANY - 1)), "{before}");
    let inventory = bench.open(bench.server()).unwrap();
    wait(import(&inventory, "new")).unwrap();
    wait(record(&inventory));
    drop(inventory);
    let after = newest(&bench);
    assert!(after.starts_with(&format!("{}|", MANY + 1)), "{after}");
    let total = |shown: &str| -> u32 { shown.trim().split('|').nth(1).unwrap().parse().unwrap() };
    assert_eq!(total(&after), total(&before) + 1);

    bench
        .cluster
        .psql(&bench.database, "DELETE FROM event WHERE id > 10");
    bench.move_it(&bench.server(), &bench.file("b.db")).unwrap();
    let inventory = bench.open(bench.file("b.db")).unwrap();
    wait(record(&inventory));
    drop(inventory);
    let db = Connection::open(bench.path("b.db")).unwrap();
    let newest: i64 = db
        .query_row("SELECT max(id) FROM event", [], |row| row.get(0))
        .unwrap();
    assert_eq!(newest, MANY + 2);
}

#[test]
fn a_target_that_is_not_empty_is_refused_and_nothing_is_changed() {
    let Some(bench) = Bench::new("taken") else {
        return;
    };
    bench.fill("a.db", 4);
    drop(bench.open(bench.server()).unwrap());
    let (before, held) = (bench.content_of_file("a.db"), bench.content_of_server());
    let error = bench
        .move_it(&bench.file("a.db"), &bench.server())
        .unwrap_err();
    assert!(is_not_empty(&error), "{error}");
    assert_same(&bench.content_of_file("a.db"), &before);
    assert_same(&bench.content_of_server(), &held);

    let error = bench
        .move_it(&bench.server(), &bench.file("a.db"))
        .unwrap_err();
    assert!(is_not_empty(&error), "{error}");
    fs::write(bench.path("diary"), "dear diary").unwrap();
    bench
        .move_it(&bench.server(), &bench.file("diary"))
        .unwrap_err();
    assert_eq!(bytes(&bench.path("diary")), b"dear diary");
    assert_same(&bench.content_of_file("a.db"), &before);
    for place in [bench.file("a.db"), bench.server()] {
        bench.open(place).unwrap();
    }
}

#[test]
fn a_wrong_key_and_a_newer_schema_are_refused_before_anything_is_written() {
    let Some(bench) = Bench::new("keys") else {
        return;
    };
    bench.fill("a.db", 5);
    let before = bytes(&bench.path("a.db"));
    let (file, server) = (bench.file("a.db"), bench.server());
    let wrong = Key::generate().unwrap();
    let error = move_inventory(&file, &server, &wrong, &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");
    assert!(bench.is_empty());
    assert_eq!(bytes(&bench.path("a.db")), before);

    bench.move_it(&file, &server).unwrap();
    let error = move_inventory(&server, &bench.file("b.db"), &wrong, &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::WrongKey { .. }), "{error}");
    let newer = "UPDATE inventory_schema SET version = 999";
    bench.cluster.psql("keys", newer);
    let error = bench.move_it(&server, &bench.file("b.db")).unwrap_err();
    assert!(matches!(error, Error::NewerSchema { .. }), "{error}");
    assert!(!bench.path("b.db").exists());

    for (from, to) in [(&file, &file), (&server, &server)] {
        let error = bench.move_it(from, to).unwrap_err();
        let is_refused = matches!(
            error,
            Error::Move(MoveError::BothFiles | MoveError::BothServers)
        );
        assert!(is_refused, "{error}");
    }
    let nowhere = bench.file("nowhere.db");
    let error = bench.move_it(&nowhere, &server).unwrap_err();
    assert!(matches!(error, Error::Move(MoveError::NoInventory(_))));
    assert!(!bench.path("nowhere.db").exists());
}

#[test]
fn a_daemon_on_the_source_keeps_it_there() {
    let Some(bench) = Bench::new("daemons") else {
        return;
    };
    bench.fill("a.db", 6);
    let db = Connection::open(bench.path("a.db")).unwrap();
    db.execute_batch("DELETE FROM node; DELETE FROM duty; DELETE FROM rewrapped_key")
        .unwrap();
    drop(db);
    let (file, server) = (bench.file("a.db"), bench.server());
    let running = bench.open(file.clone()).unwrap();
    let error = bench.move_it(&file, &server).unwrap_err();
    assert!(matches!(error, Error::InUse(_)), "{error}");
    assert!(bench.is_empty());
    drop(running);
    bench.move_it(&file, &server).unwrap();

    let seen = |name: &str, ago: u32| {
        let now = "CAST(extract(epoch FROM now()) AS BIGINT)";
        format!("INSERT INTO node VALUES ('{name}', '{name}', '0.1.0', 0, {now} - {ago});")
    };
    let nodes = format!("{}{}", seen("lima", 5), seen("oslo", 3_600));
    bench.cluster.psql("daemons", &nodes);
    let error = bench.move_it(&server, &bench.file("b.db")).unwrap_err();
    let is_named = matches!(&error, Error::NodesRunning { nodes, .. } if nodes == "lima");
    assert!(is_named, "{error}");
    assert!(!bench.path("b.db").exists());
    bench.open(server.clone()).unwrap();
    bench
        .cluster
        .psql("daemons", "DELETE FROM node WHERE id = 'lima'");
    bench.move_it(&server, &bench.file("b.db")).unwrap();
}

/// A daemon may have lost the way to the server, so that it seemed to be gone.
#[test]
fn no_daemon_goes_on_with_what_was_moved_away() {
    let Some(bench) = Bench::new("left_behind") else {
        return;
    };
    let running = bench.open(bench.server()).unwrap();
    wait(import(&running, "maria")).unwrap();
    bench.move_it(&bench.server(), &bench.file("b.db")).unwrap();
    let before = bench.content_of_server();
    let error = wait(import(&running, "otto")).unwrap_err();
    assert!(error.to_string().contains("was moved"), "{error}");
    assert_same(&before, &bench.content_of_server());
    drop(running);
    let error = bench.open(bench.server()).unwrap_err();
    assert!(matches!(error, Error::Moved(_)), "{error}");

    bench.cluster.create_database("left_again");
    let again = Bench {
        database: "left_again".to_owned(),
        ..bench
    };
    again.move_it(&again.file("b.db"), &again.server()).unwrap();
    let error = again.open(again.file("b.db")).unwrap_err();
    assert!(matches!(error, Error::Moved(_)), "{error}");
    let error = again
        .move_it(&again.file("b.db"), &again.server())
        .unwrap_err();
    assert!(matches!(error, Error::Moved(_)), "{error}");
}

#[test]
fn a_move_that_loses_the_server_leaves_nothing_and_the_next_one_works() {
    let Some(bench) = Bench::new("lost") else {
        return;
    };
    bench.fill("a.db", 7);
    let before = bench.content_of_file("a.db");
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE application_name = 'perennial test' AND datname = current_database()";
    for (from, to) in [
        (bench.file("a.db"), bench.server()),
        (bench.server(), bench.file("b.db")),
    ] {
        let mut ended = false;
        let error = move_inventory(&from, &to, &bench.key, &mut |at| {
            let is_midway = matches!(at, MoveProgress::Rows { done, all } if done > all / 3);
            if is_midway && !ended {
                bench.cluster.psql("lost", end);
                ended = true;
            }
        });
        let error = error.unwrap_err();
        assert!(error.write_error_kind().is_some(), "{error}");
        assert_eq!(bench.is_empty(), to == bench.server());
        assert!(!bench.path("b.db").exists());
        bench.move_it(&from, &to).unwrap();
    }
    assert_same(&before, &bench.content_of_file("b.db"));
    let left = fs::read_dir(bench.folder.path()).unwrap();
    let left: Vec<String> = left
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("unfinished"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// As if the command had been ended after the target was durable, and before the source was marked.
#[test]
fn a_move_that_only_did_not_mark_its_source_is_completed() {
    let Some(bench) = Bench::new("unmarked") else {
        return;
    };
    bench.fill("a.db", 8);
    let (file, server) = (bench.file("a.db"), bench.server());
    let mark = |db: &Connection| -> u32 {
        db.query_row("PRAGMA application_id", [], |row| row.get(0))
            .unwrap()
    };
    let db = Connection::open(bench.path("a.db")).unwrap();
    let own = mark(&db);
    drop(db);
    bench.move_it(&file, &server).unwrap();
    let db = Connection::open(bench.path("a.db")).unwrap();
    assert_ne!(mark(&db), own);
    db.pragma_update(None, "application_id", own).unwrap();
    drop(db);
    let moved = bench.move_it(&file, &server).unwrap();
    assert!(moved.was_there, "{moved:?}");
    let db = Connection::open(bench.path("a.db")).unwrap();
    assert_ne!(mark(&db), own);
    // Not once a daemon has used either of them.
    db.pragma_update(None, "application_id", own).unwrap();
    db.execute_batch("DELETE FROM event WHERE id = 77").unwrap();
    drop(db);
    let error = bench.move_it(&file, &server).unwrap_err();
    assert!(is_not_empty(&error), "{error}");
}

/// Whenever it is killed, the next one completes what the first one began.
#[test]
fn a_command_that_is_killed_can_be_run_again() {
    let mut was_midway = 0;
    for round in 0..6_u64 {
        let Some(bench) = Bench::new(&format!("killed_{round}")) else {
            return;
        };
        bench.fill("a.db", round);
        let before = bench.content_of_file("a.db");
        let file = format!("sqlite:{}", bench.path("a.db").display());
        let url = bench.cluster.url(&bench.database);
        let mut command = bench.command(&file, &url).spawn().unwrap();
        thread::sleep(Duration::from_millis(150 * round));
        command.kill().unwrap();
        was_midway += u32::from(!command.wait().unwrap().success());
        let again = bench.command(&file, &url).output().unwrap();
        let said = String::from_utf8(again.stderr).unwrap();
        let is_moved_already = said.contains("was moved from here to another place");
        assert!(again.status.success() || is_moved_already, "{said}");
        assert_same(&before, &bench.content_of_server());
        let error = bench.open(bench.file("a.db")).unwrap_err();
        assert!(matches!(error, Error::Moved(_)), "{error}");
    }
    assert!(was_midway > 1, "{was_midway}");
}
