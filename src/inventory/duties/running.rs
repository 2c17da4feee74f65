//! Whether daemons use the inventory of a server, for commands that must have it to themselves.

use std::fmt::Display;

use crate::inventory::Error;
use crate::inventory::engine::Connection;
use crate::model::has_ended;

/// In milliseconds. A running node is seen every few seconds; a pause of the machine may be longer.
const LATELY: i64 = 60_000;

/// Names the nodes that were seen lately, or hold a duty. A node that was stopped in order is gone at once.
pub(in crate::inventory) fn reject_running_nodes(
    db: &Connection,
    place: &dyn Display,
) -> Result<(), Error> {
    let now = db.clock()?;
    let rows: Vec<(String, i64, Option<i64>)> = db.all(
        "SELECT n.name, n.seen_at, max(d.ends_at) FROM node n LEFT JOIN duty d ON d.holder = n.id
         GROUP BY n.id, n.name, n.seen_at ORDER BY n.name, n.id",
        &[],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let is_running = |(_, seen_at, ends_at): &(String, i64, Option<i64>)| {
        let seen_at = seen_at.saturating_mul(1_000);
        let holds = ends_at.is_some_and(|end| !has_ended(end, now));
        holds || (now - LATELY..=now + LATELY).contains(&seen_at)
    };
    let running: Vec<String> = rows
        .into_iter()
        .filter(is_running)
        .map(|(name, ..)| name)
        .collect();
    match running.as_slice() {
        [] => Ok(()),
        names => Err(Error::NodesRunning {
            place: place.to_string(),
            nodes: names.join(", "),
        }),
    }
}
