//! Lost keys, altered rows, full disks, daemons that keep crashing.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;
use perennial::graph_sim::{Endpoint, Fault, FaultRule};

use super::{ended, import};
use crate::world::crash::on_a_small_disk;
use crate::world::daemon::Premises;
use crate::world::{Result, World, hours};

const NOWHERE: &str = "http://127.0.0.1:1";

#[test]
fn a_lost_key_gives_a_clear_error_and_changes_nothing() -> Result {
    let premises = Premises::new(NOWHERE)?;
    let daemon = premises.start()?;
    import(&premises, "first")?;
    daemon.stop(Signal::SIGTERM)?;
    let before = premises.stored()?;
    fs::remove_file(premises.path("inventory.key"))?;
    ended(
        &premises.ask(&["run"], "")?,
        78,
        &["[inventory.key] file: there is no such file"],
    );
    ended(
        &premises.ask(&["rekey"], "")?,
        1,
        &["Restore it from your copy"],
    );
    premises.write_secret(
        "inventory.key",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=",
    )?;
    ended(
        &premises.ask(&["run"], "")?,
        78,
        &["was sealed with key", "If that key is lost"],
    );
    assert!(premises.stored()? == before);
    Ok(())
}

#[test]
fn an_altered_row_says_what_alone_heals_it() -> Result {
    let premises = Premises::new(NOWHERE)?;
    let daemon = premises.start()?;
    import(&premises, "first")?;
    import(&premises, "second")?;
    premises.tamper("UPDATE version SET secret = zeroblob(200) WHERE token = 1")?;
    let (status, answer) = daemon.http("GET", "/v1/tokens/first/secret", "")?;
    if nix::unistd::getuid().is_root() {
        assert_eq!(status, 503, "{answer}");
        assert!(
            answer.contains("perennial forget first, then perennial import"),
            "{answer}"
        );
        assert_eq!(daemon.http("GET", "/v1/tokens/second/secret", "")?.0, 200);
    }
    daemon.stop(Signal::SIGTERM)?;
    let copy = premises.path("copy.db").display().to_string();
    ended(&premises.ask(&["backup", &copy], "")?, 0, &[]);
    ended(
        &premises.ask(&["restore", &copy], "")?,
        2,
        &["1 of them cannot be opened: import it again"],
    );
    Ok(())
}

#[test]
fn a_row_with_an_unknown_value_is_named_and_hides_no_other() -> Result {
    let premises = Premises::new(NOWHERE)?;
    let daemon = premises.start()?;
    import(&premises, "first")?;
    import(&premises, "second")?;
    premises.tamper("UPDATE token SET owners = 'nobody' WHERE name = 'first'")?;
    let (status, answer) = daemon.http("GET", "/v1/tokens/first", "")?;
    assert_eq!(status, 503, "{answer}");
    assert!(answer.contains("of token first"), "{answer}");
    assert!(answer.contains("perennial restore"), "{answer}");
    let (status, list) = daemon.http("GET", "/v1/tokens", "")?;
    assert_eq!(status, 200, "{list}");
    assert!(
        list.contains("\"second\"") && !list.contains("\"first\""),
        "{list}"
    );
    assert!(daemon.stop(Signal::SIGTERM)?.success());
    premises.start()?.stop(Signal::SIGTERM)?;
    Ok(())
}

#[test]
fn a_daemon_that_does_not_stay_up_is_seen() -> Result {
    let premises = Premises::new(NOWHERE)?;
    premises.start()?.stop(Signal::SIGTERM)?;
    for _ in 0..3 {
        premises.start()?.kill()?;
    }
    let daemon = premises.start()?;
    let mut status = String::new();
    // The status is published after the first sweep.
    while !status.contains("\"crashes_last_hour\":3") {
        status = daemon.http("GET", "/v1/status", "")?.1;
        std::thread::yield_now();
    }
    assert!(
        status.contains("the daemon crashed 3 times within the last hour"),
        "{status}"
    );
    Ok(())
}

#[test]
fn a_full_disk_stops_neither_the_answers_nor_the_daemon() -> Result {
    let premises = Premises::new(NOWHERE)?;
    let disk = premises.path("disk");
    let before = premises.path("disk.before");
    fs::create_dir_all(&disk)?;
    fs::create_dir_all(&before)?;
    let Some(mut command) = on_a_small_disk(&disk, 2) else {
        println!("no disk of its own can be had here");
        return Ok(());
    };
    let text = fs::read_to_string(premises.path("perennial.toml"))?;
    let text = text.replace("/inventory.db", "/disk/inventory.db");
    fs::write(premises.path("perennial.toml"), text)?;
    let config = premises.path("perennial.toml").display().to_string();
    command.args(["--config", &config, "run"]).process_group(0);
    let daemon = premises.launch_by(command.stdin(Stdio::null()))?;
    daemon.wait_for("READY=1")?;

    import(&premises, "first")?;
    let mut csv = "name,access_token\n".to_owned();
    (0..4_000).for_each(|n| csv.push_str(&format!("t-{n},EAAcanary{n:0200}\n")));
    fs::write(premises.path("many.csv"), csv)?;
    let many = premises.path("many.csv").display().to_string();
    let output = premises.ask(&["import", "--app", "acme", &many], "")?;
    ended(
        &output,
        1,
        &["the inventory's disk is full", "until there is free space"],
    );
    assert_eq!(daemon.http("GET", "/v1/tokens/first", "")?.0, 200);
    let ready = daemon.http("GET", "/readyz", "")?.1;
    assert!(
        ready.contains("the inventory cannot be written to"),
        "{ready}"
    );
    daemon.stop(Signal::SIGTERM)?;
    Ok(())
}

