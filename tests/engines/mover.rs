//! A file and a database that an inventory is moved between, and everything that each of them holds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use perennial::inventory::{
    Address, Error, Inventory, MoveError, Moved, Place, Settings, move_inventory,
};
use perennial::secret::{Key, Secret};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rusqlite::Connection;

use super::cluster::Cluster;
use super::meaning::{insert, rows};
use super::shelf::import;
use super::values::{COUNTED, ROWS, TABLES, columns};

/// More rows than are read or sent at a time.
pub(super) const MANY: i64 = 6_000;

/// A move waits for its server by itself, so the tests are in no runtime.
pub(super) fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

/// A file and a database that an inventory is moved between.
pub(super) struct Bench {
    pub(super) cluster: Arc<Cluster>,
    pub(super) folder: tempfile::TempDir,
    pub(super) database: String,
    pub(super) key: Key,
}

impl Bench {
    pub(super) fn new(database: &str) -> Option<Self> {
        let cluster = Cluster::shared()?;
        cluster.create_database(database);
        Some(Self {
            cluster,
            folder: tempfile::tempdir().unwrap(),
            database: database.to_owned(),
            key: Key::generate().unwrap(),
        })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn file(&self, name: &str) -> Place {
        Place::from(self.path(name).as_path())
    }

    pub(super) fn server(&self) -> Place {
        let url = Secret::new(self.cluster.url(&self.database));
        Place::Server(Box::new(Address::parse(url, None, "test").unwrap()))
    }

    pub(super) fn key(&self) -> Key {
        Key::read(self.key.to_base64().as_bytes()).unwrap()
    }

    pub(super) fn open(&self, place: Place) -> Result<Inventory, Error> {
        Inventory::open(&Settings {
            place,
            key: self.key(),
            node: "test".to_owned(),
        })
    }

    pub(super) fn move_it(&self, from: &Place, to: &Place) -> Result<Moved, Error> {
        move_inventory(from, to, &self.key, &mut |_| {})
    }

    /// An inventory in a file, with some tokens and random rows in every table.
    pub(super) fn fill(&self, name: &str, seed: u64) {
        let inventory = self.open(self.file(name)).unwrap();
        for token in ["maria", "otto", "ücretsiz"] {
            wait(import(&inventory, token)).unwrap();
        }
        drop(inventory);
        let db = Connection::open(self.path(name)).unwrap();
        db.execute_batch("PRAGMA foreign_keys = ON; BEGIN").unwrap();
        let mut chance = StdRng::seed_from_u64(seed);
        let own = ["data_key", "rewrapped_key"];
        for table in TABLES.iter().filter(|table| !own.contains(table)) {
            let columns = columns(&db, table);
            let last = if *table == "event" { MANY } else { ROWS };
            for id in 1..=last {
                let _ = insert(&db, table, &columns, id, &mut chance);
            }
        }
        db.execute_batch(&format!(
            "INSERT OR IGNORE INTO page_admin (token, page, name)
                SELECT 1 + id % 3, 'p' || id, 'Ä' || id FROM event;
             INSERT INTO rewrapped_key (id, wrapped, wrapping_key) SELECT id, x'00', 'next' FROM data_key;
             DELETE FROM event WHERE id = {MANY};
             UPDATE email SET text = randomblob(3000000) WHERE id = 3;
             COMMIT"
        ))
        .unwrap();
    }

    pub(super) fn content_of_server(&self) -> Vec<String> {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(super::SQLITE).unwrap();
        let script: String = tables()
            .map(|table| format!("\\echo {table}\n{};\n", select(&db, table)))
            .collect();
        let shown = self
            .cluster
            .psql(&self.database, &format!("\\pset null ~\n{script}"));
        shown.lines().map(str::to_owned).collect()
    }

    pub(super) fn content_of_file(&self, name: &str) -> Vec<String> {
        let db = Connection::open(self.path(name)).unwrap();
        let mut lines = Vec::new();
        for table in tables() {
            lines.push(table.to_owned());
            let mut statement = db.prepare(&select(&db, table)).unwrap();
            lines.extend(rows(&mut statement, []).unwrap());
        }
        lines
    }

    pub(super) fn is_empty(&self) -> bool {
        let count = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
        self.cluster.psql(&self.database, count).trim() == "0"
    }
}

fn tables() -> impl Iterator<Item = &'static str> {
    TABLES.into_iter().chain(COUNTED)
}

/// All rows of a table, in the order of all its columns.
fn select(db: &Connection, table: &str) -> String {
    let columns = columns(db, table);
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let order: Vec<String> = names
        .iter()
        .map(|name| format!("{name} NULLS FIRST"))
        .collect();
    format!(
        "SELECT {} FROM {table} ORDER BY {}",
        names.join(", "),
        order.join(", ")
    )
}

pub(super) fn assert_same(one: &[String], other: &[String]) {
    assert_eq!(one.len(), other.len());
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one, other);
    }
}

/// Adds an event.
pub(super) async fn record(inventory: &Inventory) {
    let now = "2026-12-01T12:00:00Z".parse().unwrap();
    let recorded = inventory.write(move |tx| tx.check_all_anew(now));
    recorded.await.unwrap();
}

pub(super) fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

pub(super) fn is_not_empty(error: &Error) -> bool {
    matches!(error, Error::Move(MoveError::NotEmpty { .. }))
}

impl Bench {
    /// The command as a person calls it.
    pub(super) fn command(&self, from: &str, to: &str) -> Command {
        let (config, key) = (self.path("perennial.toml"), self.path("key"));
        fs::write(&config, "").unwrap();
        fs::write(&key, &*self.key.to_base64()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_perennial"));
        command.args(["move-inventory", "--from", from, "--to", to]);
        command.arg("--config").arg(config);
        command.arg("--key-file").arg(key);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}
