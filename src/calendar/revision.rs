//! What has changed since a calendar was last shown, and which login of a person is the next.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::entry::{Entry, Login};
use crate::model::{ForeseenLogin, ShownCalendar, ShownLogin};

/// How often a calendar has changed, and when it did last. Calendar programs ignore a change without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    pub sequence: u32,
    pub modified_at: Timestamp,
}

impl From<&ShownCalendar> for Revision {
    fn from(shown: &ShownCalendar) -> Self {
        Self {
            sequence: shown.sequence,
            modified_at: shown.modified_at,
        }
    }
}

/// When the next login moves later by more than this, the person has logged in. A login gives 60 days or more.
const A_LOGIN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A login that is no longer foreseen is remembered for so long, because it may be foreseen again.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(400 * 24);
/// The most people who are remembered.
const PEOPLE: usize = 2_000;

/// Counts the logins of each person on from those that were shown before.
pub fn number<'a>(
    shown: Option<&ShownCalendar>,
    logins: impl Iterator<Item = &'a ForeseenLogin> + Clone,
) -> Vec<Login<'a>> {
    let next = next_logins(shown, logins.clone());
    let number = |foreseen: &'a ForeseenLogin| {
        let known = next.get(&(foreseen.app.as_str(), foreseen.person.as_str()));
        let before = known.map_or(0, |(_, round)| round.saturating_sub(1));
        Login {
            foreseen,
            round: before.saturating_add(foreseen.round),
        }
    };
    logins.map(number).collect()
}

/// What is shown now. It equals what was shown before when nothing has changed.
pub fn revise(
    shown: Option<&ShownCalendar>,
    logins: &[Login<'_>],
    entries: &[Entry],
    now: Timestamp,
) -> ShownCalendar {
    let digest = digest(entries);
    let foreseen = logins.iter().map(|login| login.foreseen);
    let (sequence, modified_at) = match shown {
        Some(shown) if shown.digest == digest => (shown.sequence, shown.modified_at),
        Some(shown) => (shown.sequence.saturating_add(1), now),
        None => (0, now),
    };
    ShownCalendar {
        sequence,
        modified_at,
        digest,
        logins: remembered(shown, foreseen, now),
    }
}

type Next<'a> = BTreeMap<(&'a str, &'a str), (Timestamp, u32)>;

/// The next login of each person, and which one it is.
fn next_logins<'a>(
    shown: Option<&ShownCalendar>,
    logins: impl Iterator<Item = &'a ForeseenLogin>,
) -> Next<'a> {
    let before = shown.map_or(&[][..], |shown| &shown.logins);
    let before: BTreeMap<_, _> = before
        .iter()
        .map(|login| ((&*login.app, &*login.person), login))
        .collect();
    let mut next = Next::new();
    for login in logins.filter(|login| login.round == 1) {
        let person = (login.app.as_str(), login.person.as_str());
        let round = match before.get(&person) {
            Some(known) if login.by.duration_since(known.by) > A_LOGIN => known.round + 1,
            Some(known) => known.round,
            None => 1,
        };
        next.insert(person, (login.by, round));
    }
    next
}

fn remembered<'a>(
    shown: Option<&ShownCalendar>,
    logins: impl Iterator<Item = &'a ForeseenLogin>,
    now: Timestamp,
) -> Vec<ShownLogin> {
    let next = next_logins(shown, logins);
    let before = shown.map_or(&[][..], |shown| &shown.logins).iter();
    let is_kept = |login: &&ShownLogin| {
        !next.contains_key(&(login.app.as_str(), login.person.as_str()))
            && now.duration_since(login.by) < REMEMBERED
    };
    let mut all: Vec<ShownLogin> = before.filter(is_kept).cloned().collect();
    all.extend(next.iter().map(|((app, person), (by, round))| ShownLogin {
        app: (*app).to_owned(),
        person: (*person).to_owned(),
        by: *by,
        round: *round,
    }));
    all.sort_by_key(|login| Reverse(login.by));
    all.truncate(PEOPLE);
    all.sort_by(|one, other| (&one.app, &one.person).cmp(&(&other.app, &other.person)));
    all
}

fn digest(entries: &[Entry]) -> String {
    let mut digest = Sha256::new();
    for Entry {
        uid,
        on,
        summary,
        description,
    } in entries
    {
        for part in [uid, &on.to_string(), summary, description] {
            digest.update(part);
            digest.update([0]);
        }
    }
    let bytes = digest.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
