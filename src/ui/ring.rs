//! One of a token's two clocks as a ring: how much of its time is left.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::api::types::TokenView;
use crate::look::Tone;
use crate::model::{State, distance};

/// The usual life of a long-lived token, where the real one is unknown.
const USUAL_LIFE: SignedDuration = SignedDuration::from_hours(60 * 24);
const DATA_ACCESS_LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);

const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
const VERY_SOON: SignedDuration = SignedDuration::from_hours(3 * 24);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Ring {
    title: &'static str,
    /// How much is left, in percent.
    percent: i64,
    tone: &'static str,
    text: String,
    at: Option<Timestamp>,
}

/// The clocks of a token that does not work go on, but say nothing about when it ends.
pub(super) fn of(token: &TokenView, now: Timestamp) -> [Ring; 2] {
    let rings = running(token, now);
    match token.state {
        State::Dead => rings.map(|ring| Ring {
            tone: Tone::Idle.name(),
            ..ring
        }),
        _ => rings,
    }
}

fn running(token: &TokenView, now: Timestamp) -> [Ring; 2] {
    let life = token.expires_at.zip(token.issued_at);
    let life = life.map(|(end, issued)| end.duration_since(issued));
    let life = life.filter(SignedDuration::is_positive);
    [
        ring(
            "Token",
            token.expires_at,
            life.unwrap_or(USUAL_LIFE),
            token.never_expires,
            now,
        ),
        ring(
            "Data access",
            token.data_access_expires_at,
            DATA_ACCESS_LIFE,
            token.kind.is_some(),
            now,
        ),
    ]
}

fn ring(
    title: &'static str,
    end: Option<Timestamp>,
    whole: SignedDuration,
    never_ends: bool,
    now: Timestamp,
) -> Ring {
    let left = end.map(|end| end.duration_since(now));
    let (percent, tone, text) = match left {
        None if never_ends => (100, Tone::Idle, "never ends".to_owned()),
        None => (0, Tone::Idle, "end unknown".to_owned()),
        Some(left) if !left.is_positive() => (0, Tone::Bad, "has ended".to_owned()),
        Some(left) => {
            let percent = (100 * left.as_secs() / whole.as_secs().max(1)).clamp(1, 100);
            let text = format!("{} left", distance::span(left));
            (percent, tone(left), text)
        }
    };
    Ring {
        title,
        percent,
        tone: tone.name(),
        text,
        at: end,
    }
}

fn tone(left: SignedDuration) -> Tone {
    match left {
        _ if left < VERY_SOON => Tone::Bad,
        _ if left < SOON => Tone::Warn,
        _ => Tone::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_shows_what_is_left() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let day = SignedDuration::from_hours(24);
        for (days, never_ends, expected) in [
            (Some(60), false, (100, "good", "60 days left")),
            (Some(30), false, (50, "good", "30 days left")),
            (Some(6), false, (10, "warn", "6 days left")),
            (Some(1), false, (1, "bad", "24 h left")),
            (Some(-1), false, (0, "bad", "has ended")),
            (None, true, (100, "idle", "never ends")),
            (None, false, (0, "idle", "end unknown")),
        ] {
            let end = days.map(|days| now + day * days);
            let ring = ring("Token", end, day * 60, never_ends, now);
            assert_eq!((ring.percent, ring.tone, &*ring.text), expected);
        }
    }
}
