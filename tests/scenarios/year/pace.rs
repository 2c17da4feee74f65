//! How far the clock moves at a time: to the next thing that happens, and in small steps after it, so that what follows
//! from it is seen in order.

use jiff::SignedDuration;

use super::Moment;

pub(super) struct Pace {
    longest: SignedDuration,
    step: SignedDuration,
}

const SHORTEST: SignedDuration = SignedDuration::from_hours(1);

impl Pace {
    pub(super) fn new(longest: SignedDuration) -> Self {
        Self {
            longest,
            step: SHORTEST.min(longest),
        }
    }

    /// When the next step is. Nothing that is known to happen is passed over.
    pub(super) fn next(&mut self, now: Moment, known: impl Iterator<Item = Moment>) -> Moment {
        let next = now + self.step;
        self.step = (self.step * 2).min(self.longest);
        known.filter(|at| *at > now).fold(next, Moment::min)
    }

    pub(super) fn something_happened(&mut self) {
        self.step = SHORTEST.min(self.longest);
    }
}
