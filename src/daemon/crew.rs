//! The tasks of one household: a loop around a pass for each app, one for logins, one for the letters, one for the
//! pulse, one for the nightly copy, one for upkeep and one that ticks. A tick that finds one waiting is dropped.

use std::sync::Arc;

use jiff::tz::TimeZone;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::bells::{Bells, ring_all};
use super::household::Household;
use super::loops::{Swept, feel, forget, keep, post, receive_logins, tick};
use super::nightly::copy_nightly;
use super::upkeep::tidy;
use super::vitals::Vitals;
use super::yesterday::ClockCheck;
use crate::config::Schedule;
use crate::status::{AccessLog, Pulse};

/// What outlives a reload and the crew shares with the socket.
#[derive(Clone)]
pub(super) struct Board {
    pub(super) pulse: watch::Sender<Pulse>,
    pub(super) journal: watch::Sender<()>,
    /// Somebody asked for something on the socket.
    pub(super) nudge: Arc<Notify>,
    pub(super) vitals: Arc<Vitals>,
    pub(super) clock: Arc<ClockCheck>,
    /// Held by whoever sends letters: at a reload two crews are at work for a while.
    pub(super) outbox: Arc<tokio::sync::Mutex<()>>,
    /// Who asked for secrets and is not written down yet.
    pub(super) accesses: Arc<AccessLog>,
}

pub(super) struct Crew {
    tasks: JoinSet<&'static str>,
    stop: CancellationToken,
    mail: Arc<Notify>,
}

impl Crew {
    pub(super) fn start(
        household: &Arc<Household>,
        schedule: &Schedule,
        timezone: &TimeZone,
        board: &Board,
    ) -> Self {
        let bells = Bells::new(household.keepers.len());
        let mut crew = Self {
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
            mail: Arc::clone(&bells.mail),
        };
        let stop = &crew.stop.clone();
        let swept = Swept::default();
        for (keeper, bell) in household.keepers.iter().zip(&bells.sweeps) {
            let keep = keep(
                keeper.clone(),
                Arc::clone(bell),
                bells.clone(),
                Arc::clone(&swept),
                board.clone(),
                stop.clone(),
            );
            crew.tasks.spawn(keep);
        }
        crew.tasks.spawn(ring_all(
            bells.clone(),
            Arc::clone(&board.nudge),
            stop.clone(),
        ));
        crew.tasks.spawn(post(
            Arc::clone(household),
            bells.clone(),
            board.clone(),
            stop.clone(),
        ));
        crew.tasks.spawn(receive_logins(
            Arc::clone(household),
            Arc::clone(&bells.logins),
            board.clone(),
            stop.clone(),
        ));
        crew.tasks.spawn(forget(
            Arc::clone(household),
            Arc::clone(&bells.deletions),
            board.clone(),
            stop.clone(),
        ));
        crew.tasks.spawn(feel(
            Arc::clone(household),
            bells.clone(),
            swept,
            (schedule.sweep.clone(), timezone.clone()),
            board.clone(),
            stop.clone(),
        ));
        crew.copy_nightly(household, schedule, timezone, &bells, board);
        crew.tidy(household, &bells, board);
        crew.tasks.spawn(tick(
            bells.lines(schedule),
            timezone.clone(),
            Arc::clone(&board.vitals),
            stop.clone(),
        ));
        bells.ring();
        crew
    }

    fn copy_nightly(
        &mut self,
        household: &Arc<Household>,
        schedule: &Schedule,
        timezone: &TimeZone,
        bells: &Bells,
        board: &Board,
    ) {
        self.tasks.spawn(copy_nightly(
            Arc::clone(household),
            (schedule.backup.clone(), timezone.clone()),
            Arc::clone(&bells.backup),
            board.clone(),
            self.stop.clone(),
        ));
    }

    fn tidy(&mut self, household: &Arc<Household>, bells: &Bells, board: &Board) {
        self.tasks.spawn(tidy(
            Arc::clone(household),
            Arc::clone(&bells.upkeep),
            board.clone(),
            self.stop.clone(),
        ));
    }

    /// The name of a task that ended though nobody had asked it to.
    pub(super) async fn lost(&mut self) -> &'static str {
        match self.tasks.join_next().await {
            Some(Ok(name)) => name,
            Some(Err(_)) | None => "a worker",
        }
    }

    /// There is a letter that should not wait for the next tick.
    pub(super) fn post_soon(&self) {
        self.mail.notify_one();
    }

    /// Lets the passes at hand come to their end.
    pub(super) async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}
