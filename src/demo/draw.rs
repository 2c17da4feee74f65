//! What happens in a run, drawn by its seed: who is on leave, whose token Meta extends, and what goes wrong for whom, and
//! when. Pure.

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::apps::{APPS, DemoApp, INSTAGRAM_APP, MAIN_APP, THREADS_APP};
use crate::graph_sim::Outage;

/// All people and their pages.
pub(super) const CAST: [(&str, &[&str]); 6] = [
    ("Maria", &["Bakery", "Café", "Deli"]),
    (
        "Paul",
        &[
            "North shop",
            "South shop",
            "East shop",
            "West shop",
            "Outlet",
        ],
    ),
    ("Ines", &["Museum", "Theatre"]),
    ("Kenji", &["Dojo"]),
    ("Zoe", &["Garden centre"]),
    ("Omar", &[]),
];

/// The seed of the run that the README shows.
const USUAL: u64 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DemoFault {
    PasswordChanged(&'static str),
    AppRemoved(&'static str),
    PermissionRemoved(&'static str),
    RoleLost(&'static str),
    Checkpoint(&'static str),
    OutageBegins(Outage),
    OutageEnds,
    /// For so many hours.
    Throttled(DemoApp, i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Diligence {
    /// Does what an email asks for within two days.
    Reliable,
    /// Is on leave and does nothing.
    Away,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DemoRenewal {
    /// It expires, and each renewal by Perennial gives it another life.
    ByPerennial,
    /// It never expires by itself, or a person must log in.
    None,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Draw {
    away: Option<&'static str>,
    /// Whose token Meta extends when it is exchanged.
    extended: &'static str,
    /// Latest first, so that the next one is at the end.
    pub(super) faults: Vec<(Timestamp, DemoFault)>,
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The days around which something goes wrong for a person. No two of them are about the same person.
const DAYS_OF_PEOPLE: [i32; 3] = [9, 27, 34];
const DAY_OF_OUTAGE: i32 = 20;
const DAY_OF_THROTTLE: i32 = 41;

impl Draw {
    pub(super) fn new(start: Timestamp, seed: u64) -> Self {
        let mut chance = StdRng::seed_from_u64(seed);
        let cast = match seed {
            USUAL => Cast::usual(),
            _ => Cast::drawn(&mut chance),
        };
        let mut around = |day: i32| {
            start + DAY * day + SignedDuration::from_mins(chance.random_range(0..2 * 24 * 60))
        };
        let days = DAYS_OF_PEOPLE.map(&mut around);
        let mut faults: Vec<_> = days.into_iter().zip(cast.mishaps).collect();
        let outage = around(DAY_OF_OUTAGE);
        let (kind, hours) = cast.outage;
        faults.push((outage, DemoFault::OutageBegins(kind)));
        faults.push((
            outage + SignedDuration::from_hours(hours),
            DemoFault::OutageEnds,
        ));
        let (app, hours) = cast.throttled;
        faults.push((around(DAY_OF_THROTTLE), DemoFault::Throttled(app, hours)));
        faults.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Self {
            away: cast.away,
            extended: cast.extended,
            faults,
        }
    }

    pub(super) fn renewal(&self, person: &str) -> DemoRenewal {
        match self.extended == person {
            true => DemoRenewal::ByPerennial,
            false => DemoRenewal::None,
        }
    }

    pub(super) fn diligence(&self, person: &str) -> Diligence {
        match self.away == Some(person) {
            true => Diligence::Away,
            false => Diligence::Reliable,
        }
    }
}

/// Who does what, without days.
struct Cast {
    away: Option<&'static str>,
    extended: &'static str,
    mishaps: [DemoFault; 3],
    outage: (Outage, i64),
    throttled: (DemoApp, i64),
}

impl Cast {
    const fn usual() -> Self {
        Self {
            away: Some("Zoe"),
            extended: "Omar",
            mishaps: [
                DemoFault::PasswordChanged("Paul"),
                DemoFault::RoleLost("Ines"),
                DemoFault::Checkpoint("Kenji"),
            ],
            outage: (Outage::HtmlError, 24),
            throttled: (MAIN_APP, 1),
        }
    }

    fn drawn(chance: &mut StdRng) -> Self {
        let mut people = CAST.map(|(name, pages)| (name, !pages.is_empty()));
        people.shuffle(chance);
        let [extended, away, rest @ ..] = people;
        let is_anyone_away = chance.random_range(0..3) > 0;
        let mut mishaps = [
            DemoFault::PasswordChanged,
            DemoFault::AppRemoved,
            DemoFault::PermissionRemoved,
            DemoFault::Checkpoint,
            DemoFault::RoleLost,
        ];
        mishaps.shuffle(chance);
        let mut hit = rest
            .into_iter()
            .zip(mishaps)
            .map(|((name, has_pages), mishap)| {
                match mishap(name) {
                    // Without a page there is no role to lose.
                    DemoFault::RoleLost(name) if !has_pages => DemoFault::PasswordChanged(name),
                    other => other,
                }
            });
        let mut next = || hit.next().unwrap_or(DemoFault::OutageEnds);
        let mishaps = [next(), next(), next()];
        let outages = [Outage::HtmlError, Outage::Unavailable, Outage::Reset];
        let apps = [MAIN_APP, INSTAGRAM_APP, THREADS_APP];
        Self {
            away: is_anyone_away.then_some(away.0),
            extended: extended.0,
            mishaps,
            outage: (
                outages[chance.random_range(0..outages.len())],
                chance.random_range(6..36),
            ),
            throttled: (
                apps[chance.random_range(0..APPS.len())],
                chance.random_range(1..4),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(seed: u64) -> Draw {
        Draw::new("2026-03-02T09:00:00Z".parse().unwrap(), seed)
    }

    #[test]
    fn a_seed_draws_what_happens_and_to_whom() {
        assert_eq!(draw(7), draw(7));
        let about = |seed| {
            let draw = draw(seed);
            let faults = draw.faults.iter().map(|(_, fault)| format!("{fault:?}"));
            let mut faults: Vec<String> = faults.collect();
            faults.sort();
            (draw.away, draw.extended, faults)
        };
        let different: std::collections::BTreeSet<_> = (1..=20).map(about).collect();
        assert!(different.len() > 15, "{different:?}");
        for seed in 1..=200 {
            let draw = draw(seed);
            assert_eq!(draw.faults.len(), 6, "{seed}");
            let about = format!("{:?}", draw.faults);
            assert!(!about.contains(draw.extended), "{seed}: {about}");
            assert!(draw.away.is_none_or(|away| !about.contains(away)), "{seed}");
        }
    }
}
