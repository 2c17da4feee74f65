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

fn in_words(latest: Timestamp) -> String {
    format!(
        "the machine's clock stands before the newest event of the inventory, which is of {latest}: nothing is checked, \
         renewed or told until it is set right, see timedatectl. If the clock is right now and was wrong before, bring \
         back a copy from before that: perennial restore FILE"
    )
}
