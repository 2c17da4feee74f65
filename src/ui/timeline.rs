//! The forecast as a picture: logins, renewals, calls and lapses along the days. The tables beside it say the same.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::model::Forecast;

/// The width of the picture, in its own units.
const WIDTH: f64 = 720.0;
/// The height of the tallest bar.
const TALLEST: f64 = 30.0;
/// A day with one call shows, too.
const LOWEST: f64 = 1.0;
/// More months have no room for their names.
const MOST_TICKS: usize = 14;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Timeline {
    months: Vec<Mark>,
    logins: Vec<Mark>,
    lapses: Vec<Mark>,
    versions: Vec<Mark>,
    renewals: Vec<Bar>,
    calls: Vec<Bar>,
    bar_width: f64,
    week_width: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Mark {
    x: f64,
    /// The radius of a circle.
    size: f64,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Bar {
    x: f64,
    height: f64,
    is_over: bool,
}

pub(super) fn of(forecast: &Forecast) -> Timeline {
    let scale = Scale {
        from: forecast.from,
        seconds: forecast.to.duration_since(forecast.from).as_secs_f64(),
    };
    let days = (scale.seconds / 86_400.0).max(1.0);
    Timeline {
        months: scale.months(forecast.to),
        logins: scale.days(forecast.logins.iter().map(|login| (login.by, login.tokens))),
        lapses: scale.days(forecast.lapses.iter().map(|lapse| (lapse.at, 1))),
        versions: scale.days(
            forecast
                .version_ends
                .iter()
                .filter_map(|ending| Some((midnight(ending.on)?, 1))),
        ),
        renewals: scale.renewals(forecast),
        calls: scale.calls(forecast),
        bar_width: rounded((WIDTH / days * 0.8).max(0.8)),
        week_width: rounded((WIDTH / days * 7.0 * 0.8).max(1.0)),
    }
}

struct Scale {
    from: Timestamp,
    seconds: f64,
}

impl Scale {
    fn x(&self, at: Timestamp) -> f64 {
        let share = at.duration_since(self.from).as_secs_f64() / self.seconds.max(1.0);
        rounded(share.clamp(0.0, 1.0) * WIDTH)
    }

    /// One mark for each day, larger for more.
    fn days(&self, found: impl Iterator<Item = (Timestamp, u64)>) -> Vec<Mark> {
        let mut days = std::collections::BTreeMap::<Date, u64>::new();
        for (at, count) in found {
            let on = at.max(self.from).to_zoned(TimeZone::UTC).date();
            *days.entry(on).or_default() += count;
        }
        let marks = days.into_iter().filter_map(|(on, count)| {
            let size = rounded(4.0 + (count as f64).log10() * 2.5);
            let text = format!("{on}: {count}");
            let x = self.x(midnight(on)?);
            Some(Mark { x, size, text })
        });
        marks.collect()
    }

    fn months(&self, to: Timestamp) -> Vec<Mark> {
        let mut on = self.from.to_zoned(TimeZone::UTC).date().first_of_month();
        let mut months = Vec::new();
        while let Ok(next) = on.checked_add(jiff::ToSpan::months(1)) {
            let Some(at) = midnight(next).filter(|at| *at < to) else {
                break;
            };
            if months.len() >= MOST_TICKS {
                break;
            }
            months.push(Mark {
                x: self.x(at),
                size: 0.0,
                text: next.strftime("%b").to_string(),
            });
            on = next;
        }
        months
    }

    fn renewals(&self, forecast: &Forecast) -> Vec<Bar> {
        let most = forecast.renewals.iter().map(|week| week.count).max();
        let most = most.unwrap_or(0).max(1) as f64;
        let bars = forecast.renewals.iter().filter_map(|week| {
            Some(Bar {
                x: self.x(midnight(week.week)?),
                height: rounded(week.count as f64 / most * TALLEST),
                is_over: false,
            })
        });
        bars.collect()
    }

    /// For each day, the app that comes nearest to its budget.
    fn calls(&self, forecast: &Forecast) -> Vec<Bar> {
        let mut days = std::collections::BTreeMap::<Date, f64>::new();
        for day in &forecast.calls {
            let share = day.expected as f64 / day.budget.max(1) as f64;
            let most = days.entry(day.day).or_default();
            *most = most.max(share);
        }
        let bars = days.into_iter().filter_map(|(on, share)| {
            Some(Bar {
                x: self.x(midnight(on)?),
                height: rounded((share.min(1.0) * TALLEST).max(LOWEST)),
                is_over: share > 1.0,
            })
        });
        bars.collect()
    }
}

fn midnight(on: Date) -> Option<Timestamp> {
    on.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp())
}

/// A tenth of a unit is finer than a screen.
fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
