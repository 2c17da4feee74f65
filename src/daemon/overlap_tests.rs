//! During a reload, the workers of the old and the new configuration overlap: what they write at the same time.

use std::fs;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use super::backup_job::Backup;
use super::duty_tests::{configured, context};
use super::schedule;
use super::textfile::Textfile;
use super::worker::Job;
use crate::inventory::{Inventory, back_up};
use crate::model::Duty;

#[tokio::test]
async fn the_metrics_are_written_by_one_worker_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let config = configured(folder.path());
    let inventory = Inventory::open(&config.inventory).unwrap();
    let context = context("lima", &config, &inventory);
    let path = folder.path().join("perennial.prom");
    let now: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
    for _ in 0..50 {
        let worker = || Textfile { path: path.clone() };
        let (mut old, mut new) = (worker(), worker());
        let both = async { tokio::join!(old.run_once(&context, now), new.run_once(&context, now)) };
        // They rest for seconds afterwards.
        let _ = timeout(Duration::from_millis(40), both).await;
        let errors = context
            .shared
            .daemon_status
            .borrow()
            .side_job_errors
            .clone();
        assert!(errors.is_empty(), "{errors:?}");
    }
    assert!(path.exists());
}

#[tokio::test]
async fn a_reload_during_the_nightly_backup_makes_no_second_one() {
    let folder = tempfile::tempdir().unwrap();
    let config = configured(folder.path());
    let inventory = Inventory::open(&config.inventory).unwrap();
    let context = context("lima", &config, &inventory);
    let wanted = [Duty::Nightly];
    let kept = context
        .shared
        .duties
        .keep(&inventory, &wanted, Instant::now());
    kept.await.unwrap();
    let now: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
    let backups = &context.services.backups;
    let earlier = now - SignedDuration::from_hours(48);
    let file = context.services.inventory.place().file().unwrap();
    back_up(file, &backups.folder, backups.keep, earlier).unwrap();

    let (mut old, mut new) = (Backup::new(&context), Backup::new(&context));
    let (of_old, of_new) = tokio::join!(old.run_once(&context, now), new.run_once(&context, now));
    of_old.and(of_new).unwrap();
    let error = context
        .shared
        .daemon_status
        .borrow()
        .maintenance
        .backup_error
        .clone();
    assert_eq!(error, None);
    let copies = fs::read_dir(&backups.folder).unwrap().count();
    assert_eq!(copies, 2, "that of two days ago and tonight's");
}

/// Each reload begins a schedule and ends the one before.
#[tokio::test]
async fn a_schedule_that_has_ended_leaves_no_task_behind() {
    let folder = tempfile::tempdir().unwrap();
    let config = configured(folder.path());
    let inventory = Inventory::open(&config.inventory).unwrap();
    let context = context("lima", &config, &inventory);
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for _ in 0..3 {
        // It begins nonetheless, and ends at once.
        let (zone, stop) = (context.timezone.clone(), context.stop.child_token());
        stop.cancel();
        let run = schedule::run(&context.schedule, zone, &context.shared, stop);
        run.await.unwrap();
    }
    for _ in 0..200 {
        if tasks() == before {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("{} tasks are left of {before}", tasks());
}
