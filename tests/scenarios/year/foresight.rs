//! Compares what was forecast a fortnight ago with what happens. Nobody's login is supposed in it, so that each clock is
//! followed to its end.

use std::collections::{HashMap, VecDeque};

use jiff::SignedDuration;
use perennial::model::{ForecastQuestion, WhatIf};

use super::fleet::Fleet;
use super::{Moment, Result};

const FORTNIGHT: SignedDuration = SignedDuration::from_hours(24 * 14);
const CHECKED_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// How far each forecast looks, and how many are remembered: one for each day.
const DAYS: u16 = 17;
const REMEMBERED: usize = 20;

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
    /// Makes a forecast once a day.
    pub(super) async fn look(&mut self, fleet: &Fleet) -> Result {
        let is_due = |last: &Made| fleet.now >= last.at + CHECKED_EVERY;
        if !self.made.back().is_none_or(is_due) {
            return Ok(());
        }
        let question = ForecastQuestion {
            days: DAYS,
            what_if: Some(WhatIf::NobodyLogsIn),
            ..ForecastQuestion::default()
        };
        let before = fleet.written()?;
        let forecast = fleet.services.forecast(question, fleet.now).await?;
        assert!(
            fleet.written()? == before,
            "a forecast has written something"
        );
        let mut lapses: HashMap<String, Vec<Moment>> = HashMap::new();
        for lapse in forecast.lapses {
            lapses.entry(lapse.token).or_default().push(lapse.at);
        }
        self.made.push_back(Made {
            at: fleet.now,
            lapses,
        });
        while self.made.len() > REMEMBERED {
            self.made.pop_front();
        }
        Ok(())
    }

    /// Whether a forecast of a fortnight before said that this token would lapse then, right within one check interval.
    /// `None` if none was made after `known_since`, when the clock was set.
    pub(super) fn foresaw(&self, token: &str, end: Moment, known_since: Moment) -> Option<bool> {
        let in_time = |made: &&Made| made.at + FORTNIGHT <= end && made.at > known_since;
        let made = self.made.iter().rev().find(in_time)?;
        let near = |at: &Moment| at.duration_since(end).abs() <= CHECKED_EVERY;
        let lapses = made.lapses.get(token);
        Some(lapses.is_some_and(|lapses| lapses.iter().any(near)))
    }
}
