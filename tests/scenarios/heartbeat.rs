//! An outside watcher is called after each sweep that visited everything that was due, and only then.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::Signal;
use perennial::graph_sim::{Endpoint, Fault, FaultRule, Outage};

use crate::world::daemon::Premises;
use crate::world::{Result, World};

/// What only the address of the watcher contains.
const CANARY: &str = "canary-0123456789";

/// A watcher on this machine, which answers every call with the same status.
struct Watcher {
    calls: Receiver<String>,
    url: String,
}

impl Watcher {
    fn open(status: &'static str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/ping/{CANARY}", listener.local_addr()?);
        let (called, calls) = channel();
        std::thread::spawn(move || -> std::io::Result<()> {
            loop {
                let (stream, _) = listener.accept()?;
                let mut head = String::new();
                let mut lines = BufReader::new(&stream);
                while lines.read_line(&mut head)? > 2 {}
                write!(
                    &stream,
                    "HTTP/1.1 {status}\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                )?;
                if called.send(head).is_err() {
                    return Ok(());
                }
            }
        });
        Ok(Self { calls, url })
    }

    fn is_called(&self) -> Result<String> {
        let call = self.calls.recv_timeout(Duration::from_secs(60));
        Ok(call.map_err(|error| format!("the watcher was not called: {error}"))?)
    }

    fn was_not_called(&self) {
        assert_eq!(self.calls.try_recv().ok(), None);
    }
}

/// A daemon's folder that names the watcher, with a sweep every second.
fn premises(world: &World, watcher: &Watcher) -> Result<Premises> {
    world.meta.set_now(perennial::daemon::clock::now());
    let premises = Premises::new(&world.meta.url())?;
    premises.write_secret("heartbeat.url", &watcher.url)?;
    let file = premises.path("heartbeat.url");
    let more = format!(
        "[heartbeat]\nurl = {{ file = \"{}\" }}\n[schedule]\nsweep = \"* * * * * *\"",
        file.display()
    );
    premises.configure(&world.meta.url(), &more)?;
    Ok(premises)
}

fn import(premises: &Premises, secret: &str) -> Result {
    let import = ["import", "--app", "acme", "--name", "maria"];
    let imported = premises.ask(&import, secret)?;
    assert!(imported.status.success(), "{imported:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watcher_is_called_after_a_complete_sweep_and_seldom() -> Result {
    let world = World::new().await?;
    let watcher = Watcher::open("200 OK")?;
    let premises = premises(&world, &watcher)?;
    let daemon = premises.start()?;
    let call = watcher.is_called()?;
    assert!(
        call.starts_with(&format!("GET /ping/{CANARY} HTTP/1.1\r\n")),
        "{call}"
    );

    // Several sweeps later, and after a reload, the minute is not over.
    let sweeps = |report: &str| -> Result<String> {
        let report: serde_json::Value = serde_json::from_str(report)?;
        Ok(report["sweep"]["last_finished_at"].to_string())
    };
    let status = || -> Result<String> { Ok(daemon.http("GET", "/v1/status", "")?.1) };
    let first = sweeps(&status()?)?;
    assert!(premises.ask(&["reload"], "")?.status.success());
    while sweeps(&status()?)? == first {
        std::thread::yield_now();
    }
    watcher.was_not_called();
    assert!(!status()?.contains("heartbeat"));
    assert!(daemon.stop(Signal::SIGTERM)?.success());
    watcher.was_not_called();
    let log = fs::read_to_string(premises.path("log"))?;
    assert!(!log.contains(CANARY), "{log}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_does_not_answer_well_is_a_problem_without_its_address() -> Result {
    for answer in ["404 Not Found", "302 Found"] {
        let world = World::new().await?;
        let watcher = Watcher::open(answer)?;
        let premises = premises(&world, &watcher)?;
        let daemon = premises.start()?;
        watcher.is_called()?;
        let problem = loop {
            let report = daemon.http("GET", "/v1/status", "")?.1;
            if report.contains("the heartbeat does not get through") {
                break report;
            }
            std::thread::yield_now();
        };
        assert!(problem.contains(&answer[..3]), "{problem}");
        assert!(!problem.contains(CANARY), "{problem}");
        assert!(daemon.stop(Signal::SIGTERM)?.success());
        watcher.was_not_called();
        let log = fs::read_to_string(premises.path("log"))?;
        assert!(!log.contains(CANARY), "{log}");
        let errors = log.lines().filter(|line| line.contains("ERROR"));
        assert_eq!(errors.count(), 1, "{log}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_fails_keeps_the_watcher_from_being_called() -> Result {
    let world = World::new().await?;
    let watcher = Watcher::open("200 OK")?;
    let premises = premises(&world, &watcher)?;
    let secret = world.log_in(&world.person("Maria"))?;
    world.meta.world().set_outage(Some(Outage::Unavailable));
    let daemon = premises.start()?;
    watcher.is_called()?;
    import(&premises, &secret)?;
    daemon.follow_until("app_failing")?;
    daemon.stop(Signal::SIGTERM)?;

    // At the start, the minute is over.
    let daemon = premises.start()?;
    let log = || fs::read_to_string(premises.path("log"));
    while log()?.matches("its tokens wait until").count() < 2 {
        std::thread::yield_now();
    }
    watcher.was_not_called();
    world.meta.world().set_outage(None);
    assert!(premises.ask(&["reload"], "")?.status.success());
    watcher.is_called()?;
    assert!(log()?.contains("app acme works again"));
    assert!(daemon.stop(Signal::SIGTERM)?.success());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_is_stuck_keeps_the_watcher_from_being_called() -> Result {
    let world = World::new().await?;
    let watcher = Watcher::open("200 OK")?;
    let premises = premises(&world, &watcher)?;
    let secret = world.log_in(&world.person("Maria"))?;
    let daemon = premises.start()?;
    watcher.is_called()?;
    let late = FaultRule::new(Fault::Latency(Duration::from_secs(30)));
    world.meta.world().inject(late.on(Endpoint::DebugToken));
    import(&premises, &secret)?;
    world.until_asked(Endpoint::DebugToken, 1).await;
    daemon.kill()?;

    let daemon = premises.start()?;
    world.until_asked(Endpoint::DebugToken, 2).await;
    watcher.was_not_called();
    daemon.kill()?;
    world.meta.world().heal();
    let daemon = premises.start()?;
    watcher.is_called()?;
    assert!(daemon.stop(Signal::SIGTERM)?.success());
    Ok(())
}
