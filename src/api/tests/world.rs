//! The daemon's surroundings without the daemon: an inventory in a temporary folder, a clock that the test moves, and
//! the other ends of all channels.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::service::TowerToHyperService;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::api::metrics::Metrics;
use crate::api::peer::{Account, Peer};
use crate::api::server::{self, bind};
use crate::api::state::{AppState, Limits, SocketState};
use crate::api::types::{AppReport, ImportRequest, Sweep};
use crate::api::{DaemonHandle, DaemonStatus, MailTest, Reader, Reload, Settings, routes};
use crate::api_client::Client;
use crate::http::{Backend, ConnectionSlot, ForecastOrder, Forecasts, Probe, probe};
use crate::inventory::{self, Inventory};
use crate::model::{
    CheckResult, Duty, Expiry, Facts, Health, Kind, NodeReport, NodeSettings, Scopes, Token,
};
use crate::secret::Key;

/// 2026-03-01T12:00:00Z
pub(super) const START: i64 = 1_772_366_400;

/// The secret that only one answer may contain.
pub(super) const CANARY: &str = "EAAcanary0123456789";

pub(super) struct World {
    pub(super) backend: Backend,
    pub(super) daemon: DaemonHandle,
    /// Orders that the socket announced.
    new_work: Mutex<watch::Receiver<()>>,
    pub(super) settings: watch::Sender<Settings>,
    pub(super) daemon_status: watch::Sender<DaemonStatus>,
    pub(super) reloads: Mutex<mpsc::Receiver<Reload>>,
    pub(super) mail_tests: Mutex<mpsc::Receiver<MailTest>>,
    pub(super) forecast_orders: Mutex<mpsc::Receiver<ForecastOrder>>,
    /// For requests that are made without a socket.
    pub(super) limits: Limits,
    now: Arc<AtomicI64>,
    folder: TempDir,
}

/// The answer to a request.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The last part of the problem's type.
    pub(super) fn problem(&self) -> String {
        assert_eq!(
            self.headers["content-type"], "application/problem+json",
            "{}",
            self.text
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        let urn = problem["type"].as_str().unwrap_or_default();
        urn.trim_start_matches("urn:perennial:problem:").to_owned()
    }
}

pub(super) fn peer(uid: u32, user: &str) -> Peer {
    Peer {
        uid,
        pid: Some(4242),
        account: Account {
            user: user.to_owned(),
            groups: vec![user.to_owned()],
        },
    }
}

pub(super) fn root() -> Peer {
    peer(0, "root")
}

/// An operator who is not root.
pub(super) fn alice() -> Peer {
    peer(70_001, "alice")
}

