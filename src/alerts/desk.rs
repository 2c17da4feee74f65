//! Files each troubled token into the incident of its story, and opens those of the apps themselves.

use jiff::Timestamp;

use super::policy::{self, Filing};
use crate::inventory::{self, Inventory, Tx};
use crate::token::TokenId;

/// How many tokens are filed in one transaction.
const CHUNK: usize = 500;

/// Puts every token whose need changed where it belongs; how many that were.
pub(super) async fn file_tokens(
    inventory: &Inventory,
    now: Timestamp,
) -> Result<usize, inventory::Error> {
    let mut filed = 0;
    loop {
        let waiting = inventory.read(|view| view.attention(CHUNK)).await?;
        if waiting.is_empty() {
            return Ok(filed);
        }
        filed += waiting.len();
        inventory
            .write(move |tx| {
                waiting.iter().try_for_each(|id| file(tx, *id, now))?;
                tx.attended(&waiting)
            })
            .await?;
    }
}

/// A token that is gone by now needs nobody.
fn file(tx: &Tx<'_>, id: TokenId, now: Timestamp) -> Result<(), inventory::Error> {
    let Some(concern) = tx.concern(id)? else {
        return Ok(());
    };
    match policy::filing(&concern) {
        Filing::Stay => {}
        Filing::Leave(incident) => tx.leave(id, incident, now)?,
        Filing::Join(story) => {
            tx.join(&story, &concern.token, now)?;
        }
        Filing::Move { from, to } => {
            tx.leave(id, from, now)?;
            tx.join(&to, &concern.token, now)?;
        }
    }
    Ok(())
}

pub(super) async fn open_incidents_of_apps(
    inventory: &Inventory,
    now: Timestamp,
) -> Result<(), inventory::Error> {
    let apps = inventory.read(|view| view.apps()).await?;
    for (story, cause) in apps.iter().filter_map(|app| policy::app_story(app, now)) {
        inventory
            .write(move |tx| tx.open_incident(&story, cause, now))
            .await?;
    }
    Ok(())
}
