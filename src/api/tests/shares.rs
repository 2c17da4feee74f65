//! A peer without any role cannot take the socket away from root, from the daemon's own user, or from the watchdog.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::world::{Served, World};
use crate::api::peer::rank;
use crate::http::Rank;

/// The variable that holds the socket's path for the other process; it is not set when the tests themselves run.
const SOCKET: &str = "PERENNIAL_TEST_SOCKET";
/// The request that it sends on each connection.
const PATH: &str = "PERENNIAL_TEST_PATH";
const NOBODY: u32 = 65_534;

#[test]
fn only_root_and_the_daemon_have_reserved_places() {
    for (uid, expected) in [
        (0, Rank::Reserved),
        (990, Rank::Reserved),
        (1000, Rank::Common),
        (NOBODY, Rank::Common),
    ] {
        assert_eq!(rank(uid, 990), expected, "{uid}");
    }
}

/// Does nothing as a test. As the other process, it opens 40 connections, counts the answers, and keeps all connections
/// open until its input ends.
#[test]
fn the_other_process() {
    let (Ok(socket), Ok(path)) = (std::env::var(SOCKET), std::env::var(PATH)) else {
        return;
    };
    let mut held = Vec::new();
    let mut statuses = Vec::new();
    for _ in 0..40 {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        statuses.push(String::from_utf8_lossy(&status[9..]).into_owned());
        held.push(stream);
    }
    let count = |wanted: &str| statuses.iter().filter(|status| *status == wanted).count();
    writeln!(
        std::io::stdout(),
        "answers: {} {}",
        count("200"),
        count("503")
    )
    .unwrap();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// The other process, and how many of its connections were answered with 200 and with 503. Only root can start it.
fn another_user(world: &World, path: &str) -> Option<(Child, String)> {
    if !nix::unistd::geteuid().is_root() {
        return None;
    }
    for (place, mode) in [(world.folder(), 0o711), (&world.socket(), 0o666)] {
        std::fs::set_permissions(place, PermissionsExt::from_mode(mode)).unwrap();
    }
    let mut child = Command::new("/proc/self/exe")
        .args([
            "--exact",
            "--nocapture",
            "api::tests::shares::the_other_process",
        ])
        .env(SOCKET, world.socket())
        .env(PATH, path)
        .uid(NOBODY)
        .gid(NOBODY)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let lines = output.by_ref().lines().map_while(Result::ok);
    let mut answers = lines.filter_map(|line| {
        let (_, answers) = line.split_once("answers: ")?;
        Some(answers.to_owned())
    });
    let answers = answers.next();
    // It also writes a few lines when it ends.
    child.stdout = Some(output.into_inner());
    Some((child, answers.unwrap()))
}

fn end(mut child: Child) {
    drop(child.stdin.take());
    child.wait_with_output().unwrap();
}

async fn is_alive(served: &Served) -> bool {
    served.client.text("/healthz").await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_holds_forty_connections_starves_neither_root_nor_the_watchdog() {
    let world = World::new();
    let served = world.serve();
    let Some((child, answers)) = tokio::task::block_in_place(|| another_user(&world, "/healthz"))
    else {
        return;
    };
    assert_eq!(answers, "20 20");
    assert!(is_alive(&served).await);
    assert!(served.probe.is_answered().await);
    end(child);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_follows_forty_times_leaves_root_its_own_places() {
    let world = World::new();
    let served = world.serve();
    let path = "/v1/events?follow=true";
    let Some((child, answers)) = tokio::task::block_in_place(|| another_user(&world, path)) else {
        return;
    };
    assert_eq!(answers, "4 36");
    let follow = crate::api::types::EventQuery {
        follow: true,
        ..Default::default()
    };
    assert!(served.client.events(&follow).await.is_ok());
    assert!(is_alive(&served).await);
    end(child);
}

#[tokio::test]
async fn the_watchdog_is_answered_while_every_place_is_taken_and_not_after_the_end() {
    let world = World::new();
    let served = world.serve();
    let mut held = Vec::new();
    for _ in 0..40 {
        held.push(served.connect().await);
    }
    assert!(served.probe.is_answered().await);
    served.stop.cancel();
    served.server.await.unwrap();
    assert!(!served.probe.is_answered().await);
}
