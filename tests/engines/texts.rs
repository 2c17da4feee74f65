//! Texts that PostgreSQL cannot store as they are. Both engines store the same.

use perennial::inventory::{Inventory, Settings};
use perennial::model::{Event, EventId, NewEvent};
use perennial::secret::Key;

use super::cluster::Cluster;
use super::shelf::{Shelf, import_named};

/// What Meta or a mail server may send, and what is stored of it.
const SENT: &str = "Bäckerei\0Öl";
const STORED: &str = "Bäckerei\u{FFFD}Öl";

async fn stores_it(inventory: &Inventory) {
    import_named(inventory, "acme-page", Some(SENT))
        .await
        .unwrap();
    let token = inventory.read(|view| view.token_named("acme-page"));
    let token = token.await.unwrap().unwrap();
    assert_eq!(token.subject_name.as_deref(), Some(STORED));

    let now = token.imported_at;
    let set = inventory.write(move |tx| tx.set_channels(&[SENT.to_owned()], now));
    set.await.unwrap();
    let failed = NewEvent::from(Event::BackupFailed {
        reason: SENT.to_owned(),
    });
    let recorded = inventory.write(move |tx| tx.record_event(&failed, now));
    recorded.await.unwrap();
    let events = inventory.read(|view| view.events(EventId(0), None, 10));
    let events = events.await.unwrap();
    assert!(matches!(
        &events.last().unwrap().event,
        Event::BackupFailed { .. }
    ));
}

#[tokio::test]
async fn a_text_with_a_zero_byte_is_stored_by_a_server() {
    let Some(cluster) = Cluster::shared() else {
        return;
    };
    let shelf = Shelf::in_new_database(&cluster, "zero_byte");
    stores_it(&shelf.open().unwrap()).await;
}

#[tokio::test]
async fn a_text_with_a_zero_byte_is_stored_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inventory.db");
    let settings = Settings::of_file(&path, Key::generate().unwrap());
    stores_it(&Inventory::open(&settings).unwrap()).await;
}
