//! Checks the system clock against the newest event and Meta's time. With a wrong clock no token is judged expired or
//! due. Once the clock is right again, times that were stored in the future are repaired.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::inventory::{Error, Inventory};
use crate::rotation::RotationWorker;
use crate::rotation::policy::{ClockTrust, clock_trust};

/// What the workers may do with this clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockState {
    Right,
    /// Work goes on, but no expiry is judged.
    Doubtful,
    /// No work is done.
    Wrong,
}

/// Corrections of a few seconds are normal.
const CORRECTED: SignedDuration = SignedDuration::from_mins(1);
/// The minimum interval between two requests for Meta's time, which are made only in doubt.
const ASK_EVERY: Duration = Duration::from_secs(300);

/// What the daemon knows about its clock.
#[derive(Debug, Default)]
pub(super) struct ClockCheck(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The latest time that the clock has shown.
    latest: Option<Timestamp>,
    /// No times in the future are known to be stored.
    is_healed: bool,
    asked_at: Option<Instant>,
}

impl ClockCheck {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the time. A clock that went backwards was ahead before.
    fn record(&self, now: Timestamp) {
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

    /// Whether the workers may go on, and what is wrong with the clock.
    pub(super) async fn check(
        &self,
        inventory: &Inventory,
        rotation_workers: &[RotationWorker],
        now: Timestamp,
    ) -> Result<(ClockState, Option<String>), Error> {
        self.record(now);
        let latest = inventory.read(|view| view.latest_event_at()).await?;
        let mut found = clock_state(now, at_meta(rotation_workers, now), latest);
        if found.0 != ClockState::Right && self.may_ask() {
            for rotation_worker in rotation_workers {
                // Recording the cost may fail on a full disk, but the answer is known anyway.
                if !matches!(rotation_worker.ask_the_time(now).await, Ok(None)) {
                    break;
                }
            }
            found = clock_state(now, at_meta(rotation_workers, now), latest);
        }
        if found.0 == ClockState::Right && at_meta(rotation_workers, now).is_some() {
            self.fix_times(inventory, is_ahead(latest, now), now)
                .await?;
        }
        Ok(found)
    }

    async fn fix_times(
        &self,
        inventory: &Inventory,
        was_ahead: bool,
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.state().is_healed && !was_ahead {
            return Ok(());
        }
        let healed = inventory
            .write_alone(move |tx| tx.fix_future_dates(now))
            .await;
        self.state().is_healed = healed.is_ok();
        match healed {
            Ok(()) if was_ahead => tracing::warn!(
                "the machine's clock was ahead and is right again; times stored in the future were set to now"
            ),
            Ok(()) => {}
            Err(error) if was_ahead => return Err(error),
            // There may be nothing to repair, and the next check tries again.
            Err(error) => {
                tracing::debug!("times stored in the future could not be repaired: {error}")
            }
        }
        Ok(())
    }
}

/// Meta's time as the app that agrees best with ours knows it. Times learned before the machine slept lag behind.
fn at_meta(rotation_workers: &[RotationWorker], now: Timestamp) -> Option<Timestamp> {
    let clocks = rotation_workers
        .iter()
        .filter_map(|rotation_worker| rotation_worker.graph.time_at_meta());
    clocks.min_by_key(|at| at.duration_since(now).abs())
}

fn is_ahead(latest: Option<Timestamp>, now: Timestamp) -> bool {
    latest.is_some_and(|latest| now + CORRECTED < latest)
}

/// Decides with Meta's time whether the clock is wrong now, or was wrong when the newest event was written.
pub fn clock_state(
    now: Timestamp,
    at_meta: Option<Timestamp>,
    latest: Option<Timestamp>,
) -> (ClockState, Option<String>) {
    let ahead = latest.filter(|_| is_ahead(latest, now)).map(describe);
    let skew = at_meta.map(|at| at.duration_since(now));
    match (clock_trust(skew), ahead) {
        (ClockTrust::Right, Some(ahead)) if at_meta.is_none() => (ClockState::Wrong, Some(ahead)),
        (ClockTrust::Right, _) => (ClockState::Right, None),
        (ClockTrust::Doubtful, Some(ahead)) => (ClockState::Wrong, Some(ahead)),
        (ClockTrust::Doubtful, None) => (ClockState::Doubtful, clock_skew(at_meta, now)),
    }
}

/// A sentence about the skew from Meta's clock, if it is too large.
fn clock_skew(at_meta: Option<Timestamp>, now: Timestamp) -> Option<String> {
    let skew = now.duration_since(at_meta?);
    let direction = if skew.is_positive() {
        "ahead of"
    } else {
        "behind"
    };
    (clock_trust(Some(skew)) == ClockTrust::Doubtful).then(|| {
        format!(
            "the machine's clock is {} minutes {direction} Meta's. Correct it, see timedatectl. Until then no \
             expiry is judged or reported",
            skew.abs().as_mins()
        )
    })
}

fn describe(latest: Timestamp) -> String {
    format!(
        "the machine's clock is earlier than the newest event in the inventory ({latest}): nothing is checked, renewed or \
         reported until Meta's clock agrees with the machine's. If it is wrong, correct it, see timedatectl"
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
        let notified = |at: i64| clock_skew(minutes(at), now());
        assert_eq!(clock_skew(None, now()), None);
        assert_eq!((notified(5), notified(-5)), (None, None));
        assert!(notified(6).unwrap().contains("is 6 minutes behind Meta's"));
        assert!(
            notified(-90)
                .unwrap()
                .contains("is 90 minutes ahead of Meta's")
        );
    }

    #[test]
    fn only_meta_s_clock_shows_whether_ours_is_wrong_or_was() {
        let day = 24 * 60;
        for (at_meta, latest, expected) in [
            (None, None, ClockState::Right),
            (None, minutes(-5), ClockState::Right),
            (None, minutes(60 * day), ClockState::Wrong),
            (minutes(1), minutes(60 * day), ClockState::Right),
            (minutes(1), minutes(-5), ClockState::Right),
            (minutes(60), minutes(-5), ClockState::Doubtful),
            (minutes(60), minutes(60), ClockState::Wrong),
            (minutes(60 * day), minutes(-5), ClockState::Doubtful),
        ] {
            let (state, clock_error) = clock_state(now(), at_meta, latest);
            assert_eq!(state, expected, "{at_meta:?} {latest:?}");
            assert_eq!(clock_error.is_none(), state == ClockState::Right);
        }
    }
}
