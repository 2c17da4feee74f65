//! Makes the nightly backup of the inventory in the background.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::services::Services;
use super::workers::SharedState;
use super::{clock, schedule};
use crate::config::Backups;
use crate::inventory::{self, EventKind, Inventory, NewEvent};

/// Backs up at every wakeup, and at the start if a backup was missed while the daemon was down.
pub(super) async fn run_backups(
    services: Arc<Services>,
    (cron, timezone): (Option<String>, TimeZone),
    wakeup: Arc<Notify>,
    shared: SharedState,
    stop: CancellationToken,
) -> &'static str {
    let newest = inventory::newest_backup(&services.backups.folder, clock::now());
    shared
        .daemon_status
        .send_modify(|daemon_status| daemon_status.maintenance.backed_up_at = newest);
    if is_missed(newest, cron.as_deref(), &timezone, clock::now()) {
        wakeup.notify_one();
    }
    while stop.run_until_cancelled(wakeup.notified()).await.is_some() {
        let now = clock::now();
        let made = back_up(&services.inventory, &services.backups, now).await;
        let event = match &made {
            Ok(path) => NewEvent::new(EventKind::BackedUp).with("path", path.as_str()),
            Err(error) => {
                tracing::error!(
                    "the inventory could not be backed up; trying again at the next scheduled time: {error}"
                );
                NewEvent::new(EventKind::BackupFailed).with("reason", error.to_string())
            }
        };
        shared
            .daemon_status
            .send_modify(|daemon_status| match made {
                Ok(_) => {
                    daemon_status.maintenance.backed_up_at = Some(now);
                    daemon_status.maintenance.backup_error = None;
                }
                Err(error) => daemon_status.maintenance.backup_error = Some(error.to_string()),
            });
        let noted = services
            .inventory
            .write(move |tx| tx.record_event(&event, now));
        if let Err(error) = noted.await {
            tracing::error!("the result of the backup could not be recorded: {error}");
        }
        shared.journal.send_replace(());
    }
    "backup"
}

async fn back_up(
    inventory: &Inventory,
    backups: &Backups,
    now: Timestamp,
) -> Result<String, inventory::Error> {
    let (path, Backups { folder, keep }) = (inventory.path().to_owned(), backups.clone());
    let made = tokio::task::spawn_blocking(move || inventory::back_up(&path, &folder, keep, now));
    let made = made.await.map_err(|_| inventory::Error::Closed)?;
    made.map(|path| path.display().to_string())
}

/// Whether a scheduled backup was missed. Without any backup none was: a new inventory waits for its first night.
fn is_missed(
    newest: Option<Timestamp>,
    cron: Option<&str>,
    timezone: &TimeZone,
    now: Timestamp,
) -> bool {
    let next = newest
        .zip(cron)
        .and_then(|(newest, cron)| schedule::next_tick(cron, timezone, newest));
    next.is_some_and(|next| next <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_that_was_missed_is_made_up_for() {
        let at = |time: &str| Some(time.parse::<Timestamp>().unwrap());
        let now = at("2026-11-25T09:00:00Z").unwrap();
        let cron = Some("0 30 3 * * *");
        for (newest, cron, expected) in [
            (at("2026-11-25T03:30:00Z"), cron, false),
            (at("2026-11-24T03:30:00Z"), cron, true),
            (at("2026-11-25T08:00:00Z"), cron, false),
            (at("2026-11-20T03:30:00Z"), None, false),
            (None, cron, false),
        ] {
            assert_eq!(
                is_missed(newest, cron, &TimeZone::UTC, now),
                expected,
                "{newest:?}"
            );
        }
    }
}