/// A peer that may only read.
pub(super) fn eve() -> Peer {
    peer(70_002, "eve")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("perennial.sock");
        let inventory = Inventory::open(&inventory::Settings::of_file(
            &folder.path().join("inventory.db"),
            Key::generate().unwrap(),
        ));
        let (settings, settings_seen) = watch::channel(settings(socket));
        let (daemon_status, pulse_seen) = watch::channel(pulse_of_a_healthy_daemon());
        let (reload, reloads) = mpsc::channel(1);
        let (mail_test, mail_tests) = mpsc::channel(1);
        let (forecasts, forecast_orders) = Forecasts::channel();
        let now = Arc::new(AtomicI64::new(START));
        let clock = Arc::clone(&now);
        let (new_work, announced) = watch::channel(());
        let backend = Backend {
            inventory: inventory.unwrap(),
            new_work,
            journal: watch::Sender::new(()),
            clock: Arc::new(move || at(clock.load(Ordering::Relaxed))),
            forecasts,
        };
        let metrics = Metrics::new(&backend.inventory, &backend.clock, pulse_seen.clone());
        let daemon = DaemonHandle {
            metrics,
            settings: settings_seen,
            daemon_status: pulse_seen,
            accesses: Arc::default(),
            reloads: reload,
            mail_tests: mail_test,
            sink_tests: mpsc::channel(1).0,
        };
        Self {
            backend,
            daemon,
            new_work: Mutex::new(announced),
            settings,
            daemon_status,
            reloads: Mutex::new(reloads),
            mail_tests: Mutex::new(mail_tests),
            forecast_orders: Mutex::new(forecast_orders),
            limits: Limits::default(),
            now,
            folder,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.backend.clock)()
    }

    /// Waits until the socket announces new work.
    pub(super) async fn workers_are_woken(&self) {
        self.new_work.lock().await.changed().await.unwrap();
    }

    pub(super) fn pass(&self, span: SignedDuration) {
        self.now.fetch_add(span.as_secs(), Ordering::Relaxed);
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("perennial.sock")
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Calls the routes as `peer`, without a socket.
    pub(super) async fn ask_as(&self, peer: Peer, method: &str, path: &str, body: Body) -> Reply {
        let json = [("content-type", "application/json")];
        let headers = if matches!(method, "POST" | "PUT" | "PATCH") {
            &json[..]
        } else {
            &[]
        };
        self.ask_with(peer, method, path, headers, body).await
    }

    pub(super) async fn ask_with(
        &self,
        peer: Peer,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .extension(peer)
            .extension(ConnectionSlot::default())
            .body(body)
            .unwrap();
        let stop = CancellationToken::new();
        let own = SocketState::new(self.daemon.clone(), self.limits.clone(), stop);
        let app_state = AppState::new(self.backend.clone(), own);
        let routes = TowerToHyperService::new(routes::router(Arc::new(app_state)));
        let (parts, body) = routes.call(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.ask_as(eve(), "GET", path, Body::empty()).await
    }

    pub(super) async fn send(&self, method: &str, path: &str, body: Value) -> Reply {
        self.ask_as(alice(), method, path, Body::from(body.to_string()))
            .await
    }

    /// Imports a token as an operator would.
    pub(super) async fn import(&self, name: &str, secret: &str) {
        let request = serde_json::json!({"app": "acme", "name": name, "access_token": secret});
        let reply = self.send("POST", "/v1/tokens", request).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
    }

    /// The result of a check with Meta.
    pub(super) async fn change_token(
        &self,
        name: &str,
        change: impl FnOnce(&mut Token) + Send + 'static,
    ) {
        let (now, name) = (self.now(), name.to_owned());
        let job = self.backend.inventory.write(move |tx| {
            let id = tx.token_named(&name)?.unwrap().id;
            tx.make_due(id, now)?;
            let mut claim = tx.claim(&[id], now, now + SignedDuration::from_mins(5))?;
            let mut learned = CheckResult::new(claim.tokens.remove(0), now);
            change(&mut learned.after);
            tx.record(&learned, now)?;
            tx.end_claim(claim.id)
        });
        job.await.unwrap();
    }

    /// A healthy user token that expires after `span`.
    pub(super) async fn import_healthy(&self, name: &str, secret: &str, span: SignedDuration) {
        self.import(name, secret).await;
        let end = Expiry::At(self.now() + span);
        self.change_token(name, move |token| {
            token.health = Health::Healthy;
            token.facts = Some(facts(end));
        })
        .await;
    }

    /// The kinds of all events, oldest first.
    pub(super) async fn journal(&self) -> Vec<Value> {
        let reply = self.get("/v1/events").await;
        reply
            .text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub(super) fn serve(&self) -> Served {
        self.serve_within(Limits::default())
    }

    pub(super) fn serve_within(&self, limits: Limits) -> Served {
        let listener = bind(&self.socket()).unwrap();
        let stop = CancellationToken::new();
        let (probe, questions) = probe();
        let backend = (self.backend.clone(), self.daemon.clone());
        let service = server::Service::within(limits, backend, stop.clone());
        Served {
            client: Client::at(self.socket()).unwrap(),
            probe,
            socket: self.socket(),
            server: tokio::spawn(service.serve(listener, questions)),
            stop,
        }
    }
}

/// A world with an open socket.
pub(super) struct Served {
    pub(super) client: Client,
    pub(super) probe: Probe,
    socket: PathBuf,
    pub(super) server: JoinHandle<&'static str>,
    pub(super) stop: CancellationToken,
}

impl Served {
    pub(super) async fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.socket).await.unwrap()
    }

    /// Sends these bytes and reads until the server closes the connection.
    pub(super) async fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        received(&mut stream).await
    }
}

pub(super) async fn received(stream: &mut UnixStream) -> String {
    let mut answer = Vec::new();
    // A reset connection counts as closed, too.
    stream.read_to_end(&mut answer).await.ok();
    String::from_utf8(answer).unwrap()
}

pub(super) fn import_request(name: &str, secret: &str) -> ImportRequest {
    ImportRequest {
        name: Some(name.to_owned()),
        ..ImportRequest::new("acme".to_owned(), crate::secret::Secret::new(secret))
    }
}

pub(super) fn facts(expires_at: Expiry) -> Facts {
    Facts {
        kind: Kind::User,
        subject: "1001".to_owned(),
        person: "1001".to_owned(),
        issued_at: Some(at(START - 86_400)),
        expires_at,
        data_access_expires_at: Expiry::At(at(START + 80 * 86_400)),
        scopes: Some(Scopes::parse("pages_show_list email")),
    }
}

fn settings(socket: PathBuf) -> Settings {
    Settings {
        socket,
        viewers: vec!["*".to_owned()],
        operators: vec!["alice".to_owned()],
        readers: vec![Reader {
            user: "chatbot".to_owned(),
            tokens: vec!["acme-*".to_owned()],
        }],
        logins: crate::login::Settings::default(),
        sinks: Vec::new(),
        channels: vec!["ops-chat".to_owned()],
        serve_from_memory: SignedDuration::ZERO,
    }
}

fn pulse_of_a_healthy_daemon() -> DaemonStatus {
    DaemonStatus {
        started_at: at(START - 3_600),
        sweep: Sweep {
            last_finished_at: Some(at(START - 30)),
            due: 0,
            overdue: 0,
            next_at: Some(at(START + 30)),
        },
        apps: vec![AppReport {
            name: "acme".to_owned(),
            id: "257422819769992".to_owned(),
            graph_version: "v25.0".to_owned(),
            graph_version_ends_on: Some(jiff::civil::date(2028, 2, 18)),
            uses_ads: false,
            version_problems: Vec::new(),
            calls_last_hour: 17,
            calls_per_hour: 200,
            usage_percent: 4,
            throttled_until: None,
            last_swept_at: Some(at(START - 30)),
        }],
        nodes: vec![NodeReport {
            name: "lima".to_owned(),
            version: "0.1.0".to_owned(),
            started_at: at(START - 3_600),
            seen_at: at(START),
            duties: vec![Duty::App("acme".to_owned()), Duty::Email],
            settings: NodeSettings::default(),
        }],
        ..DaemonStatus::default()
    }
}
