//! What Meta's answers are judged by.

use jiff::{SignedDuration, Timestamp};

use super::LARGEST_SKEW;
use crate::rotation::Rules;

/// The rules and the clocks.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    pub rules: &'a Rules,
    pub now: Timestamp,
    /// How far Meta's clock was ahead of ours at its last answer.
    pub skew: Option<SignedDuration>,
}

impl Basis<'_> {
    /// The time by Meta's clock, as far as it is known.
    pub(super) fn metas_now(&self) -> Timestamp {
        let by_meta = self.skew.and_then(|skew| self.now.checked_add(skew).ok());
        by_meta.unwrap_or(self.now)
    }

    /// The earlier of both clocks, so that a clock that is far ahead does not renew tokens that expire months later.
    pub(super) fn now_for_ends(&self) -> Timestamp {
        match self.skew {
            Some(skew) if -skew > LARGEST_SKEW => self.metas_now(),
            Some(_) | None => self.now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::policy::fixtures::*;

    #[test]
    fn only_a_clock_that_is_clearly_ahead_gives_way_to_metas() {
        let more = LARGEST_SKEW + SignedDuration::from_secs(1);
        for (skew, behind) in [
            (None, SignedDuration::ZERO),
            (Some(-LARGEST_SKEW), SignedDuration::ZERO),
            (Some(-more), more),
            (Some(more), SignedDuration::ZERO),
        ] {
            let rules = rules();
            let basis = Basis {
                skew,
                ..basis(&rules)
            };
            assert_eq!(basis.now_for_ends(), now() - behind, "{skew:?}");
            let metas_now = now() + skew.unwrap_or_default();
            assert_eq!(basis.metas_now(), metas_now, "{skew:?}");
        }
    }
}
