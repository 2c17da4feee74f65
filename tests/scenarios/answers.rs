//! The daemon is killed while it waits for an answer, reads it or records it. What was sent is sent again under the same
//! id, and nothing is lost or goes backwards.

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::world::Result;
use crate::world::company::{Company, delivered, webhook};
use crate::world::crash::Crasher;
use crate::world::daemon::{Daemon, Premises};
use crate::world::hook::{Held, Hook, Request};

const PLACES: [Held; 5] = [
    Held::Before,
    Held::InHead,
    Held::AfterHead,
    Held::InBody,
    Held::After,
];

const IN_USE: &str = "200 OK\n\n{\"in_use\": true}";

/// The versions that a webhook got, in this order, each with the id of its message.
#[derive(Debug, Default)]
struct Arrived(Vec<(u32, String)>);

impl Arrived {
    fn take(&mut self, request: &Request) -> Result<u32> {
        let body: Value = serde_json::from_str(&request.body)?;
        let version = u32::try_from(body["data"]["version"].as_u64().ok_or("no version")?)?;
        let id = request.header("webhook-id").ok_or("no id")?.to_owned();
        if let Some((last, its_id)) = self.0.last() {
            assert!(version >= *last, "{version} after {self:?}");
            assert_eq!(version == *last, id == *its_id, "{id} after {self:?}");
        }
        self.0.push((version, id));
        Ok(version)
    }

