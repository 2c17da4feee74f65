//! Opens the inventory. Meanwhile it asks systemd for more time, because an old inventory is copied and upgraded first.

use std::time::Duration;

use super::systemd;
use crate::inventory::{Error, Inventory, Settings};

const ASK_EVERY: Duration = Duration::from_secs(10);
const ASK_FOR: Duration = Duration::from_secs(60);

pub(super) fn open(settings: &Settings) -> Result<Inventory, Error> {
    let asking = tokio::spawn(ask_for_time());
    let opened = tokio::task::block_in_place(|| Inventory::open(settings));
    asking.abort();
    opened
}

async fn ask_for_time() {
    let mut again = tokio::time::interval(ASK_EVERY);
    loop {
        again.tick().await;
        systemd::not_ready_within(ASK_FOR);
    }
}
