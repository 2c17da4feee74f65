//! Compares what was forecast a fortnight ago with what happens. Nobody's login is supposed in it, so that each clock is
//! followed to its end.

use std::collections::{HashMap, VecDeque};

use jiff::SignedDuration;
use perennial::model::{ForecastQuestion, WhatIf};

use super::fleet::Fleet;
use super::operators::RENAMED;
use super::sabotage::Sabotage;
use super::{Moment, Result};

const FORTNIGHT: SignedDuration = SignedDuration::from_hours(24 * 14);
const CHECKED_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// How far each forecast looks, how often one is made, and how many are remembered.
const DAYS: u16 = 19;
const EVERY: SignedDuration = SignedDuration::from_hours(24 * 3);
const REMEMBERED: usize = 8;
/// What the sabotage is wrong by.
const MISLED: SignedDuration = SignedDuration::from_hours(24 * 3);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreseen {
    Right,
    Wrong,
}

#[derive(Default)]
pub(super) struct Foresight {
    made: VecDeque<Made>,
}

/// One forecast: when which token would lapse.
struct Made {
    at: Moment,
    lapses: HashMap<String, Vec<Moment>>,
}

impl Foresight {
    /// Makes a forecast every few days, by a clock that is right. It is wrong if it writes anything.
    pub(super) async fn look(&mut self, fleet: &Fleet) -> Result<Foreseen> {
        let is_due = |last: &Made| fleet.now >= last.at + EVERY;
        if fleet.is_impaired() || !self.made.back().is_none_or(is_due) {
            return Ok(Foreseen::Right);
        }
        let question = ForecastQuestion {
            days: DAYS,
            what_if: Some(WhatIf::NobodyLogsIn),
            ..ForecastQuestion::default()
        };
        let before = fleet.last_commit()?;
        let forecast = fleet.services.forecast(question, fleet.now).await?;
        let has_written = fleet.last_commit()? != before;
        let misled = match fleet.is_sabotaged_by(Sabotage::Mislead) {
            true => MISLED,
            false => SignedDuration::ZERO,
        };
        let mut lapses: HashMap<String, Vec<Moment>> = HashMap::new();
        for lapse in forecast.lapses {
            let at = lapse.at + misled;
            let name = first_name(&lapse.token).to_owned();
            lapses.entry(name).or_default().push(at);
        }
        self.made.push_back(Made {
            at: fleet.now,
            lapses,
        });
        while self.made.len() > REMEMBERED {
            self.made.pop_front();
        }
        Ok(match has_written {
            true => Foreseen::Wrong,
            false => Foreseen::Right,
        })
    }

    /// Whether a forecast of a fortnight before said that this token would lapse then, right within one check interval.
    /// `None` if none was made after `known_since`, when the clock was set.
    pub(super) fn foresaw(
        &self,
        token: &str,
        end: Moment,
        known_since: Moment,
    ) -> Option<Foreseen> {
        let in_time = |made: &&Made| made.at + FORTNIGHT <= end && made.at > known_since;
        let made = self.made.iter().rev().find(in_time)?;
        let near = |at: &Moment| at.duration_since(end).abs() <= CHECKED_EVERY;
        let lapses = made.lapses.get(first_name(token));
        Some(match lapses.is_some_and(|lapses| lapses.iter().any(near)) {
            true => Foreseen::Right,
            false => Foreseen::Wrong,
        })
    }
}

/// A token may have been renamed since the forecast.
fn first_name(name: &str) -> &str {
    name.split(RENAMED).next().unwrap_or(name)
}
