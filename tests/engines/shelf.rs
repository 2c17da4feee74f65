//! An inventory on a server, and what a test does with it.

use jiff::Timestamp;
use perennial::inventory::{
    Address, Authority, Error, Imported, Inventory, NewToken, Place, Settings,
};
use perennial::model::Scopes;
use perennial::secret::{Key, Secret};

use super::cluster::Cluster;

/// How a daemon is configured whose inventory is on a server.
pub(super) struct Shelf {
    pub(super) url: String,
    pub(super) authority: Option<Authority>,
    key: Key,
}

impl Shelf {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            authority: None,
            key: Key::generate().unwrap(),
        }
    }

    /// In an empty database.
    pub(super) fn in_new_database(cluster: &Cluster, name: &str) -> Self {
        cluster.create_database(name);
        Self::new(cluster.url(name))
    }

    pub(super) fn open(&self) -> Result<Inventory, Error> {
        self.open_with(Key::read(self.key.to_base64().as_bytes()).unwrap())
    }

    pub(super) fn open_with(&self, key: Key) -> Result<Inventory, Error> {
        let url = Secret::new(&self.url);
        let address = Address::parse(url, self.authority.clone(), "test").unwrap();
        Inventory::open(&Settings {
            place: Place::Server(Box::new(address)),
            key,
            node: "test".to_owned(),
        })
    }
}

pub(super) async fn import(inventory: &Inventory, name: &str) -> Result<(), Error> {
    import_named(inventory, name, None).await
}

/// With what Meta calls the page or person.
pub(super) async fn import_named(
    inventory: &Inventory,
    name: &str,
    subject_name: Option<&str>,
) -> Result<(), Error> {
    let new = NewToken {
        app: "acme".to_owned(),
        name: Some(name.to_owned()),
        secret: Secret::new(format!("EAA{name}")),
        owners: Vec::new(),
        required_scopes: Scopes::default(),
        parent: None,
        subject_name: subject_name.map(str::to_owned),
    };
    let now: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
    let imported = inventory.write(move |tx| tx.import(&new, now)).await?;
    assert!(matches!(imported, Imported::Added { .. }), "{imported:?}");
    Ok(())
}

pub(super) async fn has(inventory: &Inventory, name: &'static str) -> Result<bool, Error> {
    let read = inventory.read(move |view| view.token_named(name)).await;
    read.map(|token| token.is_some())
}
