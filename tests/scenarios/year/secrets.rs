//! Looks for secrets in everything that can be read without the key: the files of the inventory, the log, the emails
//! and the answers of the socket.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use perennial::api::metrics::Metrics;
use perennial::api::{DaemonHandle, DaemonStatus, Service};
use perennial::daemon::serve_forecasts;
use perennial::http::{Backend, NowFn};
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use super::Result;
use super::fleet::Fleet;

/// The first letters of every token that the simulated Meta issues, and so many letters more tell two apart.
const BEGINS: &[u8] = b"EAA";
const TOLD_APART: usize = 24;
/// The length of an answer of the socket, at most.
const MOST: usize = 64 << 20;
const ROUTES: [&str; 8] = [
    "/v1/status",
    "/v1/tokens?limit=200",
    "/v1/incidents?state=all",
    "/v1/deliveries",
    "/v1/calendars",
    "/v1/forecast",
    "/v1/caller",
    "/metrics",
];

/// What must not be readable anywhere.
pub(super) struct Secrets {
    tokens: HashSet<Vec<u8>>,
    /// Of apps and of the inventory.
    others: Vec<Vec<u8>>,
}

impl Secrets {
    pub(super) fn of<'a>(fleet: &Fleet, tokens: impl Iterator<Item = &'a String>) -> Self {
        let begin = |token: &String| token.as_bytes().get(..TOLD_APART).map(<[u8]>::to_vec);
        let others = fleet.wanted.secrets.iter().chain([&fleet.key]);
        Self {
            tokens: tokens.filter_map(begin).collect(),
            others: others.map(|secret| secret.as_bytes().to_vec()).collect(),
        }
    }

    pub(super) fn found_in(&self, bytes: &[u8]) -> Option<&'static str> {
        let is_token = |window: &[u8]| window.starts_with(BEGINS) && self.tokens.contains(window);
        if bytes.windows(TOLD_APART).any(is_token) {
            return Some("a token");
        }
        let has = |secret: &Vec<u8>| {
            let is_it = |window: &[u8]| window.first() == secret.first() && window == &secret[..];
            bytes.windows(secret.len()).any(is_it)
        };
        self.others
            .iter()
            .any(has)
            .then_some("an app secret or the key")
    }
}

impl Fleet {
    /// Each place with what it holds. Emails and log lines are taken away, since they were looked at.
    pub(super) async fn everything_readable(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut places = Vec::new();
        for file in ["inventory.db", "inventory.db-wal"] {
            let bytes = fs::read(self.path(file)).unwrap_or_default();
            places.push((file.to_owned(), bytes));
        }
        if let Some(mail) = self.mail.path() {
            for entry in fs::read_dir(mail)? {
                let path = entry?.path();
                places.push(("an email".to_owned(), fs::read(&path)?));
                fs::remove_file(path)?;
            }
        }
        places.push(("the log".to_owned(), self.log.take()));
        self.ask_the_socket(&mut places).await?;
        Ok(places)
    }

    /// Every list, as root would get it from the socket; but not the events, which stand in the database as they are.
    async fn ask_the_socket(&self, places: &mut Vec<(String, Vec<u8>)>) -> Result {
        let (now, stop) = (self.daemon_now(), CancellationToken::new());
        let clock: NowFn = Arc::new(move || now);
        let backend = Backend {
            inventory: self.inventory.clone(),
            new_work: watch::Sender::new(()),
            journal: watch::Sender::new(()),
            forecasts: serve_forecasts(&self.services, &clock, &stop),
            clock,
        };
        let status = watch::Sender::new(DaemonStatus {
            started_at: now,
            apps: self.services.apps(now).await?,
            ..DaemonStatus::default()
        });
        let handle = DaemonHandle {
            metrics: Metrics::new(&backend.inventory, &backend.clock, status.subscribe()),
            settings: watch::channel(self.socket.clone()).1,
            daemon_status: status.subscribe(),
            accesses: Arc::default(),
            reloads: mpsc::channel(1).0,
            mail_tests: mpsc::channel(1).0,
            sink_tests: mpsc::channel(1).0,
        };
        let api = Service::new(backend, handle, stop.clone()).local();
        let root = api.user("root").await.map_err(|_| "root cannot call")?;
        for route in ROUTES {
            let answer = root
                .call(axum::http::Method::GET, route, Vec::new(), MOST)
                .await;
            let (status, body) = answer.ok_or("too long an answer")?;
            if !status.is_success() {
                return Err(format!("{route}: {status}").into());
            }
            places.push((route.to_owned(), body));
        }
        stop.cancel();
        Ok(())
    }

    /// In which table something is left of a token or a person that was forgotten.
    pub(super) fn traces_of_the_forgotten(&self) -> Result<Vec<String>> {
        let db = Connection::open_with_flags(
            self.path("inventory.db"),
            OpenFlags::SQLITE_OPEN_READ_ONLY,
        )?;
        let mut traces = Vec::new();
        for table in ["version", "schedule", "delivery", "consumer", "page_admin"] {
            let count = format!("SELECT count(*) FROM {table} WHERE token = ?1");
            for token in &self.forgotten {
                let left: i64 = db.query_row(&count, [token.0], |row| row.get(0))?;
                traces.extend((left > 0).then(|| format!("table {table} has token {}", token.0)));
            }
        }
        for (table, column) in [("token", "person"), ("incident", "subject")] {
            let count = format!("SELECT count(*) FROM {table} WHERE {column} = ?1");
            for person in &self.deleted_people {
                let left: i64 = db.query_row(&count, [person], |row| row.get(0))?;
                traces.extend(
                    (left > 0)
                        .then(|| format!("table {table} has {person}, who asked for deletion")),
                );
            }
        }
        Ok(traces)
    }

    /// Which consumer's files are left of people who asked for deletion. What an operator forgot stays, as the sink says.
    pub(super) fn files_of_the_deleted(&self, folder: &Path) -> Result<Vec<String>> {
        let db = Connection::open_with_flags(
            self.path("inventory.db"),
            OpenFlags::SQLITE_OPEN_READ_ONLY,
        )?;
        let mut left = Vec::new();
        for (token, name) in &self.deleted {
            let known = "SELECT count(*) FROM delivered_file WHERE token = ?1";
            let known: i64 = db.query_row(known, [token.0], |row| row.get(0))?;
            let is_left = known > 0 || folder.join(name).exists();
            left.extend(is_left.then(|| format!("the file of {name} is still there")));
        }
        Ok(left)
    }
}

/// What the daemon logs in this process.
pub(super) struct Log {
    lines: Lines,
    _guard: Option<DefaultGuard>,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Of this thread, or of the whole process if nothing else runs in it.
    pub(super) fn listen(alone: bool) -> Result<Self> {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_ansi(false)
            .with_writer(lines.clone())
            .finish();
        let guard = if alone {
            tracing::subscriber::set_global_default(subscriber)?;
            None
        } else {
            Some(tracing::subscriber::set_default(subscriber))
        };
        Ok(Self {
            lines,
            _guard: guard,
        })
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.lines.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
