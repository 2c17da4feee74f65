//! Asking: the daemon, and the disk.

use std::path::Path;
use std::time::Duration;

use nix::sys::statvfs::statvfs;
use tokio::time::{Instant, sleep};

use super::policy::{Answer, Facts};
use crate::config::Outlook;
use crate::status::client::{Client, Error};
use crate::status::snapshot::{IncidentFilter, IncidentQuery};

/// Between two attempts at a daemon that may just be starting.
const AGAIN: Duration = Duration::from_secs(3);

/// Asks until somebody answers, for so long at most.
pub async fn gather(outlook: &Outlook, client: &Client, patience: Duration) -> Facts {
    let until = Instant::now() + patience;
    let daemon = loop {
        match ask(client).await {
            Answer::Nobody(_) if Instant::now() + AGAIN < until => sleep(AGAIN).await,
            answer => break answer,
        }
    };
    let app_in_trouble = matches!(daemon, Answer::Report(_)) && is_an_app_in_trouble(client).await;
    Facts {
        daemon,
        free: free(&outlook.inventory),
        size: outlook
            .inventory
            .metadata()
            .map_or(0, |inventory| inventory.len()),
        app_in_trouble,
    }
}

async fn ask(client: &Client) -> Answer {
    match client.status().await {
        Ok(report) => Answer::Report(Box::new(report)),
        Err(error @ Error::Unreachable { .. }) => Answer::Nobody(format!("{error}.")),
        Err(error) => Answer::Silence(format!("{error}.")),
    }
}

/// Incidents about no person are about an app.
async fn is_an_app_in_trouble(client: &Client) -> bool {
    let query = IncidentQuery {
        state: Some(IncidentFilter::Open),
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
