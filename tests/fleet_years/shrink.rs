//! Finds the shortest time, the fewest kinds of faults and the fewest tokens with which a year still breaks its rule.

use jiff::Timestamp;

use super::Part;
use super::year::Result;

/// Until the day after the first breach, without each kind of fault that makes no difference, with half the tokens as
/// often as it goes. `fails` lives a part of the year, and says whether it breaks the same rule.
pub(super) fn shrink(
    whole: &Part,
    kinds: &[String],
    tokens: usize,
    until: Option<i64>,
    fails: impl Fn(&Part) -> Result<bool>,
) -> Result<Part> {
    let mut least = whole.clone();
    let mut keep_if_it_fails = |part: Part| -> Result<bool> {
        let still_fails = fails(&part)?;
        if still_fails {
            least = part;
        }
        Ok(still_fails)
    };
    let mut part = Part {
        until: until.or(whole.until),
        ..whole.clone()
    };
    if !keep_if_it_fails(part.clone())? {
        part = whole.clone();
    }
    for kind in kinds {
        let mut without = part.clone();
        without.without.push(kind.clone());
        if keep_if_it_fails(without.clone())? {
            part = without;
        }
    }
    let mut fewer = tokens / 2;
    while fewer >= 5 {
        let smaller = Part {
            tokens: Some(fewer),
            ..part.clone()
        };
        if !keep_if_it_fails(smaller)? {
            break;
        }
        fewer /= 2;
    }
    Ok(least)
}

/// The number of the day after the one with which a breach's words begin.
pub(super) fn day_after(words: &str, start: Timestamp) -> Option<i64> {
    let (at, _) = words.split_once(": ")?;
    let at: Timestamp = at.parse().ok()?;
    Some(at.duration_since(start).as_hours() / 24 + 1)
}