#[test]
fn a_clock_before_the_newest_event_judges_nothing() -> Result {
    let premises = Premises::new(NOWHERE)?;
    premises.configure(NOWHERE, "[schedule]\nsweep = \"* * * * * *\"")?;
    premises.start()?.stop(Signal::SIGTERM)?;
    premises.tamper("INSERT INTO event (at, kind) VALUES (unixepoch() + 86400, 'started')")?;
    let daemon = premises.start()?;
    import(&premises, "first")?;
    let until = |waits: bool| -> Result {
        loop {
            let ready = daemon.http("GET", "/readyz", "")?.1;
            if ready.contains("earlier than the newest event") == waits {
                return Ok(());
            }
            std::thread::yield_now();
        }
    };
    until(true)?;
    let checked = daemon.http("GET", "/v1/tokens/first", "")?.1;
    assert!(checked.contains("\"unverified\""), "{checked}");
    // The clock is set right or, which has the same effect, the day has come.
    premises.tamper("UPDATE event SET at = unixepoch() WHERE at > unixepoch()")?;
    until(false)?;
    assert!(daemon.stop(Signal::SIGTERM)?.success());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_far_from_meta_s_is_reported() -> Result {
    let world = World::new().await?;
    world
        .meta
        .set_now(perennial::daemon::clock::now() + hours(2));
    let premises = Premises::new(&world.meta.url())?;
    let daemon = premises.start()?;
    import(&premises, "first")?;
    while !daemon
        .http("GET", "/v1/status", "")?
        .1
        .contains("minutes behind Meta's. Correct it")
    {
        std::thread::yield_now();
    }
    Ok(())
}

/// The lock on the file proves that no other process works on the tokens that a killed daemon had claimed.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_daemon_had_claimed_is_checked_at_the_next_start() -> Result {
    let world = World::new().await?;
    world.meta.set_now(perennial::daemon::clock::now());
    let premises = Premises::new(&world.meta.url())?;
    let daemon = premises.start()?;
    let late = FaultRule::new(Fault::Latency(Duration::from_secs(30)));
    world.meta.world().inject(late.on(Endpoint::DebugToken));
    import(&premises, "first")?;
    world.until_asked(Endpoint::DebugToken, 1).await;
    daemon.kill()?;

    world.meta.world().heal();
    let daemon = premises.start()?;
    daemon.follow_until("\"changed\"")?;
    assert!(daemon.stop(Signal::SIGTERM)?.success());
    Ok(())
}

/// A clock was two months ahead for nine seconds: due dates and the newest event are in the future.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_clock_that_was_ahead_wrote_heals_when_meta_s_agrees() -> Result {
    let world = World::new().await?;
    world.meta.set_now(perennial::daemon::clock::now());
    let premises = Premises::new(&world.meta.url())?;
    let daemon = premises.start()?;
    let maria = world.person("Maria");
    let secret = world.log_in(&maria)?;
    let import = ["import", "--app", "acme", "--name", "maria"];
    ended(&premises.ask(&import, &secret)?, 0, &[]);
    daemon.follow_until("\"healthy\"")?;
    daemon.stop(Signal::SIGTERM)?;
    premises.tamper(
        "INSERT INTO event (at, kind) VALUES (unixepoch() + 5184000, 'started');
         UPDATE schedule SET due_at = unixepoch() + 5184000, checked_at = unixepoch() + 5184000",
    )?;

    let daemon = premises.start()?;
    let wrong = daemon.http("GET", "/v1/tokens/maria", "")?.1;
    let checked_at = |body: &str| Some(body.split_once("\"checked_at\":")?.1[..24].to_owned());
    let healed = || -> Result<bool> {
        let ready = daemon.http("GET", "/readyz", "")?.0 == 200;
        let token = daemon.http("GET", "/v1/tokens/maria", "")?.1;
        Ok(ready && checked_at(&token) < checked_at(&wrong))
    };
    while !healed()? {
        std::thread::yield_now();
    }
    assert!(daemon.stop(Signal::SIGTERM)?.success());
    Ok(())
}
