//! Queries the daemon and the disk.

use std::path::Path;
use std::time::Duration;

use nix::sys::statvfs::statvfs;
use tokio::time::{Instant, sleep};

use super::detection::{Answer, ProbeResult};
use crate::api::types::{IncidentFilter, IncidentQuery};
use crate::api_client::{Client, Error};

/// The time between two attempts to reach a daemon that may be starting.
const AGAIN: Duration = Duration::from_secs(3);

/// Queries the daemon until it answers, for at most `limit`. Without the path of the inventory, it does not look at its
/// disk.
pub async fn collect(inventory: Option<&Path>, client: &Client, limit: Duration) -> ProbeResult {
    let until = Instant::now() + limit;
    let daemon = loop {
        match ask(client).await {
            Answer::Nobody(_) if Instant::now() + AGAIN < until => sleep(AGAIN).await,
            answer => break answer,
        }
    };
    let failing_app = matches!(daemon, Answer::Report(_)) && is_a_failing_app(client).await;
    ProbeResult {
        daemon,
        free: inventory.and_then(free),
        size: inventory
            .and_then(|inventory| inventory.metadata().ok())
            .map_or(0, |file| file.len()),
        failing_app,
    }
}

async fn ask(client: &Client) -> Answer {
    match client.status().await {
        Ok(report) => Answer::Report(Box::new(report)),
        Err(error @ Error::Unreachable { .. }) => Answer::Nobody(format!("{error}.")),
        Err(error) => Answer::Silence(format!("{error}.")),
    }
}

/// An incident without a person is about an app.
async fn is_a_failing_app(client: &Client) -> bool {
    let query = IncidentQuery {
        state: Some(IncidentFilter::Open),
        ..IncidentQuery::default()
    };
    let open = client.incidents(&query).await;
    open.is_ok_and(|open| {
        open.incidents
            .iter()
            .any(|incident| incident.subject.is_none())
    })
}

fn free(inventory: &Path) -> Option<u64> {
    let disk = statvfs(inventory.parent()?).ok()?;
    Some(disk.blocks_available() * disk.fragment_size())
}
