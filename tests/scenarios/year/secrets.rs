//! Looks for secrets in everything that can be read without the key: the files of the inventory, the log, the emails
//! and the answers of the socket.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::http::{Method, StatusCode};
use perennial::api::metrics::Metrics;
use perennial::api::{DaemonHandle, DaemonStatus, Service};
use perennial::daemon::serve_forecasts;
use perennial::http::{Backend, NowFn};
use rusqlite::Connection;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

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
        let mut begins = [false; 256];
        begins[usize::from(BEGINS[0])] = true;
        for first in self.others.iter().filter_map(|other| other.first()) {
            begins[usize::from(*first)] = true;
        }
        let places = bytes.iter().enumerate();
        let places = places.filter(|(_, byte)| begins[usize::from(**byte)]);
        let mut rests = places.map(|(place, _)| &bytes[place..]);
        rests.find_map(|rest| self.begins(rest))
    }

    /// Whether these bytes begin with a secret.
    fn begins(&self, bytes: &[u8]) -> Option<&'static str> {
        let token = bytes.get(..TOLD_APART).filter(|it| it.starts_with(BEGINS));
        if token.is_some_and(|token| self.tokens.contains(token)) {
            return Some("a token");
        }
        let is_other = self.others.iter().any(|other| bytes.starts_with(other));
        is_other.then_some("an app secret or the key")
    }
}

impl Fleet {
    /// Each place with what it holds, besides emails. Log lines are taken away, since they were looked at.
    pub(super) async fn everything_readable(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut places = Vec::new();
        for file in ["inventory.db", "inventory.db-wal"] {
            let bytes = fs::read(self.path(file)).unwrap_or_default();
            places.push((file.to_owned(), bytes));
        }
        places.push(("the log".to_owned(), self.log.text().into_bytes()));
        self.log.clear();
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
            let answer = root.call(Method::GET, route, Vec::new(), MOST).await;
            let (status, body) = answer.ok_or("too long an answer")?;
            // A list that names a calendar for the first time writes it down.
            if self.is_disk_full && status == StatusCode::SERVICE_UNAVAILABLE {
                continue;
            }
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
        self.look_into(|db| self.traces_in(db))
    }

    fn traces_in(&self, db: &Connection) -> rusqlite::Result<Vec<String>> {
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
        if self.deleted.is_empty() {
            return Ok(Vec::new());
        }
        self.look_into(|db| {
            let mut left = Vec::new();
            for (token, name) in &self.deleted {
                let known = "SELECT count(*) FROM delivered_file WHERE token = ?1";
                let known: i64 = db.query_row(known, [token.0], |row| row.get(0))?;
                let is_left = known > 0 || folder.join(name).exists();
                left.extend(is_left.then(|| format!("the file of {name} is still there")));
            }
            Ok(left)
        })
    }
}
