//! A disk that cannot be written to: secrets can still be read, the daemon reports the problem, and it continues as
//! soon as there is room. Only root can read every secret and enter the daemon's mounts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use rusqlite::Connection;

use super::import;
use crate::world::Result;
use crate::world::crash::{on_a_full_disk, on_a_read_only_disk, on_a_small_disk};
use crate::world::daemon::{Daemon, Premises};

const NOWHERE: &str = "http://127.0.0.1:1";
const SECRET: &str = "/v1/tokens/first/secret";

/// An inventory in the folder `disk`, and a copy of that folder in its first state.
fn premises(is_started_before: bool) -> Result<Premises> {
    let premises = Premises::new(NOWHERE)?;
    let (disk, before) = (premises.path("disk"), premises.path("disk.before"));
    fs::create_dir_all(&disk)?;
    fs::create_dir_all(&before)?;
    let config = premises.path("perennial.toml");
    let text = fs::read_to_string(&config)?;
    fs::write(&config, text.replace("/inventory.db", "/disk/inventory.db"))?;
    if is_started_before {
        let daemon = premises.start()?;
        import(&premises, "first")?;
        daemon.stop(Signal::SIGTERM)?;
        fs::copy(disk.join("inventory.db"), before.join("inventory.db"))?;
    }
    Ok(premises)
}

/// Returns `None` if the test may not use mounts, which need root.
fn start(premises: &Premises, command: Option<Command>) -> Result<Option<Daemon>> {
    let is_root = nix::unistd::getuid().is_root();
    let Some(mut command) = command.filter(|_| is_root) else {
        return Ok(None);
    };
    let config = premises.path("perennial.toml").display().to_string();
    command.args(["--config", &config, "run"]);
    let daemon = premises.launch_by(command.stdin(Stdio::null()))?;
    daemon.wait_for("READY=1")?;
    Ok(Some(daemon))
}

fn is_given(daemon: &Daemon) -> Result {
    let (status, answer) = daemon.http("GET", SECRET, "")?;
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("EAAcanaryfirst"));
    Ok(())
}

fn reasons(daemon: &Daemon) -> Result<String> {
    Ok(daemon.http("GET", "/readyz", "")?.1)
}

fn until_it_can_be_written(daemon: &Daemon) -> Result {
    while reasons(daemon)?.contains("cannot be written to") {
        std::thread::yield_now();
    }
    Ok(())
}

/// Waits until the first reading of the hour is in the journal, once. The others of that hour are only counted.
fn until_recorded(daemon: &Daemon) -> Result {
    loop {
        let (status, journal) = daemon.http("GET", "/v1/events?after=0", "")?;
        assert_eq!(status, 200, "{journal}");
        let noted = journal.matches("\"secret_read\"").count();
        assert!(noted <= 1, "{journal}");
        if noted == 1 {
            return Ok(());
        }
        std::thread::yield_now();
    }
}