    fn times(&self, version: u32) -> usize {
        self.0.iter().filter(|(known, _)| *known == version).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_an_answer_loses_no_version_and_none_goes_backwards() -> Result {
    let hook = Hook::start()?;
    let mut company = Company::open(&webhook(&hook, "")).await?;
    company.import("maria")?;
    company.until_delivered("maria", 1)?;
    let (mut arrived, mut version) = (Arrived::default(), 1);
    arrived.take(&hook.next()?)?;
    for (held, is_replaced) in PLACES
        .iter()
        .flat_map(|held| [(*held, false), (*held, true)])
    {
        hook.will_hold(IN_USE, held);
        version += 1;
        company.replace("maria")?;
        while arrived.take(&hook.next()?)? < version {}
        let held_version = version;
        if is_replaced {
            version += 1;
            company.replace("maria")?;
            company.until_in_use("maria", version)?;
        }
        company.restart(Signal::SIGKILL)?;
        company.until_delivered("maria", version)?;
        for request in hook.rest() {
            arrived.take(&request)?;
        }
        let times = [held_version, version].map(|version| arrived.times(version));
        let is_right = match (held, is_replaced) {
            // What was answered was recorded or not.
            (Held::After, _) => times.iter().all(|times| (1..=2).contains(times)),
            // The newer one took its place.
            (_, true) => times == [1, 1],
            (_, false) => times == [2, 2],
        };
        assert!(is_right, "{held:?}, {is_replaced}: {times:?} times");
    }
    let list = company.get("/v1/deliveries?state=pending")?;
    assert_eq!(list["deliveries"], Value::Array(Vec::new()));
    let shown = company.get("/v1/tokens/maria")?;
    assert_eq!(shown["consumers"][0]["seen_version"], version, "{shown}");
    Ok(())
}

/// Starts the daemon again and again, and each time ends it one step later after an answer was given, until it gets to
/// the end of its work. Returns how often it was ended.
fn end_after_answers(
    premises: &Premises,
    mark: &Path,
    is_done: impl Fn(&Daemon) -> Result<bool>,
) -> Result<usize> {
    let crasher = Crasher::new()?;
    for step in 1.. {
        let _ = fs::remove_file(mark);
        let mut command = premises.command();
        crasher.prepare_once(command.arg("run"), mark, step);
        let mut daemon = premises.launch_by(&mut command)?;
        // While it starts or has just ended, it cannot be asked.
        while !daemon.has_ended()? && !is_done(&daemon).unwrap_or(false) {}
        if !daemon.has_ended()? {
            daemon.kill()?;
            return Ok(usize::try_from(step)? - 1);
        }
    }
    Ok(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_an_answer_is_recorded_sends_the_version_again_under_its_id() -> Result {
    let folder = tempfile::tempdir()?;
    let mark = folder.path().join("answered");
    let hook = Hook::start_with_mark(&mark)?;
    let mut company = Company::open(&webhook(&hook, "")).await?;
    hook.will_hold(IN_USE, Held::Before);
    company.import("maria")?;
    let mut arrived = Arrived::default();
    arrived.take(&hook.next()?)?;
    company.end(Signal::SIGKILL)?;

    let has = delivered("maria", 1);
    let is_done = |daemon: &Daemon| Ok(daemon.http("GET", "/v1/events", "")?.1.contains(&has));
    let crashes = end_after_answers(&company.premises, &mark, is_done)?;
    for request in hook.rest() {
        arrived.take(&request)?;
    }
    let times = arrived.times(1);
    assert!(crashes > 1, "{crashes}");
    // The last crash may come after it was recorded.
    assert!(
        (crashes + 1..=crashes + 2).contains(&times),
        "{times} times, {crashes} crashes"
    );
    let daemon = company.premises.start()?;
    let (_, journal) = daemon.http("GET", "/v1/events", "")?;
    assert_eq!(journal.matches(&has).count(), 1, "{journal}");
    assert!(hook.is_quiet());
    Ok(())
}

/// Receivers of posts, by the format of their channel.
struct Channels([(&'static str, Hook); 3]);

impl Channels {
    fn open(mark: &Path) -> Result<Self> {
        let open = || Hook::start_with_mark(mark);
        let channels = [
            ("slack", open()?),
            ("webhook", open()?),
            ("pagerduty", open()?),
        ];
        Ok(Self(channels))
    }

    /// A company with an incident that is about to be posted to all of them. The daemon is not running.
    async fn wait_for_an_incident(&self) -> Result<Company> {
        let mut company = Company::open("").await?;
        self.configure(&company)?;
        company.import("maria")?;
        company.daemon.follow_until("\"changed\"")?;
        let maria = company.person("maria");
        company.world.meta.world().change_password(&maria)?;
        company.daemon.http("POST", "/v1/tokens/maria/check", "")?;
        company.daemon.follow_until("\"incident_opened\"")?;
        company.end(Signal::SIGKILL)?;
        // An incident waits for others of the same cause.
        let waited = "UPDATE incident SET opened_at = opened_at - 600, review_at = 0";
        company.premises.tamper(waited)?;
        Ok(company)
    }

    fn configure(&self, company: &Company) -> Result {
        let file =
            |name: &str| format!("{{ file = \"{}\" }}", company.premises.path(name).display());
        let mut channels = String::new();
        for (format, hook) in &self.0 {
            company
                .premises
                .write_secret(&format!("{format}.url"), &hook.url())?;
            let url = file(&format!("{format}.url"));
            let key = match *format {
                "webhook" => format!("secret = {}", file("hook.secret")),
                "pagerduty" => format!("routing_key = {}", file("hook.secret")),
                _ => String::new(),
            };
            channels.push_str(&format!(
                "[[alerts.post]]\nname = \"{format}\"\nformat = \"{format}\"\nto = \"all\"\n\
                 url = {url}\n{key}\n"
            ));
        }
        company
            .premises
            .configure(&company.world.meta.url(), &channels)
    }
}

/// How often the journal says that a message was posted.
fn times_posted(daemon: &Daemon) -> Result<usize> {
    let (_, journal) = daemon.http("GET", "/v1/events", "")?;
    Ok(journal.matches("\"kind\":\"post_sent\"").count())
}

/// What stays the same when a message is posted again.
fn identity(format: &str, request: &Request) -> Result<String> {
    let body: Value = serde_json::from_str(&request.body)?;
    let identity = match format {
        "webhook" => request.header("webhook-id").map(str::to_owned),
        "pagerduty" => body["dedup_key"].as_str().map(str::to_owned),
        _ => Some(request.body.clone()),
    };
    Ok(identity.ok_or("no identity")?)
}

/// Holds all messages of a channel against each other. Returns their identity.
fn same(format: &str, requests: &[Request], times: RangeInclusive<usize>) -> Result<String> {
    assert!(times.contains(&requests.len()), "{format}: {requests:#?}");
    let first = identity(format, &requests[0])?;
    for request in requests {
        assert_eq!(identity(format, request)?, first);
    }
    Ok(first)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_an_answer_posts_an_incident_again_under_its_id() -> Result {
    let folder = tempfile::tempdir()?;
    let channels = Channels::open(&folder.path().join("answered"))?;
    let mut company = channels.wait_for_an_incident().await?;
    for held in PLACES {
        let hold = |(_, hook): &(_, Hook)| hook.will_hold("200 OK\n\nok", held);
        channels.0.iter().for_each(hold);
    }
    let mut received = [(); 3].map(|()| Vec::new());
    company.daemon = company.premises.start()?;
    for _ in PLACES {
        for ((_, hook), received) in channels.0.iter().zip(&mut received) {
            received.push(hook.next()?);
        }
        company.restart(Signal::SIGKILL)?;
    }
    while times_posted(&company.daemon)? < 3 {}
    let mut opened = Vec::new();
    for ((format, hook), received) in channels.0.iter().zip(&mut received) {
        received.extend(hook.rest());
        // The last answer was given: it was recorded or not.
        opened.push(same(format, received, PLACES.len()..=PLACES.len() + 1)?);
    }

    company.replace("maria")?;
    while times_posted(&company.daemon)? < 6 {}
    for ((format, hook), opened) in channels.0.iter().zip(opened) {
        let ended = same(format, &hook.rest(), 1..=1)?;
        assert_eq!(ended == opened, *format == "pagerduty", "{format}: {ended}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_an_answer_is_recorded_posts_the_incident_again_under_its_id() -> Result {
    let folder = tempfile::tempdir()?;
    let mark = folder.path().join("answered");
    let channels = Channels::open(&mark)?;
    let company = channels.wait_for_an_incident().await?;
    let is_done = |daemon: &Daemon| Ok(times_posted(daemon)? == 3);
    let crashes = end_after_answers(&company.premises, &mark, is_done)?;
    assert!(crashes > 1, "{crashes}");
    let mut repeated = 0;
    for (format, hook) in &channels.0 {
        let received = hook.rest();
        same(format, &received, 1..=crashes + 1)?;
        repeated += received.len() - 1;
    }
    assert!(repeated > 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_stopped_does_not_wait_for_a_receiver() -> Result {
    let hook = Hook::start()?;
    let mut company = Company::open(&webhook(&hook, "")).await?;
    hook.will_hold(IN_USE, Held::Before);
    company.import("maria")?;
    hook.next()?;
    let asked = Instant::now();
    assert!(company.daemon.stop(Signal::SIGTERM)?.success());
    // It would wait for twenty seconds and more.
    assert!(asked.elapsed() < Duration::from_secs(10));
    hook.will_answer(IN_USE);
    company.daemon = company.premises.start()?;
    company.until_in_use("maria", 1)
}
