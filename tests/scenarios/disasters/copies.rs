//! Backups under load, by command and by schedule, and how to restore them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;
use perennial::secret::Key;

use super::{ended, import};
use crate::world::Result;
use crate::world::daemon::Premises;

const NOWHERE: &str = "http://127.0.0.1:1";

/// SQLite calls the file sound.
const UNKNOWN_KIND: &str =
    "INSERT INTO checked_total (app, kind, state, tokens) VALUES ('acme', 'system', 'healthy', 1)";

#[test]
fn a_copy_is_whole_though_the_daemon_writes_meanwhile() -> Result {
    let premises = Premises::new(NOWHERE)?;
    let daemon = premises.start()?;
    import(&premises, "first")?;
    let file = premises.path("copy.db").display().to_string();
    copy_under_load(&premises, &file)?;
    assert_eq!(fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
    ended(
        &premises.ask(&["backup", &file], "")?,
        1,
        &["already exists and is not overwritten"],
    );
    let in_use = premises.ask(&["restore", "--yes", &file], "")?;
    ended(
        &in_use,
        1,
        &["another perennial is using", "systemctl stop perennial"],
    );
    daemon.stop(Signal::SIGTERM)?;

    ended(
        &premises.ask(&["restore", "--yes", &file], "")?,
        0,
        &[
            "is sound: ",
            "3,001 tokens",
            "is lost",
            "The previous inventory is kept: ",
            "systemctl start",
        ],
    );
    let daemon = premises.start()?;
    assert_eq!(daemon.http("GET", "/v1/tokens/first", "")?.0, 200);
    assert!(
        daemon
            .http("GET", "/v1/events?after=0", "")?
            .1
            .contains("\"restored\"")
    );
    daemon.stop(Signal::SIGTERM)?;
    // The inventory of a stopped daemon can be copied, too.
    let stopped = premises.path("stopped.db").display().to_string();
    ended(
        &premises.ask(&["backup", &stopped], "")?,
        0,
        &["is a complete, checked copy"],
    );
    premises.start()?.stop(Signal::SIGTERM)?;
    Ok(())
}

fn copy_under_load(premises: &Premises, file: &str) -> Result {
    let mut csv = "name,access_token\n".to_owned();
    (0..3_000).for_each(|n| csv.push_str(&format!("t-{n},EAAcanary{n}\n")));
    fs::write(premises.path("many.csv"), csv)?;
    let many = premises.path("many.csv").display().to_string();
    std::thread::scope(|scope| -> Result {
        let load = scope.spawn(|| {
            premises
                .ask(&["import", "--app", "acme", &many], "")
                .map_err(|error| error.to_string())
        });
        ended(
            &premises.ask(&["backup", file], "")?,
            0,
            &["is a complete, checked copy", "inventory.key"],
        );
        ended(
            &load.join().map_err(|_| "the load ended")??,
            0,
            &["3,000 added"],
        );
        Ok(())
    })
}

#[test]
fn what_is_no_sound_copy_is_refused_and_changes_nothing() -> Result {
    let premises = Premises::new(NOWHERE)?;
    let daemon = premises.start()?;
    import(&premises, "first")?;
    let path = |name: &str| premises.path(name).display().to_string();
    ended(&premises.ask(&["backup", &path("good.db")], "")?, 0, &[]);
    daemon.stop(Signal::SIGTERM)?;
    let good = fs::read(premises.path("good.db"))?;

    let mut broken = good.clone();
    broken[20_000..60_000].fill(0x5a);
    fs::write(premises.path("broken.db"), broken)?;
    fs::write(premises.path("cut.db"), &good[..good.len() / 2])?;
    fs::write(premises.path("email.txt"), "Dear inventory")?;
    fs::write(premises.path("empty.db"), "")?;
    fs::write(premises.path("newer.db"), &good)?;
    premises.tamper_with("newer.db", "PRAGMA user_version = 999")?;
    fs::write(premises.path("odd.db"), &good)?;
    premises.tamper_with("odd.db", UNKNOWN_KIND)?;
    premises.write_secret("other.key", &Key::generate()?.to_base64())?;
    let before = fs::read(premises.path("inventory.db"))?;

    for (arguments, words) in [
        (vec![path("broken.db")], "is damaged"),
        (vec![path("cut.db")], "is damaged"),
        (
            vec![path("odd.db")],
            "odd.db is damaged (an unknown value: \"system\" in column 1)",
        ),
        (vec![path("email.txt")], "is not an inventory of perennial"),
        (vec![path("empty.db")], "is not an inventory of perennial"),
        (
            vec![path("newer.db")],
            "was written by a newer perennial (schema 999",
        ),
        (vec![path("nothing.db")], "entity not found"),
        (
            vec![path("good.db"), "--key-file".to_owned(), path("other.key")],
            "was sealed with key",
        ),
        (
            vec![path("good.db"), "--key-file".to_owned(), path("no.key")],
            "Restore it",
        ),
    ] {
        let mut line = vec!["restore", "--yes"];
        line.extend(arguments.iter().map(String::as_str));
        ended(&premises.ask(&line, "")?, 1, &[words]);
        assert!(
            fs::read(premises.path("inventory.db"))? == before,
            "{words}"
        );
    }
    let unasked = premises.ask(&["restore", &path("good.db")], "")?;
    ended(&unasked, 2, &["nothing is lost", "restore --yes"]);
    assert!(fs::read(premises.path("inventory.db"))? == before);
    Ok(())
}

#[test]
fn a_damaged_inventory_is_not_started_on_and_a_copy_heals_it() -> Result {
    let premises = Premises::new(NOWHERE)?;
    let daemon = premises.start()?;
    import(&premises, "first")?;
    let copy = premises.path("good.db").display().to_string();
    ended(&premises.ask(&["backup", &copy], "")?, 0, &[]);
    daemon.stop(Signal::SIGTERM)?;
    let mut broken = fs::read(premises.path("inventory.db"))?;
    broken[8_192..40_960].fill(0x5a);
    fs::write(premises.path("inventory.db"), &broken)?;

    ended(
        &premises.ask(&["run"], "")?,
        78,
        &["is damaged", "perennial restore FILE"],
    );
    ended(&premises.ask(&["backup", "/nowhere/x.db"], "")?, 1, &[]);
    assert!(
        fs::read(premises.path("inventory.db"))? == broken,
        "it was written to"
    );
    let output = premises.ask(&["restore", "--yes", &copy], "")?;
    ended(
        &output,
        0,
        &[
            "The present inventory cannot be read",
            "The previous inventory is kept: ",
        ],
    );
    let daemon = premises.start()?;
    assert_eq!(daemon.http("GET", "/v1/tokens/first", "")?.0, 200);
    Ok(())
}

#[test]
fn a_total_of_an_unknown_kind_is_a_damage_like_others() -> Result {
    let premises = Premises::new(NOWHERE)?;
    premises.start()?.stop(Signal::SIGTERM)?;
    premises.tamper_with("inventory.db", UNKNOWN_KIND)?;
    ended(
        &premises.ask(&["run"], "")?,
        78,
        &["inventory.db is damaged", "perennial restore FILE"],
    );
    Ok(())
}

#[test]
fn the_nightly_copies_are_made_pruned_and_missed() -> Result {
    let premises = Premises::new(NOWHERE)?;
    premises.configure(NOWHERE, "[schedule]\nbackup = \"* * * * * *\"")?;
    let daemon = premises.start()?;
    let folder = premises.path("backups");
    let made = |n: usize| -> Result {
        let mut after = 0;
        while after < n {
            let seen = daemon.follow_until("backed_up")?;
            after = after.max(seen.matches("backed_up").count());
            std::thread::yield_now();
        }
        Ok(())
    };
    made(1)?;
    let copies = || fs::read_dir(&folder).map(Iterator::count);
    assert!(copies()? >= 1);
    // A file blocks the path of the folder: the status reports the failure.
    fs::remove_dir_all(&folder)?;
    fs::write(&folder, "in the way")?;
    daemon.follow_until("backup_failed")?;
    let status = daemon.http("GET", "/v1/status", "")?.1;
    assert!(
        status.contains("the backup of the inventory failed, the newest is of "),
        "{status}"
    );
    daemon.stop(Signal::SIGTERM)?;
    Ok(())
}
