//! The loops of a crew, each around a pass. Trouble with the inventory ends a pass, not its loop.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::bells::Bells;
use super::crew::Board;
use super::household::Household;
use super::schedule::{self, Line};
use super::vitals::Vitals;
use super::yesterday::{self, Verdict};
use super::{clock, pulse, systemd};
use crate::inventory::{self, Inventory};
use crate::login::webhooks;
use crate::rotation::Keeper;
use crate::status::{Pulse, no_way_to_people};

/// When each app had last been swept whole.
pub(super) type Swept = Arc<Mutex<HashMap<String, Timestamp>>>;

pub(super) async fn keep(
    keeper: Keeper,
    bell: Arc<Notify>,
    bells: Bells,
    swept: Swept,
    board: Board,
    stop: CancellationToken,
) -> &'static str {
    let mut begun = is_done(&board, keeper.begin().await);
    while stop.run_until_cancelled(bell.notified()).await.is_some() {
        begun = begun || is_done(&board, keeper.begin().await);
        while !stop.is_cancelled() {
            let now = clock::now();
            let keepers = std::slice::from_ref(&keeper);
            if judge_clock(&keeper.inventory, keepers, &board, now).await == Verdict::Wrong {
                break;
            }
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
    if let Err(error) = keeper.end(clock::now()).await {
        in_trouble(&board, &error);
    }
    "rotation"
}

pub(super) async fn post(
    household: Arc<Household>,
    bells: Bells,
    board: Board,
    stop: CancellationToken,
) -> &'static str {
    let mut begun = is_done(&board, household.begin_post(clock::now()).await);
    while stop
        .run_until_cancelled(bells.mail.notified())
        .await
        .is_some()
    {
        let Some(outbox) = stop.run_until_cancelled(board.outbox.lock()).await else {
            break;
        };
        let now = clock::now();
        begun = begun || is_done(&board, household.begin_post(now).await);
        let keepers = &household.keepers;
        let posted = match judge_clock(&household.inventory, keepers, &board, now).await {
            Verdict::Right => household.post(now).await,
            Verdict::Doubtful => household.post_without_ends(now).await,
            Verdict::Wrong => Ok(()),
        };
        if let Err(error) = posted {
            in_trouble(&board, &error);
        }
        drop(outbox);
        board.journal.send_replace(());
    }
    "alerts"
}

/// What a login gave is confirmed by the sweeps, so they are woken after it.
pub(super) async fn receive_logins(
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
pub(super) async fn forget(
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

/// Says in the log, once each, that no person can be reached any more, and that this is over.
async fn tell_of_reach(inventory: &Inventory, pulse: &mut Pulse, now: Timestamp) {
    let Ok(mail) = inventory.read(|view| view.mail_queue()).await else {
        return;
    };
    let seen = Pulse {
        inventory_trouble: inventory.trouble().map(|why| why.to_string()),
        ..pulse.clone()
    };
    let is_cut_off = match no_way_to_people(&seen, &mail, now) {
        Some(words) => {
            if !pulse.is_cut_off {
                tracing::error!("{words}");
            }
            true
        }
        None => {
            if pulse.is_cut_off {
                tracing::info!("people can be reached again");
            }
            false
        }
    };
    pulse.is_cut_off = is_cut_off;
}

/// Shows how things are, whenever a sweep has come to its end.
pub(super) async fn feel(
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
            Ok(mut pulse) => {
                tell_of_reach(&household.inventory, &mut pulse, now).await;
                board.pulse.send_replace(pulse)
            }
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

pub(super) async fn tick(
    lines: Vec<Line>,
    timezone: TimeZone,
    vitals: Arc<Vitals>,
    stop: CancellationToken,
) -> &'static str {
    if let Err(error) = schedule::run(lines, timezone, vitals, stop).await {
        tracing::error!("the schedule cannot be kept: {error}");
    }
    "the schedule"
}

/// A pass that does not know whether the clock is right waits as if it were not.
pub(super) async fn judge_clock(
    inventory: &Inventory,
    keepers: &[Keeper],
    board: &Board,
    now: Timestamp,
) -> Verdict {
    match yesterday::check(inventory, keepers, board, now).await {
        Ok(verdict) => verdict,
        Err(error) => {
            in_trouble(board, &error);
            Verdict::Wrong
        }
    }
}

fn is_done(board: &Board, outcome: Result<(), inventory::Error>) -> bool {
    outcome.map_err(|error| in_trouble(board, &error)).is_ok()
}

/// The database is in trouble: the daemon goes on answering, says so, and tries again. That nothing can be written was
/// said already, by the inventory.
pub(super) fn in_trouble(board: &Board, error: &inventory::Error) {
    if matches!(error, inventory::Error::Unwritable(_)) {
        tracing::debug!("it is tried again at the next tick: {error}");
        return;
    }
    tracing::error!("nothing could be written down; it is tried again at the next tick: {error}");
    board
        .pulse
        .send_modify(|pulse| pulse.inventory_trouble = Some(error.to_string()));
}
