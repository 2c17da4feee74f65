//! The daemon's state as it last published it, for the socket and the metrics.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::types::{AppReport, Maintenance, Sweep};
use crate::inventory::Inventory;
use crate::model::NodeReport;

/// The daemon's state that the inventory does not hold.
#[derive(Clone, Debug, Default)]
pub struct DaemonStatus {
    pub started_at: Timestamp,
    /// `next_at` does not move while a sweep is late, so that readers can see that it is late.
    pub sweep: Sweep,
    /// Every configured app, even before the first sweep. Tokens can be imported for these apps only.
    pub apps: Vec<AppReport>,
    pub maintenance: Maintenance,
    /// Why the inventory cannot be written to at present.
    pub inventory_error: Option<String>,
    /// When that began.
    pub unwritable_since: Option<Timestamp>,
    /// The log already says that no person can be reached.
    pub is_cut_off: bool,
    /// Why the daemon does not trust the machine's clock at present.
    pub clock_error: Option<String>,
    /// The nodes on the inventory, with what each of them does.
    pub nodes: Vec<NodeReport>,
    /// What else is wrong with the daemon itself, as sentences.
    pub problems: Vec<String>,
    /// What keeps a side job from its work, by job: a sentence each.
    pub side_job_errors: BTreeMap<&'static str, String>,
}

impl DaemonStatus {
    /// Adds a later write error of the inventory, if there is one.
    #[must_use]
    pub fn with_write_error_of(self, inventory: &Inventory) -> Self {
        let error = inventory.write_error().map(|why| why.to_string());
        Self {
            inventory_error: error.or(self.inventory_error),
            ..self
        }
    }

    /// Shows these apps. Those that were not swept yet keep the time of their last sweep.
    pub fn show_apps(&mut self, mut apps: Vec<AppReport>) {
        for app in &mut apps {
            let known = self.apps.iter().find(|known| known.name == app.name);
            app.last_swept_at = app
                .last_swept_at
                .or(known.and_then(|known| known.last_swept_at));
        }
        self.apps = apps;
    }
}
