//! A clock that stands before what has happened already judges nothing: by it no token would end, and none be due.

use jiff::{SignedDuration, Timestamp};

use super::crew::Board;
use crate::inventory::{Error, Inventory};

/// Clocks are corrected by seconds all the time.
const CORRECTED: SignedDuration = SignedDuration::from_mins(1);

/// Whether the passes must wait for the clock. It is told on the board, and in the log once.
pub(super) async fn is_it(
    inventory: &Inventory,
    board: &Board,
    now: Timestamp,
) -> Result<bool, Error> {
    let latest = inventory.read(|view| view.latest_event_at()).await?;
    let trouble = latest
        .filter(|latest| now + CORRECTED < *latest)
        .map(in_words);
    let is_new = board.pulse.send_if_modified(|pulse| {
        let is_new = pulse.clock_trouble.is_none() && trouble.is_some();
        pulse.clock_trouble.clone_from(&trouble);
        is_new
    });
    if let Some(trouble) = trouble.as_ref().filter(|_| is_new) {
        tracing::error!("{trouble}");
    }
    Ok(trouble.is_some())
}

/// Beyond it Meta may refuse what we sign, and ends are told at the wrong time.
const ASTRAY: SignedDuration = SignedDuration::from_mins(5);

/// In a sentence, how far the machine's clock is from Meta's, if that is too far.
pub(super) fn astray(at_meta: Option<Timestamp>, now: Timestamp) -> Option<String> {
    let at_meta = at_meta?;
    let minutes = now.duration_since(at_meta).abs();
    (minutes > ASTRAY).then(|| {
        let direction = if now > at_meta { "ahead of" } else { "behind" };
        format!(
            "the machine's clock is {} minutes {direction} Meta's; set it right, see timedatectl",
            minutes.as_mins()
        )
    })
}

fn in_words(latest: Timestamp) -> String {
    format!(
        "the machine's clock stands before the newest event of the inventory, which is of {latest}: nothing is checked, \
         renewed or told until it is set right, see timedatectl. If the clock is right now and was wrong before, bring \
         back a copy from before that: perennial restore FILE"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_astray_beyond_five_minutes_either_way() {
        let now: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
        let told = |minutes: i64| astray(Some(now + SignedDuration::from_mins(minutes)), now);
        assert_eq!(astray(None, now), None);
        assert_eq!((told(5), told(-5)), (None, None));
        assert!(told(6).unwrap().contains("is 6 minutes behind Meta's"));
        assert!(told(-90).unwrap().contains("is 90 minutes ahead of Meta's"));
    }
}
