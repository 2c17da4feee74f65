//! Looks ahead: what would happen to the tokens of an inventory, by the same policies that decide what does happen. Pure:
//! it gets each token without its secret, reads no clock, asks nobody and writes nothing.
//!
//! - `person`: a person's tokens, those that are alike as one class · `simulation`: what happens to them, email by email ·
//!   `timeline`: the result, without names and numbers, so that it serves all people with such tokens
//! - `forecaster`: takes tokens one by one · `person_report`, `report`, `earliest`: sum up · `sentences`: texts

mod earliest;
mod forecaster;
mod person;
mod person_report;
mod report;
mod sentences;
mod simulation;
mod timeline;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod pages_tests;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

use crate::alerts;
use crate::model::ForecastQuestion;
use crate::rotation;

pub use forecaster::Forecaster;

/// What a forecast is made from, besides the tokens.
#[derive(Clone, Debug)]
pub struct Settings {
    pub question: ForecastQuestion,
    pub from: Timestamp,
    pub apps: Vec<AppSettings>,
    pub alerts: alerts::Rules,
    /// The app and the id of the people who leave, if the question supposes that.
    pub leaving: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub struct AppSettings {
    pub name: String,
    pub rules: rotation::Rules,
    pub calls_per_hour: u32,
}

impl Settings {
    fn to(&self) -> Timestamp {
        let span = SignedDuration::from_hours(24 * i64::from(self.question.days));
        self.from.checked_add(span).unwrap_or(Timestamp::MAX)
    }
}
