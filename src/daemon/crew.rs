//! The tasks of one household: a loop around a pass for each app, one for logins, one for the letters, one for the
//! pulse, one for the nightly copy and one that ticks. A tick that finds one waiting is dropped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::bells::{Bells, ring_all};
use super::household::Household;
use super::nightly::copy_nightly;
use super::schedule::{self, Line};
use super::vitals::Vitals;
use super::{clock, pulse, systemd};
use crate::config::Schedule;
use crate::login::webhooks;
use crate::rotation::Keeper;
use crate::status::Pulse;

/// What outlives a reload and the crew shares with the socket.
#[derive(Clone)]
pub(super) struct Board {
    pub(super) pulse: watch::Sender<Pulse>,
    pub(super) journal: watch::Sender<()>,
    /// Somebody asked for something on the socket.
    pub(super) nudge: Arc<Notify>,
    pub(super) vitals: Arc<Vitals>,
    /// Held by whoever sends letters: at a reload two crews are at work for a while.
    pub(super) outbox: Arc<tokio::sync::Mutex<()>>,
}

pub(super) struct Crew {
    tasks: JoinSet<&'static str>,
    stop: CancellationToken,
    mail: Arc<Notify>,
}

/// When each app had last been swept whole.
type Swept = Arc<Mutex<HashMap<String, Timestamp>>>;

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
        let stop = &crew.stop;
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
        let next_sweep = (schedule.sweep.clone(), timezone.clone());
        let feel = feel(
            Arc::clone(household),
            bells.clone(),
            swept,
            next_sweep,
            board.clone(),
            stop.clone(),
        );
        crew.tasks.spawn(feel);
        let backup = (schedule.backup.clone(), timezone.clone());
        crew.tasks.spawn(copy_nightly(
            Arc::clone(household),
            backup,
            Arc::clone(&bells.backup),
            board.clone(),
            stop.clone(),
        ));
        crew.tasks.spawn(tick(
            bells.lines(schedule),
            timezone.clone(),
            Arc::clone(&board.vitals),
            stop.clone(),
        ));
        bells.ring();
        crew
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

async fn keep(
    keeper: Keeper,
    bell: Arc<Notify>,
    bells: Bells,
    swept: Swept,
    board: Board,
    stop: CancellationToken,
) -> &'static str {
    if let Err(error) = keeper.begin().await {
        in_trouble(&board, &error);
    }
    while stop.run_until_cancelled(bell.notified()).await.is_some() {
        while !stop.is_cancelled() {
            let now = clock::now();
            match keeper.sweep(now).await {
                Ok(report) if report.more => board.journal.send_replace(()),
                Ok(report) => {
                    if !report.resting {
                        swept
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .insert(keeper.app.clone(), now);
                    }
                    if report.changed > 0 {
                        bells.mail.notify_one();
                        board.journal.send_replace(());
                    }
                    break;
                }
                Err(error) => {
                    in_trouble(&board, &error);
                    break;
                }
            }
        }
        bells.pulse.notify_one();
    }
    "rotation"
}

async fn post(
    household: Arc<Household>,
    bells: Bells,
    board: Board,
    stop: CancellationToken,
) -> &'static str {
    if let Err(error) = household.begin_post(clock::now()).await {
        in_trouble(&board, &error);
    }
    while stop
        .run_until_cancelled(bells.mail.notified())
        .await
        .is_some()
    {
        let Some(outbox) = stop.run_until_cancelled(board.outbox.lock()).await else {
            break;
        };
        if let Err(error) = household.post(clock::now()).await {
            in_trouble(&board, &error);
        }
        drop(outbox);
        board.journal.send_replace(());
    }
    "alerts"
}

/// What a login gave is confirmed by the sweeps, so they are woken after it.
async fn receive_logins(
    household: Arc<Household>,
    bell: Arc<Notify>,
    board: Board,
    stop: CancellationToken,
) -> &'static str {
    while stop.run_until_cancelled(bell.notified()).await.is_some() {
        match household.clerk.pass(clock::now()).await {
            Ok(report) if report.ended > 0 => {
                board.journal.send_replace(());
                board.nudge.notify_one();
            }
            Ok(_) => {}
            Err(error) => in_trouble(&board, &error),
        }
    }
    "login"
}

/// Whoever wants to be forgotten, is.
async fn forget(
    household: Arc<Household>,
    bell: Arc<Notify>,
    board: Board,
    stop: CancellationToken,
) -> &'static str {
    while stop.run_until_cancelled(bell.notified()).await.is_some() {
        match webhooks::forget(&household.inventory, clock::now()).await {
            Ok(0) => {}
            Ok(_) => board.journal.send_replace(()),
            Err(error) => in_trouble(&board, &error),
        }
    }
    "forgetting"
}

/// Shows how things are, whenever a sweep has come to its end.
async fn feel(
    household: Arc<Household>,
    bells: Bells,
    swept: Swept,
    (sweep, timezone): (String, TimeZone),
    board: Board,
    stop: CancellationToken,
) -> &'static str {
    let mut said = String::new();
    while stop
        .run_until_cancelled(bells.pulse.notified())
        .await
        .is_some()
    {
        let now = clock::now();
        let all_swept = {
            let swept = swept.lock().unwrap_or_else(PoisonError::into_inner);
            let every = household
                .keepers
                .iter()
                .map(|keeper| swept.get(&keeper.app).copied());
            every
                .collect::<Option<Vec<_>>>()
                .and_then(|all| all.into_iter().min())
        };
        let before = board.pulse.borrow().clone();
        let next = schedule::next_tick(&sweep, &timezone, now);
        match pulse::take(&household, &before, all_swept, next, now).await {
            Ok(pulse) => board.pulse.send_replace(pulse),
            Err(error) => {
                in_trouble(&board, &error);
                continue;
            }
        };
        let words = pulse::in_words(&household).await;
        if words != said {
            systemd::status(&words);
            said = words;
        }
    }
    "the pulse"
}

async fn tick(
    lines: Vec<Line>,
    timezone: TimeZone,
    vitals: Arc<Vitals>,
    stop: CancellationToken,
) -> &'static str {
    if let Err(error) = schedule::run(lines, timezone, vitals, stop).await {
        tracing::error!(%error, "the schedule cannot be kept");
    }
    "the schedule"
}

/// The disk is full, or the database in trouble: the daemon goes on answering, says so, and tries again.
fn in_trouble(board: &Board, error: &crate::inventory::Error) {
    tracing::error!(%error, "nothing could be written down; it is tried again at the next tick");
    board
        .pulse
        .send_modify(|pulse| pulse.inventory_trouble = Some(error.to_string()));
}
