//! What an operator sees when the inventory's server fails. Each story has a server of its own. Without PostgreSQL there is
//! none to tell.

use std::fs;
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use jiff::Timestamp;
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
