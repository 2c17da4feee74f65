//! The rows of nodes and duties. Every moment is by the clock of the database, which the callers pass in, in milliseconds.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::inventory::engine::{Json, Texts};
use crate::inventory::{Error, Tx, View};
use crate::model::{Duty, Node, NodeReport, NodeSettings, end_of_term, has_ended, latest_end};

/// One holder of a duty. No other, earlier or later, has the same epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tenure {
    pub(super) duty: Duty,
    /// The id of the node.
    pub(super) holder: String,
    pub(super) epoch: i64,
}

/// In milliseconds: a week.
const REMEMBERED: i64 = 7 * 24 * 3_600 * 1_000;

/// Those of another version may have another form. Then nothing is known of them.
fn settings(json: &str) -> NodeSettings {
    serde_json::from_str(json).unwrap_or_default()
}

fn timestamp(clock: i64) -> Timestamp {
    Timestamp::from_millisecond(clock).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl View<'_> {
    /// Those of `duties` that no other node holds.
    pub(super) fn free_duties(
        &self,
        duties: &[Duty],
        node: &Node,
        now: i64,
    ) -> Result<Vec<Duty>, Error> {
        let held = "SELECT name, ends_at FROM duty WHERE holder <> ?1";
        let ends: BTreeMap<String, i64> = self
            .db
            .all(held, &[&node.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let is_free = |duty: &&Duty| {
            ends.get(&duty.to_string())
                .is_none_or(|end| has_ended(*end, now))
        };
        Ok(duties.iter().filter(is_free).cloned().collect())
    }

    /// What other nodes hold now.
    pub fn duties_of_others(&self, node: &Node) -> Result<Vec<Duty>, Error> {
        let now = self.db.clock()?;
        let names: Vec<String> = self.db.values(
            "SELECT name FROM duty WHERE holder <> ?1 AND ends_at > ?2",
            &[&node.id, &now],
        )?;
        Ok(names
            .iter()
            .filter_map(|name| Duty::from_name(name))
            .collect())
    }

    /// The nodes that were seen lately, with what they hold now.
    pub fn nodes(&self) -> Result<Vec<NodeReport>, Error> {
        let now = self.db.clock()?;
        let rows: Vec<(String, NodeReport, Option<String>)> = self.db.all(
            "SELECT n.id, n.name, n.version, n.started_at, n.seen_at, d.name, n.settings
             FROM node n LEFT JOIN duty d ON d.holder = n.id AND d.ends_at > ?1
             ORDER BY n.name, n.started_at, n.id, d.name",
            &[&now],
            |row| {
                let report = NodeReport {
                    name: row.get(1)?,
                    version: row.get(2)?,
                    started_at: row.get(3)?,
                    seen_at: row.get(4)?,
                    duties: Vec::new(),
                    settings: settings(&row.get::<String>(6)?),
                };
                Ok((row.get(0)?, report, row.get(5)?))
            },
        )?;
        let mut nodes: Vec<(String, NodeReport)> = Vec::new();
        for (id, report, duty) in rows {
            if nodes.last().is_none_or(|(last, _)| *last != id) {
                nodes.push((id, report));
            }
            let duty = duty.and_then(|name| Duty::from_name(&name));
            if let Some((_, report)) = nodes.last_mut() {
                report.duties.extend(duty);
            }
        }
        Ok(nodes.into_iter().map(|(_, report)| report).collect())
    }
}

impl Tx<'_> {
    /// Takes those of `duties` that no other node holds.
    pub(super) fn take_duties(
        &self,
        duties: &[Duty],
        node: &Node,
        now: i64,
    ) -> Result<Vec<Tenure>, Error> {
        let epochs = self.take_known_duties(duties, node, now)?;
        let mut taken = Vec::new();
        for duty in duties {
            let epoch = match epochs.get(&duty.to_string()) {
                Some(epoch) => Some(*epoch),
                None => self.add_duty(duty, node, now)?,
            };
            taken.extend(epoch.map(|epoch| Tenure {
                duty: duty.clone(),
                holder: node.id.clone(),
                epoch,
            }));
        }
        let apps = taken.iter().filter_map(|tenure| tenure.duty.app());
        self.end_claims_of_apps(&apps.map(str::to_owned).collect::<Vec<_>>())?;
        Ok(taken)
    }

    /// Returns the epochs by the names. What this node took before, and never heard that it had, is its own to take again.
    fn take_known_duties(
        &self,
        duties: &[Duty],
        node: &Node,
        now: i64,
    ) -> Result<BTreeMap<String, i64>, Error> {
        let names: Vec<String> = duties.iter().map(Duty::to_string).collect();
        let taken: Vec<(String, i64)> = self.db.all(
            "UPDATE duty SET holder = ?2, epoch = epoch + 1, ends_at = ?4
             WHERE name IN (SELECT value FROM json_each(?1))
                AND (ends_at <= ?3 OR ends_at > ?5 OR holder = ?2)
             RETURNING name, epoch",
            &[
                &Texts(&names),
                &node.id,
                &now,
                &end_of_term(now),
                &latest_end(now),
            ],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(taken.into_iter().collect())
    }

    /// Takes a duty that nobody has had before. `None` if somebody has.
    fn add_duty(&self, duty: &Duty, node: &Node, now: i64) -> Result<Option<i64>, Error> {
        self.db.maybe_value(
            "INSERT INTO duty (name, holder, epoch, ends_at) VALUES (?1, ?2, 1, ?3)
             ON CONFLICT (name) DO NOTHING RETURNING epoch",
            &[&duty.to_string(), &node.id, &end_of_term(now)],
        )
    }

    /// Returns the names of those that were still held. If the term of one has ended and no other node took it, it still
    /// was.
    pub(super) fn renew_duties(
        &self,
        node: &Node,
        held: &[&Tenure],
        now: i64,
    ) -> Result<Vec<String>, Error> {
        let of = |tenure: &&Tenure| format!("{} {}", tenure.duty, tenure.epoch);
        let held: Vec<String> = held.iter().map(of).collect();
        self.db.values(
            "UPDATE duty SET ends_at = ?3
             WHERE holder = ?1 AND name || ' ' || epoch IN (SELECT value FROM json_each(?2)) RETURNING name",
            &[&node.id, &Texts(&held), &end_of_term(now)],
        )
    }

    /// Lets other nodes take the duty at once.
    pub(super) fn give_up_duty(&self, tenure: &Tenure) -> Result<(), Error> {
        self.db.run(
            "UPDATE duty SET holder = '', ends_at = 0 WHERE name = ?1 AND holder = ?2 AND epoch = ?3",
            &[&tenure.duty.to_string(), &tenure.holder, &tenure.epoch],
        )
    }

    /// Until this transaction ends, no other node can take the duty: transactions that write take turns.
    pub(super) fn check_duty(&self, tenure: &Tenure) -> Result<(), Error> {
        let held: Option<i64> = self.db.maybe_value(
            "SELECT epoch FROM duty WHERE name = ?1 AND holder = ?2 AND epoch = ?3",
            &[&tenure.duty.to_string(), &tenure.holder, &tenure.epoch],
        )?;
        held.map(drop)
            .ok_or_else(|| Error::DutyLost(tenure.duty.clone()))
    }

    /// Shows that the node is alive. Returns whether another daemon with the same name has put itself in its place.
    pub(super) fn show_node(&self, node: &Node, has_joined: bool, now: i64) -> Result<bool, Error> {
        match has_joined {
            true => self.stay_among_nodes(node, now),
            false => self.join_nodes(node, now).map(|()| false),
        }
    }

    /// Adds this node, in place of earlier runs of it. Forgets nodes that were not seen for long.
    fn join_nodes(&self, node: &Node, now: i64) -> Result<(), Error> {
        let gone = "DELETE FROM node WHERE name = ?1 OR seen_at < ?2";
        let long_ago = timestamp(now.saturating_sub(REMEMBERED));
        self.db.run(gone, &[&node.name, &long_ago])?;
        self.add_node(node, now)
    }

    fn add_node(&self, node: &Node, now: i64) -> Result<(), Error> {
        let (now, version) = (timestamp(now), env!("CARGO_PKG_VERSION"));
        self.db.run(
            "INSERT INTO node (id, name, version, started_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
            &[&node.id, &node.name, &version, &now],
        )
    }

    fn stay_among_nodes(&self, node: &Node, now: i64) -> Result<bool, Error> {
        let see = "UPDATE node SET seen_at = ?2 WHERE id = ?1";
        let is_gone = self.db.changed(see, &[&node.id, &timestamp(now)])? == 0;
        if is_gone {
            self.add_node(node, now)?;
        }
        let namesakes = "SELECT EXISTS (SELECT 1 FROM node WHERE name = ?1 AND id <> ?2)";
        let has_namesake: bool = self.db.value(namesakes, &[&node.name, &node.id])?;
        Ok(is_gone && has_namesake)
    }

    /// Shows the others how this node is configured.
    pub(super) fn show_settings(&self, node: &Node, settings: &NodeSettings) -> Result<(), Error> {
        let show = "UPDATE node SET settings = ?2 WHERE id = ?1";
        self.db.run(show, &[&node.id, &Json(settings)])
    }

    pub(super) fn leave_nodes(&self, node: &Node) -> Result<(), Error> {
        self.db.run("DELETE FROM node WHERE id = ?1", &[&node.id])
    }
}
