//! What an operator and a program see when the inventory's server fails: a standby takes over without the last commits, or
//! the server is away for a while. Each story has a server of its own. Without PostgreSQL there is none to tell.

use std::fs;
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use jiff::Timestamp;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::world::daemon::{Daemon, Premises};
use crate::world::database::Database;
use crate::world::{Result, World};

/// What takes longer never happens.
const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon whose inventory is in a new database of a server, and the Meta that it asks.
struct Company {
    _meta: World,
    premises: Premises,
    daemon: Daemon,
}

impl Company {
    /// With these lines more in `[inventory]`, and these tokens.
    async fn on(cluster: &Cluster, more: &str, tokens: [&str; 2]) -> Result<Self> {
        let meta = World::new().await?;
        cluster.create_database("perennial");
        let mut premises = Premises::new(&meta.meta.url())?;
        let url = cluster.url("perennial");
        premises.write_secret("inventory.url", &url)?;
        premises.database = Database::Server { url };
        premises.configure(&meta.meta.url(), "")?;
        let path = premises.path("perennial.toml");
        let text = fs::read_to_string(&path)?.replace("[alerts]", &format!("{more}\n[alerts]"));
        fs::write(path, text)?;
        meta.meta.set_now(now_of_the_daemon(&premises)?);
        let daemon = premises.start()?;
        for name in tokens {
            let secret = meta.log_in(&meta.person(name))?;
            let token = json!({"app": "acme", "name": name, "access_token": secret}).to_string();
            let (status, answer) = daemon.http("POST", "/v1/tokens", &token)?;
            assert_eq!(status, 201, "{answer}");
            until(&format!("{name} is healthy"), || {
                Ok(asked(&daemon, &format!("/v1/tokens/{name}"))?["state"] == "healthy")
            })?;
        }
        Ok(Self {
            _meta: meta,
            premises,
            daemon,
        })
    }

    /// What a command prints for people, and its exit code.
    fn said(&self, arguments: &[&str]) -> Result<(Option<i32>, String)> {
        let output = self.premises.ask(arguments, "")?;
        let text = String::from_utf8([output.stdout, output.stderr].concat())?;
        Ok((output.status.code(), text))
    }

    fn emails(&self) -> Result<Vec<String>> {
        let files = fs::read_dir(self.premises.path("mail"))?;
        files
            .map(|file| Ok(fs::read_to_string(file?.path())?))
            .collect()
    }
}

/// The daemon uses the real time, so the simulated Meta must, too. It is that of a file that was written just now.
fn now_of_the_daemon(premises: &Premises) -> Result<Timestamp> {
    let written = fs::metadata(premises.path("perennial.toml"))?.modified()?;
    let now = written.duration_since(UNIX_EPOCH)?;
    Ok(Timestamp::from_second(now.as_secs().try_into()?)?)
}

fn asked(daemon: &Daemon, path: &str) -> Result<Value> {
    let (status, answer) = daemon.http("GET", path, "")?;
    assert_eq!(status, 200, "{answer}");
    Ok(serde_json::from_str(&answer)?)
}

