//! Compares this node's configuration with those of the other nodes on its inventory, and shows them this one's.

use super::clock;
use super::shared_state::SharedState;
use crate::inventory::{Error, Inventory};
use crate::model::{Comparison, Duty, NodeReport, compare};

#[derive(Debug, Default)]
pub(super) struct NodeCheck {
    /// The inventory has a row of this run, and not only one of an earlier run.
    has_joined: bool,
    /// The others know how this node is configured.
    is_shown: bool,
}

impl NodeCheck {
    /// The duties that this node leaves to others because their app has another id there.
    pub(super) async fn left_to_others(
        &mut self,
        inventory: &Inventory,
        shared: &SharedState,
    ) -> Result<Vec<Duty>, Error> {
        let nodes = inventory.read(|view| view.nodes()).await?;
        let name = &shared.duties.node().name;
        let (settings, now) = (shared.node_settings.borrow().clone(), clock::now());
        let row = nodes.iter().find(|node| node.name == *name);
        let row = row.filter(|_| self.has_joined);
        self.is_shown = row.is_some_and(|row| row.settings == settings);
        let own = NodeReport {
            name: name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            // By the clock of the database, as the others have it. A node that joins now is the latest.
            started_at: row.map_or(now, |row| row.started_at),
            seen_at: now,
            duties: Vec::new(),
            settings,
        };
        let Comparison {
            claimed,
            differences,
        } = compare(&own, &nodes, now);
        let words = words(&differences);
        shared.publish_side_job_error("comparison with the other nodes", words);
        Ok(claimed.into_iter().map(Duty::App).collect())
    }

    /// Call it when the node is among the others.
    pub(super) async fn joined(
        &mut self,
        inventory: &Inventory,
        shared: &SharedState,
    ) -> Result<(), Error> {
        self.has_joined = true;
        if self.is_shown {
            return Ok(());
        }
        let settings = shared.node_settings.borrow().clone();
        shared.duties.show_settings(inventory, settings).await
    }
}

fn words(differences: &[String]) -> Option<String> {
    (!differences.is_empty()).then(|| {
        format!(
            "the nodes on this inventory are configured differently: {}. Which configuration applies depends on the \
             node that does the work. Make them alike and reload",
            differences.join("; ")
        )
    })
}
