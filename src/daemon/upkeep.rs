//! Keeps the inventory within its bounds: what was only counted is written down, and what is kept too long goes, in
//! small steps between which other work gets its turn.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::clock;
use super::crew::Board;
use super::household::Household;
use super::loops::{in_trouble, judge_clock};
use super::yesterday::Verdict;
use crate::inventory::Error;

/// How often old rows are looked for.
const PRUNE_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The most steps at one time: the rest waits for the next.
const STEPS: usize = 2_000;

pub(super) async fn tidy(
    household: Arc<Household>,
    bell: Arc<Notify>,
    board: Board,
    stop: CancellationToken,
) -> &'static str {
    let mut pruned_at: Option<Timestamp> = None;
    while stop.run_until_cancelled(bell.notified()).await.is_some() {
        let now = clock::now();
        let verdict = judge_clock(&household.inventory, &household.keepers, &board, now).await;
        if verdict == Verdict::Wrong {
            continue;
        }
        match board.accesses.write_due(&household.inventory, now).await {
            Ok(0) => {}
            Ok(_) => {
                board.journal.send_replace(());
            }
            Err(error) => in_trouble(&board, &error),
        }
        let is_due = pruned_at.is_none_or(|at| at + PRUNE_EVERY <= now);
        // By a clock that is wrong, everything would be old.
        if !is_due || verdict == Verdict::Doubtful {
            continue;
        }
        pruned_at = Some(now);
        if let Err(error) = prune(&household, &stop, now).await {
            in_trouble(&board, &error);
        }
    }
    "upkeep"
}

async fn prune(
    household: &Household,
    stop: &CancellationToken,
    now: Timestamp,
) -> Result<(), Error> {
    let retention = household.retention;
    for _ in 0..STEPS {
        let step = household
            .inventory
            .write(move |tx| tx.prune(&retention, now));
        if step.await? == 0 || stop.is_cancelled() {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}
