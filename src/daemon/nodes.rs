//! The nodes on the inventory: which there are, and what the others do for this one.

use jiff::Timestamp;

use super::sweeps::GRACE;
use super::worker::Context;
use crate::inventory::Error;
use crate::model::{Duty, NodeReport};

/// The configured apps, by who sweeps them.
struct Apps {
    here: Vec<String>,
    elsewhere: Vec<String>,
}

impl Context {
    /// All nodes, also if that is this one alone.
    pub(super) async fn nodes(&self, now: Timestamp) -> Result<Vec<NodeReport>, Error> {
        let shared = &self.shared;
        if shared.duties.is_shared() {
            return self.services.inventory.read(|view| view.nodes()).await;
        }
        Ok(vec![NodeReport {
            name: shared.duties.node().name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: shared.daemon_status.borrow().started_at,
            seen_at: now,
            duties: shared.wanted_duties(),
            settings: shared.node_settings.borrow().clone(),
        }])
    }

    /// When the last sweep ended that was not held up, the earliest of all apps. Other nodes report on theirs.
    pub(super) async fn swept_at(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        let Apps { here, elsewhere } = self.apps().await?;
        if here.is_empty() && !elsewhere.is_empty() {
            return Ok(Some(now));
        }
        Ok(self.sweeps.all_completed_at(&here))
    }

    /// When the last sweep ended, if the latest sweeps of all apps visited everything. Those of other nodes did if
    /// nothing has been due for long.
    pub(super) async fn visited_at(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        let Apps { here, elsewhere } = self.apps().await?;
        let is_all_here = elsewhere.is_empty();
        let left = self.services.inventory.read(move |view| {
            for app in elsewhere {
                if !view.due(&app, now - GRACE, 1)?.is_empty() {
                    return Ok(true);
                }
            }
            Ok(false)
        });
        if !is_all_here && left.await? {
            return Ok(None);
        }
        if here.is_empty() && !is_all_here {
            return Ok(Some(now));
        }
        Ok(self.sweeps.all_visited_at(&here))
    }

    async fn apps(&self) -> Result<Apps, Error> {
        let apps = self.services.rotation_workers.iter();
        let apps: Vec<String> = apps.map(|worker| worker.app.clone()).collect();
        let duties = &self.shared.duties;
        if !duties.is_shared() {
            return Ok(Apps {
                here: apps,
                elsewhere: Vec::new(),
            });
        }
        let node = duties.node().clone();
        let inventory = &self.services.inventory;
        let others = inventory.read(move |view| view.duties_of_others(&node));
        let others = others.await?;
        let is_elsewhere = |app: &String| others.contains(&Duty::App(app.clone()));
        let (elsewhere, here) = apps.into_iter().partition(is_elsewhere);
        Ok(Apps { here, elsewhere })
    }
}
