//! Looks at everything that Perennial needs, for a person who wants to know what is wrong: the machine, the daemon, Meta,
//! the public address, email. It works without the daemon, and for users who may not read everything: then it says what it
//! did not look at. It changes nothing, and ends within 15 seconds.
//!
//! - `finding`: what a check found · `known`: what can be read of the configuration · `checks`: one file per check

mod checks;
mod finding;
mod known;

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;

use crate::api_client::Client;
use crate::monitor::ProbeResult;
pub use finding::{Check, Finding, Group, Outcome};
pub use known::Known;

/// How far the checks go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Only this machine.
    Local,
    /// Also Meta, the mail server and the public address.
    Everywhere,
}

/// The limit for each check. They run at the same time.
const LONGEST: Duration = Duration::from_secs(9);

/// What the checks look at.
#[derive(Debug)]
pub struct Subject<'a> {
    pub known: &'a Known,
    pub daemon: &'a ProbeResult,
    pub client: &'a Client,
    pub reach: Reach,
    pub now: Timestamp,
}

/// Runs all checks. Their order is that of the groups.
pub async fn examine(subject: &Subject<'_>) -> Vec<Finding> {
    let (apps, address, email, consumers, key) = tokio::join!(
        checks::apps::ask(subject),
        limited(Check::PublicAddress, checks::public_address::check(subject)),
        limited(Check::Email, checks::email::check(subject)),
        limited(Check::Consumers, checks::consumers::check(subject)),
        limited(Check::Key, checks::key::check(subject.known)),
    );
    [
        checks::configuration::check(subject.known),
        vec![
            checks::credentials::check(subject.known),
            checks::clock::check(&apps, subject.now),
            checks::disk::check(subject),
        ],
        key,
        vec![checks::backup::check(subject)],
        checks::daemon::check(subject),
        checks::apps::findings(&apps, subject),
        checks::versions::check(subject),
        address,
        email,
        consumers,
    ]
    .concat()
}

async fn limited(check: Check, found: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    timeout(LONGEST, found).await.unwrap_or_else(|_| {
        let says = format!("no result within {} seconds", LONGEST.as_secs());
        let to_do = "Look at the network of this machine, then run perennial doctor again";
        vec![Finding::problem(check, says, to_do)]
    })
}
