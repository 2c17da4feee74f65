//! What an inventory is recognized by from outside.

use super::Inventory;
use crate::secret::Secret;

/// Digested with the inventory's own key. No token reads like this.
const PURPOSE: &str = "perennial:instance";

impl Inventory {
    /// The same for all daemons on this inventory and at every start. It reveals nothing.
    pub fn instance(&self) -> String {
        self.0.sealer.digest(&Secret::new(PURPOSE)).as_id()
    }
}
