//! How the latest sweep of each app ended: the status shows it, and the heartbeat depends on it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// A check that is due for longer than this is overdue.
pub(super) const GRACE: SignedDuration = SignedDuration::from_mins(10);

/// How a sweep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SweepEnd {
    /// The app's error, its call budget, the clock or the inventory kept it from its work.
    HeldUp,
    /// It did its work, but something that was due at its beginning is due still.
    LeftSome,
    /// It visited everything that was due at its beginning.
    VisitedAll,
}

/// The sweeps of the apps of one configuration.
#[derive(Clone, Debug, Default)]
pub(super) struct Sweeps(Arc<Mutex<HashMap<String, Latest>>>);

#[derive(Clone, Copy, Debug)]
struct Latest {
    end: SweepEnd,
    /// When the latest one ended that was not held up.
    completed_at: Option<Timestamp>,
}

impl Sweeps {
    fn locked(&self) -> MutexGuard<'_, HashMap<String, Latest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record(&self, app: &str, end: SweepEnd, now: Timestamp) {
        let mut sweeps = self.locked();
        let before = sweeps.get(app).and_then(|latest| latest.completed_at);
        let completed_at = match end {
            SweepEnd::HeldUp => before,
            SweepEnd::LeftSome | SweepEnd::VisitedAll => Some(now),
        };
        sweeps.insert(app.to_owned(), Latest { end, completed_at });
    }

    /// When an app last had a sweep that was not held up.
    pub(super) fn completed_at(&self, app: &str) -> Option<Timestamp> {
        self.locked().get(app)?.completed_at
    }

    /// The least recent of these of some apps; `None` until each had one.
    pub(super) fn all_completed_at(&self, apps: &[String]) -> Option<Timestamp> {
        self.least_recent(apps, |_| true)
    }

    /// The same, if the latest sweep of each app visited everything.
    pub(super) fn all_visited_at(&self, apps: &[String]) -> Option<Timestamp> {
        self.least_recent(apps, |latest| latest.end == SweepEnd::VisitedAll)
    }

    fn least_recent(&self, apps: &[String], counts: fn(&Latest) -> bool) -> Option<Timestamp> {
        let sweeps = self.locked();
        let completed = apps.iter().map(|app| {
            let latest = sweeps.get(app).filter(|latest| counts(latest));
            latest.and_then(|latest| latest.completed_at)
        });
        let completed: Option<Vec<Timestamp>> = completed.collect();
        completed?.into_iter().min()
    }
}

#[cfg(test)]
mod tests {
    use super::SweepEnd::{HeldUp, LeftSome, VisitedAll};
    use super::*;

    #[test]
    fn everything_is_visited_only_if_every_app_says_so() {
        let sweeps = Sweeps::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        for (app, end, second, completed, visited) in [
            ("a", VisitedAll, 10, None, None),
            ("b", VisitedAll, 20, Some(10), Some(10)),
            ("a", HeldUp, 30, Some(10), None),
            ("a", LeftSome, 40, Some(20), None),
            ("b", VisitedAll, 50, Some(40), None),
            ("a", VisitedAll, 60, Some(50), Some(50)),
        ] {
            sweeps.record(app, end, at(second));
            let both = ["a", "b"].map(str::to_owned);
            let found = (sweeps.all_completed_at(&both), sweeps.all_visited_at(&both));
            assert_eq!(found, (completed.map(at), visited.map(at)), "at {second}");
        }
        assert_eq!(sweeps.completed_at("a"), Some(at(60)));
        assert_eq!(sweeps.completed_at("c"), None);
        assert_eq!(
            sweeps.all_completed_at(&["b".to_owned()]),
            Some(at(50)),
            "another node has a"
        );
        assert_eq!(
            sweeps.all_completed_at(&["b", "c"].map(str::to_owned)),
            None
        );
    }
}
