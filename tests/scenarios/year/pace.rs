//! How far the clock moves at a time: to the next thing that happens, and in small steps after it, so that what follows
//! from it is seen in order. The workers of a daemon wake each other: what one of them finds, the others act on within
//! minutes.

use jiff::SignedDuration;
use perennial::model::Event;

use super::Moment;

pub(super) struct Pace {
    longest: SignedDuration,
    step: SignedDuration,
    goes_on: bool,
}

/// After a fault, or after a person did something.
const SHORTEST: SignedDuration = SignedDuration::from_hours(1);
/// After the daemon has found something. An email about it waits two minutes for related tokens.
const TO_GO_ON: SignedDuration = SignedDuration::from_mins(5);

/// What a step brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Happened {
    /// Something that the daemon did not do.
    pub(super) outside: bool,
    /// The daemon has found something, on which it has not yet acted to the end.
    pub(super) found: bool,
}

impl Pace {
    pub(super) fn new(longest: SignedDuration) -> Self {
        Self {
            longest,
            step: SHORTEST.min(longest),
            goes_on: false,
        }
    }

    /// When the next step is. Nothing that is known to happen is passed over.
    pub(super) fn next(&mut self, now: Moment, known: impl Iterator<Item = Moment>) -> Moment {
        let step = match self.goes_on {
            true => TO_GO_ON,
            false => self.step,
        };
        if !self.goes_on {
            self.step = (self.step * 2).min(self.longest);
        }
        known.filter(|at| *at > now).fold(now + step, Moment::min)
    }

    pub(super) fn see(&mut self, happened: Happened) {
        self.goes_on = happened.found;
        if happened.outside {
            self.step = SHORTEST.min(self.longest);
        }
    }
}

/// Whether more follows from an event: something that people or other workers are told about. A renewal is complete in
/// itself, and an email is sent in the step in which it is written.
pub(super) const fn leads_on(event: &Event) -> bool {
    matches!(
        event,
        Event::Changed { .. }
            | Event::PermissionsLost { .. }
            | Event::PermissionsRestored { .. }
            | Event::CandidateAccepted { .. }
            | Event::CandidateRefused { .. }
            | Event::AppFailing { .. }
            | Event::AppRecovered { .. }
            | Event::IncidentOpened { .. }
            | Event::IncidentResolved { .. }
    )
}
