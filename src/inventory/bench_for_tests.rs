//! An inventory for a test: in a file of its own, or in a schema of its own on the server that `PERENNIAL_TEST_POSTGRES`
//! names by a URL. `tests/postgres/run` starts such a server, and says which tests are about files.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::engine::{Address, Connection, Server};
use super::{Error, Inventory, Place, Settings};
use crate::secret::{Key, Secret};

/// Between two signs of life of a lock's holder.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Bench {
    pub(super) folder: tempfile::TempDir,
    pub(super) key: Key,
    server: Option<Address>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            key: Key::generate().unwrap(),
            server: std::env::var("PERENNIAL_TEST_POSTGRES")
                .ok()
                .map(|url| new_schema(&url)),
        }
    }

    pub(super) fn settings(&self) -> Settings {
        let key = Key::read(self.key.to_base64().as_bytes()).unwrap();
        match &self.server {
            Some(address) => Settings {
                place: Place::Server(Box::new(address.clone())),
                key,
                node: String::new(),
            },
            None => Settings::of_file(&self.path(), key),
        }
    }

    pub(super) fn open(&self) -> Inventory {
        Inventory::open(&self.settings()).unwrap()
    }

    pub(super) const fn is_on_server(&self) -> bool {
        self.server.is_some()
    }

    /// The file, for a test that is about files.
    pub(super) fn path(&self) -> PathBuf {
        assert!(self.server.is_none(), "a server's inventory has no file");
        self.folder.path().join("inventory.db")
    }

    /// The server, if the inventory is on one.
    pub(super) const fn server(&self) -> Option<&Address> {
        self.server.as_ref()
    }

    /// Everything on disk, the log included; of a server, what its tables hold.
    pub(super) fn bytes(&self) -> Vec<u8> {
        if self.is_on_server() {
            return self.outside(|db| held(db).unwrap());
        }
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect()
    }

    /// Keeps others from writing until it is released.
    pub(super) fn hold_lock(self: &Arc<Self>) -> Held {
        let (release, released) = channel::<()>();
        let (begin, begun) = channel();
        let bench = Arc::clone(self);
        let holding = thread::spawn(move || {
            bench.outside(move |db| {
                db.begin().unwrap();
                begin.send(()).unwrap();
                // The server ends a transaction that is idle for long.
                while released.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                    db.script("SELECT 1").unwrap();
                }
                db.roll_back().unwrap();
            });
        });
        begun.recv().unwrap();
        Held { release, holding }
    }

    /// Looks at the tables, and changes them, as another program would.
    pub(super) fn outside<T: Send>(&self, act: impl FnOnce(&Connection) -> T + Send) -> T {
        match &self.server {
            Some(address) => on_server(address, act),
            None => act(&Connection::writer(&self.path()).unwrap()),
        }
    }
}

/// The lock of those who write, held by another program.
pub(super) struct Held {
    release: Sender<()>,
    holding: JoinHandle<()>,
}

impl Held {
    pub(super) fn release(self) {
        drop(self.release);
        self.holding.join().unwrap();
    }
}

/// Every row of every table as text, and each value of bytes as it is.
fn held(db: &Connection) -> Result<Vec<u8>, Error> {
    let tables: Vec<String> = db.values(
        "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = current_schema()",
        &[],
    )?;
    let mut all = Vec::new();
    for table in tables {
        let rows: Vec<String> = db.values(&format!("SELECT t::text FROM {table} t"), &[])?;
        for row in rows {
            for bytes in row.split("\\x").skip(1) {
                let digits: Vec<u8> = bytes.bytes().take_while(u8::is_ascii_hexdigit).collect();
                let pairs = digits
                    .chunks_exact(2)
                    .filter_map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).ok());
                all.extend(pairs);
            }
            all.extend(row.bytes());
        }
    }
    Ok(all)
}

/// Off the test's own thread, which must not wait for a server.
fn on_server<T: Send>(address: &Address, act: impl FnOnce(&Connection) -> T + Send) -> T {
    let connected = || {
        let server = Arc::new(Server::new(address).unwrap());
        act(&Connection::to_write(&server).unwrap())
    };
    thread::scope(|scope| scope.spawn(connected).join().unwrap())
}

fn new_schema(url: &str) -> Address {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let schema = format!("test_{}_{count}", std::process::id());
    let address = |url: &str| Address::parse(Secret::new(url), None, "test").unwrap();
    let create = format!("CREATE SCHEMA {schema}");
    on_server(&address(url), |db| db.script(&create).unwrap());
    let more = if url.contains('?') { '&' } else { '?' };
    address(&format!("{url}{more}options=-csearch_path%3D{schema}"))
}
