//! A clock that stands before what has happened already, or far from Meta's, judges nothing: by it no token would end,
//! and none be due. Once it is known to be right, what it did while it was not is healed.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::crew::Board;
use crate::inventory::{Error, Inventory};
use crate::rotation::Keeper;
use crate::rotation::policy::{ClockTrust, clock_trust};

/// What the passes may do by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    /// No end is judged.
    Doubtful,
    /// Nothing is done.
    Wrong,
}

/// Clocks are corrected by seconds all the time.
const CORRECTED: SignedDuration = SignedDuration::from_mins(1);
/// Meta is asked what time it is no more often than this, and only when there is a doubt.
const ASK_EVERY: Duration = Duration::from_secs(300);

/// What the passes of one daemon know of its clock.
#[derive(Debug, Default)]
pub(super) struct ClockCheck(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The latest time that the clock has ever told.
    latest: Option<Timestamp>,
    /// Nothing is left of a time in which it was wrong, as far as is known.
    is_healed: bool,
    asked_at: Option<Instant>,
}

impl ClockCheck {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A clock that goes back was ahead before.
    fn note(&self, now: Timestamp) {
        let mut state = self.state();
        if state.latest.is_some_and(|latest| now + CORRECTED < latest) {
            state.is_healed = false;
            state.latest = None;
        }
        state.latest = state.latest.max(Some(now));
    }

    fn may_ask(&self) -> bool {
        let mut state = self.state();
        let may = state.asked_at.is_none_or(|at| at.elapsed() >= ASK_EVERY);
        if may {
            state.asked_at = Some(Instant::now());
        }
        may
    }
}

/// Whether the passes may go on, told on the board, and in the log once.
pub(super) async fn check(
    inventory: &Inventory,
    keepers: &[Keeper],
    board: &Board,
    now: Timestamp,
) -> Result<Verdict, Error> {
    board.clock.note(now);
    let latest = inventory.read(|view| view.latest_event_at()).await?;
    let mut found = judge(now, at_meta(keepers, now), latest);
    if found.0 != Verdict::Right && board.clock.may_ask() {
        for keeper in keepers {
            // What it cost may not be written down on a full disk; the answer counts all the same.
            if !matches!(keeper.ask_the_time(now).await, Ok(None)) {
                break;
            }
        }
        found = judge(now, at_meta(keepers, now), latest);
    }
    let (verdict, trouble) = found;
    if verdict == Verdict::Right && at_meta(keepers, now).is_some() {
        heal(inventory, board, latest, now).await?;
    }
    tell(board, trouble);
    Ok(verdict)
}

/// The one that agrees best: what was told before the machine slept lags behind.
fn at_meta(keepers: &[Keeper], now: Timestamp) -> Option<Timestamp> {
    let clocks = keepers
        .iter()
        .filter_map(|keeper| keeper.graph.time_at_meta());
    clocks.min_by_key(|at| at.duration_since(now).abs())
}

fn is_ahead(latest: Option<Timestamp>, now: Timestamp) -> bool {
    latest.is_some_and(|latest| now + CORRECTED < latest)
}

/// Meta says whether the clock is wrong now, or was when the newest event was written.
fn judge(
    now: Timestamp,
    at_meta: Option<Timestamp>,
    latest: Option<Timestamp>,
) -> (Verdict, Option<String>) {
    let ahead = latest.filter(|_| is_ahead(latest, now)).map(in_words);
    let skew = at_meta.map(|at| at.duration_since(now));
    match (clock_trust(skew), ahead) {
        (ClockTrust::Right, Some(ahead)) if at_meta.is_none() => (Verdict::Wrong, Some(ahead)),
        (ClockTrust::Right, _) => (Verdict::Right, None),
        (ClockTrust::Doubtful, Some(ahead)) => (Verdict::Wrong, Some(ahead)),
        (ClockTrust::Doubtful, None) => (Verdict::Doubtful, astray(at_meta, now)),
    }
}

async fn heal(
    inventory: &Inventory,
    board: &Board,
    latest: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Error> {
    let is_ahead = is_ahead(latest, now);
    if board.clock.state().is_healed && !is_ahead {
        return Ok(());
    }
    let healed = inventory
        .write(move |tx| tx.heal_what_lies_ahead(now))
        .await;
    board.clock.state().is_healed = healed.is_ok();
    match healed {
        Ok(()) if is_ahead => tracing::warn!(
            "the machine's clock was ahead and is right again; what it had put into the future is of now"
        ),
        Ok(()) => {}
        Err(error) if is_ahead => return Err(error),
        // There may be nothing to heal, and it is tried again.
        Err(error) => tracing::debug!("what lies ahead was not looked at: {error}"),
    }
    Ok(())
}

fn tell(board: &Board, trouble: Option<String>) {
    let is_new = board.pulse.send_if_modified(|pulse| {
        let is_new = pulse.clock_trouble.is_none() && trouble.is_some();
        pulse.clock_trouble.clone_from(&trouble);
        is_new
    });
    if let Some(trouble) = trouble.filter(|_| is_new) {
        tracing::error!("{trouble}");
    }
}

/// In a sentence, how far the machine's clock is from Meta's, if that is too far.
fn astray(at_meta: Option<Timestamp>, now: Timestamp) -> Option<String> {
    let skew = now.duration_since(at_meta?);
    let direction = if skew.is_positive() {
        "ahead of"
    } else {
        "behind"
    };
    (clock_trust(Some(skew)) == ClockTrust::Doubtful).then(|| {
        format!(
            "the machine's clock is {} minutes {direction} Meta's; set it right, see timedatectl. Until then no end of \
             a token is judged or told",
            skew.abs().as_mins()
        )
    })
}

fn in_words(latest: Timestamp) -> String {
    format!(
        "the machine's clock stands before the newest event of the inventory, which is of {latest}: nothing is checked, \
         renewed or told until Meta's clock agrees with it. If it is wrong, set it right, see timedatectl"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-25T12:00:00Z".parse().unwrap()
    }

    fn minutes(minutes: i64) -> Option<Timestamp> {
        Some(now() + SignedDuration::from_mins(minutes))
    }

    #[test]
    fn a_clock_is_astray_beyond_five_minutes_either_way() {
        let told = |at: i64| astray(minutes(at), now());
        assert_eq!(astray(None, now()), None);
        assert_eq!((told(5), told(-5)), (None, None));
        assert!(told(6).unwrap().contains("is 6 minutes behind Meta's"));
        assert!(told(-90).unwrap().contains("is 90 minutes ahead of Meta's"));
    }

    #[test]
    fn only_meta_s_clock_tells_whether_ours_is_wrong_or_was() {
        let day = 24 * 60;
        for (at_meta, latest, expected) in [
            (None, None, Verdict::Right),
            (None, minutes(-5), Verdict::Right),
            (None, minutes(60 * day), Verdict::Wrong),
            (minutes(1), minutes(60 * day), Verdict::Right),
            (minutes(1), minutes(-5), Verdict::Right),
            (minutes(60), minutes(-5), Verdict::Doubtful),
            (minutes(60), minutes(60), Verdict::Wrong),
            (minutes(60 * day), minutes(-5), Verdict::Doubtful),
        ] {
            let (verdict, trouble) = judge(now(), at_meta, latest);
            assert_eq!(verdict, expected, "{at_meta:?} {latest:?}");
            assert_eq!(trouble.is_none(), verdict == Verdict::Right);
        }
    }
}