fn until(what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result {
    let since = Instant::now();
    while !is_so()? {
        assert!(since.elapsed() < PATIENCE, "not within a minute: {what}");
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// Takes the newest rows away, as a standby does that takes over without having received them.
const FAIL_OVER: &str = "
    DELETE FROM event WHERE id >= (SELECT min(id) FROM event WHERE name = 'acme-otto');
    DELETE FROM token WHERE name = 'acme-otto';";

/// An incident waits two minutes before its email.
const TWO_MINUTES_LATER: &str =
    "UPDATE incident SET opened_at = opened_at - 120, review_at = opened_at - 120;";

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_a_fail_over_lost_are_one_incident() -> Result {
    let Some(cluster) = Cluster::own(&[]) else {
        return Ok(());
    };
    let company = Company::on(&cluster, "", ["acme-maria", "acme-otto"]).await?;
    let daemon = &company.daemon;
    // Every few seconds the daemon notes the newest event.
    thread::sleep(Duration::from_secs(8));
    cluster.psql("perennial", FAIL_OVER);
    daemon.follow_until("commits_lost")?;

    let incidents = &asked(daemon, "/v1/incidents")?["incidents"];
    assert_eq!(incidents.as_array().map(Vec::len), Some(1), "{incidents}");
    let incident = &incidents[0];
    assert_eq!(incident["cause"], "commits_lost");
    assert_eq!(incident["remedy"], "fix_database");
    assert_eq!(incident["tokens"], json!([]));
    cluster.psql("perennial", TWO_MINUTES_LATER);
    until("an email", || Ok(!company.emails()?.is_empty()))?;
    let subject = "Subject: Database: Check what a fail-over lost";
    assert!(company.emails()?[0].contains(subject));

    let (code, text) = company.said(&["acknowledge", "1"])?;
    assert_eq!((code, text.trim()), (Some(0), "Incident 1 is resolved."));
    until("it is resolved", || {
        let open = &asked(daemon, "/v1/incidents")?["incidents"];
        Ok(open.as_array().is_some_and(Vec::is_empty))
    })?;
    assert_eq!(company.emails()?.len(), 1);
    Ok(())
}

/// Short, so that the story does not last for an hour.
const WINDOW: &str = "serve_from_memory = \"40s\"";

#[tokio::test(flavor = "multi_thread")]
async fn while_the_server_is_away_a_secret_that_was_read_lately_is_served_for_a_set_time() -> Result
{
    let Some(mut cluster) = Cluster::own(&[]) else {
        return Ok(());
    };
    let company = Company::on(&cluster, WINDOW, ["acme-maria", "acme-otto"]).await?;
    let get = |name: &str| company.said(&["get", name]);
    let secret = get("acme-maria")?;
    assert_eq!(secret.0, Some(0));

    // It does not answer, as behind a network that is cut off.
    cluster.signal_all(Signal::SIGSTOP);
    let begun = Instant::now();
    assert_eq!(get("acme-maria")?, secret);
    assert!(begun.elapsed() < Duration::from_secs(8), "{begun:?}");
    company.shows_that_the_server_is_away()?;
    cluster.signal_all(Signal::SIGCONT);
    company.is_ready_again()?;
    assert_eq!(get("acme-maria")?, secret);

    // It has ended.
    cluster.stop();
    let ended = Instant::now();
    assert_eq!(get("acme-maria")?, secret);
    company.shows_that_the_server_is_away()?;
    while ended.elapsed() < Duration::from_secs(41) {
        thread::sleep(Duration::from_millis(100));
    }
    let (code, text) = get("acme-maria")?;
    assert_eq!((code, text.as_str()), (Some(1), NOT_IN_MEMORY));
    cluster.start_again();
    company.is_ready_again()?;
    assert_eq!(get("acme-maria")?, secret);
    assert_eq!(get("acme-otto")?.0, Some(0));

    let log = fs::read_to_string(company.premises.path("log"))?;
    let errors: Vec<&str> = log
        .lines()
        .filter(|line| line.contains(" ERROR "))
        .collect();
    assert!(errors.len() <= 6, "{}", errors.join("\n"));
    Ok(())
}

const NOT_IN_MEMORY: &str = "the inventory's database server does not answer, and this secret was not read within the \
    last 40s ([inventory] serve_from_memory), so it is not in memory either. The daemon keeps trying. See the log: \
    journalctl -u perennial\nTry again in a moment. If that does not help: systemctl status perennial\n";

const AWAY: &str = "the database server does not answer. The daemon keeps trying, and serves secrets that were read \
    lately. Check the server and the network between";

impl Company {
    /// In each place where an operator looks. Nobody has read the secret of acme-otto.
    fn shows_that_the_server_is_away(&self) -> Result {
        let unread = self.said(&["get", "acme-otto"])?;
        assert_eq!((unread.0, unread.1.as_str()), (Some(1), NOT_IN_MEMORY));
        let ready = || self.daemon.http("GET", "/readyz", "");
        until("it is not ready", || Ok(ready()?.0 == 503))?;
        let problems = ready()?.1;
        assert!(problems.contains(AWAY), "{problems}");
        let (code, status) = self.said(&["status"])?;
        let status = status.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            status.starts_with("The daemon is not ready."),
            "{code:?} {status}"
        );
        assert!(status.contains(AWAY), "{status}");
        Ok(())
    }

    fn is_ready_again(&self) -> Result {
        until("it is ready", || {
            Ok(self.daemon.http("GET", "/readyz", "")?.0 == 200)
        })
    }
}
