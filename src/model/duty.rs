//! Duties: work that one node does at a time, and how long a node relies on holding one. Every moment is an argument.

use std::fmt::{self, Display, Formatter};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::NodeSettings;

/// Work that one node does at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Duty {
    /// The sweeps of an app, and its call budget.
    App(String),
    /// Incidents and their emails, posts to channels, and the heartbeat.
    Email,
    Delivery,
    /// Pruning, backups and the deletion of a person's data.
    Nightly,
}

/// A running daemon, among those that share an inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    /// Differs between two runs of the same daemon, so that neither passes for the other.
    pub id: String,
}

/// What the inventory knows about a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeReport {
    pub name: String,
    pub version: String,
    pub started_at: Timestamp,
    pub seen_at: Timestamp,
    pub duties: Vec<Duty>,
    pub settings: NodeSettings,
}

/// How long a duty is held without being renewed, by the clock of the database.
const TERM: Duration = Duration::from_secs(15);

/// The holder stops relying on it so much earlier than its own clock says that it must: the two clocks do not run at quite
/// the same rate, and what has begun takes a moment to end.
const MARGIN: Duration = Duration::from_secs(3);

/// How often it is renewed, give or take up to [`SPREAD`], so that nodes that started together do not stay in step.
const RENEW_EVERY: Duration = Duration::from_secs(5);
const SPREAD: Duration = Duration::from_secs(1);

/// Until when the holder relies on a duty that it asked for, or asked to renew, at `asked_at`. Both moments are of its own
/// monotonic clock. The term began later than that, however long the answer took.
pub fn relied_on_until(asked_at: Instant) -> Instant {
    asked_at + (TERM - MARGIN)
}

/// When to renew what was asked for at `asked_at`. `draw` is a random number.
pub fn renewal_at(asked_at: Instant, draw: u32) -> Instant {
    let spread = SPREAD * 2 * (draw % 1_001) / 1_000;
    asked_at + RENEW_EVERY - SPREAD + spread
}

/// Whether a duty that ends at `ends_at` may be taken at `now`, both in milliseconds by the clock of the database. An end
/// that is too far ahead was set before that clock went back.
pub fn has_ended(ends_at: i64, now: i64) -> bool {
    ends_at <= now || ends_at > latest_end(now)
}

/// When a term ends that begins at `now`, in milliseconds.
pub fn end_of_term(now: i64) -> i64 {
    now.saturating_add(i64::try_from(TERM.as_millis()).unwrap_or(i64::MAX))
}

/// A later end than this was set before the clock of the database went back.
pub fn latest_end(now: i64) -> i64 {
    end_of_term(end_of_term(now))
}

const OF_APP: &str = "app:";

impl Duty {
    /// `None` for a duty that this version does not know.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "email" => Some(Self::Email),
            "delivery" => Some(Self::Delivery),
            "nightly" => Some(Self::Nightly),
            _ => Some(Self::App(name.strip_prefix(OF_APP)?.to_owned())),
        }
    }
}

impl Duty {
    pub fn app(&self) -> Option<&str> {
        match self {
            Self::App(app) => Some(app),
            Self::Email | Self::Delivery | Self::Nightly => None,
        }
    }
}

impl Display for Duty {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::App(app) => write!(f, "{OF_APP}{app}"),
            Self::Email => f.write_str("email"),
            Self::Delivery => f.write_str("delivery"),
            Self::Nightly => f.write_str("nightly"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duty_is_read_back_from_its_name() {
        for (duty, name) in [
            (Duty::App("acme".to_owned()), "app:acme"),
            (Duty::App("email".to_owned()), "app:email"),
            (Duty::Email, "email"),
            (Duty::Delivery, "delivery"),
            (Duty::Nightly, "nightly"),
        ] {
            assert_eq!(duty.to_string(), name);
            assert_eq!(duty.app(), name.strip_prefix("app:"));
            assert_eq!(Duty::from_name(name), Some(duty));
        }
        assert_eq!(Duty::from_name("forecasts"), None);
    }

    #[test]
    fn a_duty_is_renewed_at_least_twice_before_the_holder_stops_relying_on_it() {
        let asked_at = Instant::now();
        for draw in [0, 1, 500, 1_000, 1_001, u32::MAX] {
            let wait = renewal_at(asked_at, draw) - asked_at;
            assert!(wait >= RENEW_EVERY - SPREAD, "{draw}: {wait:?}");
            assert!(wait <= RENEW_EVERY + SPREAD, "{draw}: {wait:?}");
            assert!(asked_at + wait * 2 <= relied_on_until(asked_at), "{draw}");
        }
        let (least, most) = (renewal_at(asked_at, 0), renewal_at(asked_at, 1_000));
        assert_eq!(most - least, SPREAD * 2);
    }

    #[test]
    fn the_term_outlasts_what_the_holder_relies_on() {
        let asked_at = Instant::now();
        assert!(relied_on_until(asked_at) < asked_at + TERM);
        assert_eq!(end_of_term(1_000), 16_000);
    }

    #[test]
    fn an_end_that_no_clock_of_today_could_have_set_has_passed() {
        for (ends_at, expected) in [
            (0, true),
            (100_000, true),
            (100_001, false),
            (115_000, false),
            // A clock that was corrected by a few seconds takes the duty from nobody.
            (130_000, false),
            (130_001, true),
            (i64::MAX, true),
        ] {
            assert_eq!(has_ended(ends_at, 100_000), expected, "{ends_at}");
        }
    }
}
