//! Makes the nightly backup of the inventory in the background.

use std::mem;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::worker::{Context, Job};
use super::{clock, schedule};
use crate::config::Backups;
use crate::inventory::{self, Error};
use crate::model::{Duty, Event};

/// Backs up at every tick, and at the start if a backup was missed while the daemon was down.
#[derive(Default)]
pub(super) struct Backup {
    has_begun: bool,
}

const JOB: &str = "backup";

impl Backup {
    pub(super) fn new(context: &Context) -> Self {
        let newest = inventory::newest_backup(&context.services.backups.folder, clock::now());
        context.shared.daemon_status.send_modify(|daemon_status| {
            daemon_status.maintenance.backed_up_at = newest;
        });
        Self::default()
    }

    fn is_missed(context: &Context, now: Timestamp) -> bool {
        let newest = inventory::newest_backup(&context.services.backups.folder, now);
        let cron = context.schedule.backup.as_deref();
        is_missed(newest, cron, &context.timezone, now)
    }
}

impl Job for Backup {
    /// Every node hears the tick, so that one that takes the duty later does not make up for backups that were made.
    fn duty(&self) -> Option<Duty> {
        None
    }

    async fn run_once(&mut self, context: &Context, now: Timestamp) -> Result<(), Error> {
        // The worker of the configuration before may be making one.
        let turn = context.shared.files.of(JOB, &context.stop).await;
        let Some(_turn) = turn else {
            return Ok(());
        };
        let is_due = mem::replace(&mut self.has_begun, true) || Self::is_missed(context, now);
        // A server's inventory is copied with the server's own tools.
        let Some(path) = context.services.inventory.place().file() else {
            return Ok(());
        };
        if let Some(context) = context.on_duty(Some(Duty::Nightly)).filter(|_| is_due) {
            back_up_and_record(&context, path, now).await;
        }
        Ok(())
    }
}

async fn back_up_and_record(context: &Context, inventory: &Path, now: Timestamp) {
    let backups = &context.services.backups;
    let made = back_up(inventory, backups, now).await;
    let error = made.as_ref().err().map(ToString::to_string);
    let event = match made {
        Ok(path) => Event::BackedUp { path },
        Err(error) => {
            tracing::error!(
                "the inventory could not be backed up; trying again at the next scheduled time: {error}"
            );
            Event::BackupFailed {
                reason: error.to_string(),
            }
        }
    };
    context.shared.daemon_status.send_modify(|daemon_status| {
        let maintenance = &mut daemon_status.maintenance;
        if error.is_none() {
            maintenance.backed_up_at = Some(now);
        }
        maintenance.backup_error = error;
    });
    let recorded = context
        .inventory
        .write(move |tx| tx.record_event(&event.into(), now));
    if let Err(error) = recorded.await {
        tracing::error!("the result of the backup could not be recorded: {error}");
    }
    context.shared.journal_has_grown();
}

async fn back_up(inventory: &Path, backups: &Backups, now: Timestamp) -> Result<String, Error> {
    let (path, Backups { folder, keep }) = (inventory.to_owned(), backups.clone());
    let made = tokio::task::spawn_blocking(move || inventory::back_up(&path, &folder, keep, now));
    let made = made.await.map_err(|_| Error::Closed)?;
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
