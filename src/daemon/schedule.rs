//! Turns cron lines into ticks. A tick carries no data: the inventory knows what is due, so a lost or repeated tick
//! does no harm.

use std::future::pending;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tokio_util::sync::CancellationToken;

use super::clock;
use super::shared_state::SharedState;
use super::wakeups::Signal;
use crate::config::Schedule;

/// Shows that the scheduler runs, whatever lines the operator configures.
const HEARTBEAT: &str = "*/10 * * * * *";
/// How often the scheduler is checked.
const LOOK_AFTER: Duration = Duration::from_secs(60);

/// Runs until stopped. The scheduler fixes the time zone's offset when a job is created, and a job that fell behind
/// never runs again, so all jobs are created again when the offset changes or the heartbeat stops.
pub(super) async fn run(
    schedule: &Schedule,
    timezone: TimeZone,
    shared: &SharedState,
    stop: CancellationToken,
) -> Result<(), JobSchedulerError> {
    let lines = lines(schedule);
    let mut offset = timezone.to_offset(clock::now());
    let mut ticker = Ticker::start(&lines, offset, shared).await?;
    let mut check = tokio::time::interval_at(Instant::now() + LOOK_AFTER, LOOK_AFTER);
    while stop.run_until_cancelled(check.tick()).await.is_some() {
        let is = timezone.to_offset(clock::now());
        if is == offset && shared.watchdog.scheduler_runs() {
            continue;
        }
        tracing::info!(
            "the schedule was set up again: the time zone's offset changed, or the scheduler had stopped"
        );
        offset = is;
        ticker = Ticker::start(&lines, offset, shared).await?;
        lines
            .iter()
            .for_each(|(_, signal)| shared.wakeups.send(*signal));
    }
    drop(ticker);
    Ok(())
}

/// The cron lines that are on, and what each signals.
fn lines(schedule: &Schedule) -> Vec<(&str, Signal)> {
    let lines = [
        (Some(&schedule.sweep), Signal::SweepTick),
        (Some(&schedule.mail), Signal::EmailTick),
        (schedule.digest.as_ref(), Signal::EmailTick),
        (schedule.backup.as_ref(), Signal::BackupTick),
    ];
    let lines = lines.into_iter();
    lines
        .filter_map(|(cron, signal)| Some((cron?.as_str(), signal)))
        .collect()
}

/// A scheduler that runs. Its own shutdown leaves tasks and channels behind for good, so it has a runtime of its own,
/// with which they end.
struct Ticker(Option<Runtime>);

impl Ticker {
    async fn start(
        lines: &[(&str, Signal)],
        offset: Offset,
        shared: &SharedState,
    ) -> Result<Self, JobSchedulerError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("schedule")
            .enable_time()
            .build()
            .map_err(|_| JobSchedulerError::CantInit)?;
        let lines = lines.iter();
        let lines = lines.map(|(cron, signal)| ((*cron).to_owned(), *signal));
        let begun = runtime.spawn(begin(lines.collect(), offset, shared.clone()));
        let ticker = Self(Some(runtime));
        begun.await.unwrap_or(Err(JobSchedulerError::CantInit))?;
        Ok(ticker)
    }
}

impl Drop for Ticker {
    /// A runtime may not wait for its threads on a thread of another one.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

async fn begin(
    lines: Vec<(String, Signal)>,
    offset: Offset,
    shared: SharedState,
) -> Result<(), JobSchedulerError> {
    let SharedState {
        wakeups, watchdog, ..
    } = shared;
    let scheduler = JobScheduler::new().await?;
    for (cron, signal) in lines {
        let wakeups = wakeups.clone();
        let tick = move |_, _| wakeups.send(signal);
        let job = Job::new_tz(cron.as_str(), zone(offset)?, tick)?;
        scheduler.add(job).await?;
    }
    watchdog.scheduler_ticked();
    let heartbeat = Job::new(HEARTBEAT, move |_, _| watchdog.scheduler_ticked())?;
    scheduler.add(heartbeat).await?;
    scheduler.start().await?;
    // It is kept for as long as its runtime.
    tokio::spawn(async move {
        pending::<()>().await;
        drop(scheduler);
    });
    Ok(())
}

fn zone(offset: Offset) -> Result<FixedOffset, JobSchedulerError> {
    FixedOffset::east_opt(offset.seconds()).ok_or(JobSchedulerError::ParseSchedule)
}

/// The next tick of a cron line.
pub(super) fn next_tick(cron: &str, timezone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let next = parsed(cron)?.find_next_occurrence(&on_the_wall(now, timezone)?, false);
    off_the_wall(&next.ok()?, timezone)
}

/// The last tick of a cron line.
pub(super) fn last_tick(cron: &str, timezone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let last = parsed(cron)?.find_previous_occurrence(&on_the_wall(now, timezone)?, true);
    off_the_wall(&last.ok()?, timezone).filter(|last| *last <= now)
}

fn parsed(cron: &str) -> Option<Cron> {
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .dom_and_dow(true)
        .build();
    parser.parse(cron).ok()
}

/// The local wall-clock time, treated as if it were UTC, so that a tick keeps its local time when summer time begins or
/// ends.
fn on_the_wall(now: Timestamp, timezone: &TimeZone) -> Option<DateTime<Utc>> {
    let wall = now.to_zoned(timezone.clone()).datetime();
    let wall = wall.to_zoned(TimeZone::UTC).ok()?.timestamp();
    DateTime::from_timestamp(wall.as_second(), 0)
}

fn off_the_wall(wall: &DateTime<Utc>, timezone: &TimeZone) -> Option<Timestamp> {
    let wall = Timestamp::from_second(wall.timestamp()).ok()?;
    let wall = wall.to_zoned(TimeZone::UTC).datetime();
    Some(wall.to_zoned(timezone.clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_tick_is_shown_in_the_operator_s_time_zone() {
        let now: Timestamp = "2026-12-01T06:30:10Z".parse().unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (cron, expected) in [
            ("*/30 * * * * *", "2026-12-01T06:30:30Z"),
            ("0 0 8 * * *", "2026-12-01T07:00:00Z"),
            ("0 0 8 * * Mon", "2026-12-07T07:00:00Z"),
        ] {
            let expected: Timestamp = expected.parse().unwrap();
            assert_eq!(next_tick(cron, &berlin, now), Some(expected), "{cron}");
        }
        assert_eq!(next_tick("nonsense", &berlin, now), None);
    }

    #[test]
    fn a_tick_stays_the_same_one_when_the_clocks_change() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (now, expected) in [
            ("2026-12-07T07:00:00Z", "2026-12-07T07:00:00Z"),
            ("2026-12-07T06:59:59Z", "2026-11-30T07:00:00Z"),
            // In 2026 clocks go back on Sunday 25 October; in 2027 they go forward on 28 March.
            ("2026-10-24T12:00:00Z", "2026-10-19T06:00:00Z"),
            ("2026-10-25T12:00:00Z", "2026-10-19T06:00:00Z"),
            ("2027-03-28T12:00:00Z", "2027-03-22T07:00:00Z"),
            ("2027-03-29T06:30:00Z", "2027-03-29T06:00:00Z"),
        ] {
            let (now, expected): (Timestamp, Timestamp) =
                (now.parse().unwrap(), expected.parse().unwrap());
            assert_eq!(
                last_tick("0 0 8 * * Mon", &berlin, now),
                Some(expected),
                "{now}"
            );
        }
        let now = "2026-12-07T07:00:00Z".parse().unwrap();
        assert_eq!(last_tick("nonsense", &berlin, now), None);
    }
}