/// Imports tokens until one is rejected because the disk is full. Returns that answer.
fn fill_with_tokens(daemon: &Daemon) -> Result<String> {
    for n in 0..900 {
        let token =
            format!(r#"{{"app":"acme","name":"filler-{n}","access_token":"EAAcanaryfiller{n}"}}"#);
        let (status, answer) = daemon.http("POST", "/v1/tokens", &token)?;
        if status == 503 {
            return Ok(answer);
        }
    }
    Err("the disk never gets full".into())
}

/// Returns the path within the daemon's mounts.
fn inside(daemon: &Daemon, path: &Path) -> PathBuf {
    PathBuf::from(format!("/proc/{}/root{}", daemon.pid(), path.display()))
}

fn log(premises: &Premises) -> Result<String> {
    Ok(fs::read_to_string(premises.path("log"))?)
}

#[test]
fn a_secret_is_read_while_the_disk_is_full_and_recorded_once_there_is_room() -> Result {
    let premises = premises(false)?;
    let disk = premises.path("disk");
    let Some(daemon) = start(&premises, on_a_small_disk(&disk, 2))? else {
        return Ok(());
    };
    import(&premises, "first")?;
    let filler = inside(&daemon, &disk.join("filler"));
    assert!(fs::write(&filler, vec![0; 4 << 20]).is_err(), "it has room");
    let refused = fill_with_tokens(&daemon)?;
    assert!(refused.contains("inventory-unavailable"), "{refused}");
    assert!(reasons(&daemon)?.contains("the disk is full"));
    is_given(&daemon)?;
    is_given(&daemon)?;
    let status = daemon.http("GET", "/v1/status", "")?.1;
    assert!(status.contains("the disk is full"), "{status}");
    assert!(log(&premises)?.contains("secret_read of first"));

    fs::remove_file(&filler)?;
    until_it_can_be_written(&daemon)?;
    until_recorded(&daemon)?;
    daemon.stop(Signal::SIGTERM)?;
    Ok(())
}

#[test]
fn the_daemon_starts_on_a_full_disk_and_serves() -> Result {
    let premises = premises(true)?;
    let disk = premises.path("disk");
    let Some(daemon) = start(&premises, on_a_full_disk(&disk, 2))? else {
        return Ok(());
    };
    is_given(&daemon)?;
    assert!(
        reasons(&daemon)?.contains("the disk is full"),
        "{}",
        reasons(&daemon)?
    );
    fs::remove_file(inside(&daemon, &disk.join("filler")))?;
    until_it_can_be_written(&daemon)?;
    until_recorded(&daemon)?;
    import(&premises, "second")?;
    daemon.stop(Signal::SIGTERM)?;
    Ok(())
}

#[test]
fn the_daemon_starts_on_a_read_only_disk_and_serves() -> Result {
    let premises = premises(true)?;
    let disk = premises.path("disk");
    let Some(daemon) = start(&premises, on_a_read_only_disk(&disk))? else {
        return Ok(());
    };
    is_given(&daemon)?;
    assert!(
        reasons(&daemon)?.contains("is read-only"),
        "{}",
        reasons(&daemon)?
    );
    make_writable(&daemon, &disk)?;
    until_it_can_be_written(&daemon)?;
    until_recorded(&daemon)?;
    import(&premises, "second")?;
    daemon.stop(Signal::SIGTERM)?;
    Ok(())
}

/// A crash leaves the write-ahead log and its index behind. The changes in them count.
#[test]
fn what_a_crash_left_in_the_log_is_served_from_a_read_only_disk() -> Result {
    let premises = premises(true)?;
    let daemon = premises.start()?;
    import(&premises, "second")?;
    daemon.kill()?;
    let command = on_a_read_only_disk(&premises.path("disk"));
    let Some(daemon) = start(&premises, command)? else {
        return Ok(());
    };
    is_given(&daemon)?;
    assert_eq!(daemon.http("GET", "/v1/tokens/second", "")?.0, 200);
    daemon.stop(Signal::SIGTERM)?;
    Ok(())
}

/// The daemon first opens what the crash left read-only, with an index that it cannot write.
#[test]
fn what_a_crash_left_is_written_to_again_once_the_disk_is_writable() -> Result {
    let premises = premises(true)?;
    premises.start()?.kill()?;
    let disk = premises.path("disk");
    let Some(daemon) = start(&premises, on_a_read_only_disk(&disk))? else {
        return Ok(());
    };
    is_given(&daemon)?;
    make_writable(&daemon, &disk)?;
    until_it_can_be_written(&daemon)?;
    until_recorded(&daemon)?;
    daemon.stop(Signal::SIGTERM)?;
    Ok(())
}

fn make_writable(daemon: &Daemon, disk: &Path) -> Result {
    let made = Command::new("nsenter")
        .args(["-t", &daemon.pid().to_string(), "-m"])
        .args(["mount", "-o", "remount,bind,rw"])
        .arg(disk)
        .status()?;
    assert!(made.success());
    Ok(())
}

#[test]
fn an_outsider_who_locks_the_inventory_keeps_no_secret_from_its_reader() -> Result {
    if !nix::unistd::getuid().is_root() {
        return Ok(());
    }
    let premises = premises(true)?;
    let outsider = Connection::open(premises.path("disk/inventory.db"))?;
    outsider.execute_batch("BEGIN EXCLUSIVE")?;
    // Even a daemon that starts while the lock is held serves secrets.
    let daemon = premises.start()?;
    is_given(&daemon)?;
    let reasons = reasons(&daemon)?;
    assert!(reasons.contains("holds the lock"), "{reasons}");
    let order = daemon.http("POST", "/v1/tokens/first/check", "")?.1;
    assert!(order.contains("inventory-unavailable"), "{order}");
    assert!(!order.contains("stopping"), "{order}");
    outsider.execute_batch("ROLLBACK")?;
    until_it_can_be_written(&daemon)?;
    until_recorded(&daemon)?;
    daemon.stop(Signal::SIGTERM)?;
    Ok(())
}

#[test]
fn an_inventory_that_cannot_be_opened_needs_a_person() -> Result {
    let premises = Premises::new(NOWHERE)?;
    fs::create_dir(premises.path("inventory.db"))?;
    let output = premises.ask(&["run"], "")?;
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    Ok(())
}
