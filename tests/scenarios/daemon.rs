//! The real program: started, queried, reloaded and stopped. Secrets appear only where they must.

use std::fs;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use perennial::graph_sim::{Endpoint, Outage, SystemUserValidity};

use crate::world::daemon::{Daemon, PROGRAM, Premises};
use crate::world::{APP, APP_SECRET, Result, SCOPES, World, days};

/// Imports a token over the socket, as a program would.
fn import(daemon: &Daemon, name: &str, token: &str) -> Result {
    let body = format!(
        r#"{{"app":"acme","name":"{name}","access_token":"{token}","owners":["maria@example.com"]}}"#
    );
    let (status, answer) = daemon.http("POST", "/v1/tokens", &body)?;
    assert_eq!(status, 201, "{answer}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_started_asked_reloaded_and_stopped() -> Result {
    let world = World::new().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    // The daemon uses the real time, so the simulated Meta must, too.
    world.meta.set_now(jiff::Timestamp::from_second(
        fs::metadata(PROGRAM)?
            .modified()?
            .duration_since(std::time::UNIX_EPOCH)?
            .as_secs()
            .try_into()?,
    )?);
    let premises = Premises::new(&world.meta.url())?;
    let daemon = premises.start()?;

    import(&daemon, "acme-maria", &token)?;
    daemon.http("POST", "/v1/tokens/acme-maria/check", "")?;
    daemon.follow_until("\"checked\"")?;
    let (status, report) = daemon.http("GET", "/v1/status", "")?;
    assert_eq!(status, 200);
    let report: serde_json::Value = serde_json::from_str(&report)?;
    assert_eq!(report["tokens"]["total"], 1, "{report}");
    assert_eq!(report["tokens"]["unverified"], 0, "{report}");

    // A configuration with a typo is rejected, and the daemon keeps the old one.
    premises.configure(&world.meta.url(), "vievers = [\"*\"]")?;
    let refused = premises.ask(&["--socket", socket(&premises)?.as_str(), "reload"], "")?;
    assert_eq!(refused.status.code(), Some(1));
    let words = String::from_utf8(refused.stderr)? + &String::from_utf8(refused.stdout)?;
    assert!(words.contains("vievers"), "{words}");
    assert_eq!(daemon.http("GET", "/healthz", "")?.0, 200);

    premises.configure(&world.meta.url(), "viewers = [\"*\"]")?;
    daemon.signal(Signal::SIGHUP)?;
    let said = daemon.wait_for("RELOADING=1")?;
    assert!(
        said.contains("MONOTONIC_USEC="),
        "both in one datagram: {said}"
    );
    daemon.wait_for("READY=1")?;
    assert_eq!(daemon.http("GET", "/v1/status", "")?.0, 200);

    let ended = daemon.stop(Signal::SIGTERM)?;
    assert!(ended.success(), "{ended}");
    assert!(
        !premises.path("perennial.sock").exists(),
        "the socket is tidied away"
    );

    // A restarted daemon still knows its tokens.
    let daemon = premises.start()?;
    let (_, token) = daemon.http("GET", "/v1/tokens/acme-maria", "")?;
    assert!(token.contains("\"kind\":\"user\""), "{token}");
    assert!(daemon.stop(Signal::SIGINT)?.success());
    Ok(())
}

fn socket(premises: &Premises) -> Result<String> {
    Ok(premises
        .path("perennial.sock")
        .to_str()
        .ok_or("not text")?
        .to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_start_on_what_is_wrong_and_says_what_to_do() -> Result {
    let world = World::new().await?;
    let premises = Premises::new(&world.meta.url())?;
    premises.start()?.stop(Signal::SIGTERM)?;
    let before = premises.stored()?;

    premises.write_secret(
        "inventory.key",
        "bm90IHRoZSBzYW1lIGtleSBhdCBhbGwsIDMyIGJ5dGU=",
    )?;
    let ended = premises.ask(&["run"], "")?;
    assert_eq!(
        ended.status.code(),
        Some(78),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    assert!(String::from_utf8(ended.stderr)?.contains("was sealed with key"));
    assert!(premises.stored()? == before, "it was written to");

    premises.write_secret("inventory.key", &premises.key)?;
    premises.configure(&world.meta.url(), "[inventry]")?;
    let ended = premises.ask(&["run"], "")?;
    assert_eq!(ended.status.code(), Some(78));
    assert!(String::from_utf8(ended.stderr)?.contains("inventry"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_on_a_file_is_refused() -> Result {
    let world = World::new().await?;
    let premises = Premises::new(&world.meta.url())?;
    let first = premises.start()?;
    let second = premises.ask(&["run"], "")?;
    assert!(!second.status.success());
    assert!(String::from_utf8(second.stderr)?.contains("another perennial is using"));
    assert_eq!(
        first.http("GET", "/healthz", "")?.0,
        200,
        "the first goes on"
    );
    Ok(())
}

/// Runs a whole scenario at trace level. Nothing that people, programs or a thief of the disk can read contains a
/// secret, except the one answer that was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_shows_anywhere() -> Result {
    let world = World::new().await?;
    let premises = Premises::new(&world.meta.url())?;
    let daemon = premises.start()?;
    let mut secrets = live_through_everything(&world, &daemon)?;
    secrets.extend([APP_SECRET.to_owned(), premises.key.clone()]);

    let mut seen = what_others_see(&daemon)?;
    daemon.stop(Signal::SIGTERM)?;
    files(premises.path("").as_path(), &mut seen)?;
    for trace in ["log", ".eml"] {
        assert!(seen.iter().any(|(place, _)| place.ends_with(trace)));
    }
    for (place, content) in &seen {
        let belongs = place.ends_with(".key") || place.ends_with(".secret");
        let shows = secrets.iter().any(|secret| holds(content, secret));
        assert!(!shows || belongs, "a secret shows in {place}");
    }
    Ok(())
}

fn holds(content: &[u8], secret: &str) -> bool {
    let mut windows = content.windows(secret.len());
    windows.any(|window| window == secret.as_bytes())
}

/// Import, renewal, a death, an email, a new token, an outage. Returns every token that existed.
fn live_through_everything(world: &World, daemon: &Daemon) -> Result<Vec<String>> {
    let now = perennial::daemon::clock::now();
    world.meta.set_now(now - days(40));
    let maria = world.person("Maria");
    let user = world.log_in(&maria)?;
    let (_, page) = world.page(&maria, "Bakery", &user)?;
    let robot = robot(world)?;
    world.meta.set_now(now);
    for (name, token) in [
        ("acme-maria", &user),
        ("acme-bakery", &page),
        ("acme-robot", &robot),
    ] {
        import(daemon, name, token)?;
        daemon.http("POST", &format!("/v1/tokens/{name}/rotate"), "")?;
    }
    daemon.follow_until("\"rotated\"")?;
    world.meta.world().change_password(&maria)?;
    daemon.http("POST", "/v1/tokens/acme-maria/check", "")?;
    daemon.follow_until("incident_opened")?;
    let candidate = world.log_in(&maria)?;
    hand_in(daemon, &candidate)?;
    daemon.http("POST", "/v1/mail-test", "{}")?;
    daemon.follow_until("email_sent")?;
    // Errors make programs log more.
    world.meta.world().set_outage(Some(Outage::Reset));
    daemon.http("POST", "/v1/tokens/acme-bakery/check", "")?;
    daemon.follow_until("app_failing")?;
    assert!(world.meta.world().call_log().calls(Endpoint::DebugToken) > 0);
    Ok(vec![user, page, robot, candidate])
}

fn robot(world: &World) -> Result<String> {
    let mut meta = world.meta.world();
    let robot = meta.add_system_user(APP, "robot")?;
    Ok(meta.system_user_token(APP, &robot, SCOPES, SystemUserValidity::SixtyDays)?)
}

/// Uploads a new secret for Maria's token, and reads it back in the one answer that contains it.
fn hand_in(daemon: &Daemon, candidate: &str) -> Result {
    let path = "/v1/tokens/acme-maria/secret";
    let offered = format!(r#"{{"access_token":"{candidate}"}}"#);
    assert_eq!(daemon.http("PUT", path, &offered)?.0, 202);
    daemon.follow_until("candidate_accepted")?;
    let (status, answer) = daemon.http("GET", path, "")?;
    let reads = nix::unistd::getuid().is_root();
    assert_eq!(status, if reads { 200 } else { 403 });
    assert_eq!(answer.contains(candidate), reads);
    Ok(())
}

/// Without systemd, nothing else prevents core dumps of a crashed daemon.
#[test]
fn no_crash_writes_the_memory_to_a_disk() -> Result {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -c unlimited; exec \"$@\"", "sh", PROGRAM]);
    command.args(["graph-sim", "--listen", "127.0.0.1:0"]);
    // Root owns its own files in /proc in any case. With another user, root owns them only if core dumps are forbidden.
    if nix::unistd::getuid().is_root() && may_be_run_by(NOBODY)? {
        command.uid(NOBODY);
    }
    let mut process = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // The first byte on either stream shows that it runs.
    let (out, err) = (process.stdout.take(), process.stderr.take());
    let mut word = [0; 1];
    match (out, err) {
        (Some(mut out), Some(err)) => {
            std::thread::spawn(move || std::io::copy(&mut { err }, &mut std::io::sink()));
            out.read_exact(&mut word)?;
        }
        _ => return Err("no streams".into()),
    }
    let of_it = |file: &str| format!("/proc/{}/{file}", process.id());
    let limits = fs::read_to_string(of_it("limits"))?;
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let words: Vec<&str> = core.unwrap_or_default().split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{limits}");
    assert_eq!(fs::metadata(of_it("environ"))?.uid(), 0, "it is dumpable");
    process.kill()?;
    process.wait()?;
    Ok(())
}

const NOBODY: u32 = 65_534;

fn may_be_run_by(user: u32) -> Result<bool> {
    let look = Command::new("test")
        .args(["-x", PROGRAM])
        .uid(user)
        .status()?;
    Ok(look.success())
}

/// The answers of the socket and what /proc shows of the process, by source.
fn what_others_see(daemon: &Daemon) -> Result<Vec<(String, Vec<u8>)>> {
    let mut seen = Vec::new();
    for path in [
        "/v1/status",
        "/v1/tokens",
        "/v1/tokens/acme-maria",
        "/v1/incidents",
        "/v1/events?after=0",
        "/metrics",
        "/readyz",
        "/openapi.json",
    ] {
        let (_, answer) = daemon.http("GET", path, "")?;
        seen.push((path.to_owned(), answer.into_bytes()));
    }
    for file in ["cmdline", "environ"] {
        // Only root may read some of these files.
        match fs::read(format!("/proc/{}/{file}", daemon.pid())) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
            content => seen.push((file.to_owned(), content?)),
        }
    }
    Ok(seen)
}

fn files(folder: &Path, seen: &mut Vec<(String, Vec<u8>)>) -> Result {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, seen)?;
        } else if path.is_file() {
            seen.push((path.display().to_string(), fs::read(&path)?));
        }
    }
    Ok(())
}
