//! The socket and the public pages upon a filled inventory, without the daemon that works on it.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, LazyLock};

use axum::Router;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use perennial::api::metrics::Metrics;
use perennial::api::peer::{Account, Peer};
use perennial::api::types::AppReport;
use perennial::api::{self, DaemonHandle, DaemonStatus, Reader, Service};
use perennial::email::Sender;
use perennial::email::text::Language;
use perennial::graph_api::{Client, FACEBOOK, Signatures};
use perennial::http::{Backend, Forecasts, ListenAddress};
use perennial::inventory::{Inventory, Settings};
use perennial::login;
use perennial::model::{ForecastError, Scopes};
use perennial::secret::Secret;
use perennial::web;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::inventory;

pub const PUBLIC_URL: &str = "https://tokens.example.com";
pub const APP_SECRET: &str = "app-secret-0123456789abcdef";
pub const VERIFY_TOKEN: &str = "verify-token-0123456789";

/// An hour after the last event of the inventory.
pub const NOW: i64 = 1_773_397_276;

/// Whom the settings name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Viewer,
    Operator,
    /// It reads some secrets.
    Reader,
    /// It reads all of them. No input comes from it.
    Root,
}

pub struct World {
    folder: TempDir,
    backend: Backend,
    service: Service,
    log_at_first: u64,
}

impl World {
    /// Needs a runtime.
    pub fn open(file: &[u8]) -> Self {
        let folder = inventory::folder();
        let path = folder.path().join("inventory.db");
        fs::write(&path, file).expect("a file");
        let settings = Settings::of_file(&path, inventory::key());
        let (forecasts, orders) = Forecasts::channel();
        answer_all(orders, |order| {
            let _ = order.answer.send(Err(ForecastError::Stopping));
        });
        let backend = Backend {
            inventory: Inventory::open(&settings).expect("an inventory"),
            new_work: watch::Sender::new(()),
            journal: watch::Sender::new(()),
            clock: Arc::new(now),
            forecasts,
        };
        let service = service(&backend);
        let mut world = Self {
            folder,
            backend,
            service,
            log_at_first: 0,
        };
        world.log_at_first = world.log();
        world
    }

    pub fn socket(&self, who: Who) -> Router {
        api::fuzzing::router(&self.service, who.peer())
    }

    pub fn web(&self) -> Router {
        let current = web::Current {
            settings: web_settings(),
            app_signatures: Arc::new(HashMap::from([("acme".to_owned(), SIGNATURES.clone())])),
        };
        web::fuzzing::router(self.backend.clone(), watch::channel(current).1)
    }

    /// Names the calendar of a person. Returns its address.
    pub async fn calendar(&self, person: &'static str) -> String {
        let inventory = &self.backend.inventory;
        let named = inventory.write(move |tx| tx.name_calendar("acme", person, PUBLIC_URL));
        named.await.expect("an inventory")
    }

    /// Whether anything was written since it was opened: each commit makes the log longer.
    pub fn has_changed(&self) -> bool {
        self.log() != self.log_at_first
    }

    fn log(&self) -> u64 {
        let log = self.folder.path().join("inventory.db-wal");
        log.metadata().map_or(0, |log| log.len())
    }

    /// The inventory as it is now.
    pub fn into_file(self) -> Vec<u8> {
        let path = self.folder.path().join("inventory.db");
        drop((self.backend, self.service));
        fs::read(path).expect("the inventory")
    }
}

impl Who {
    fn peer(self) -> Peer {
        let (uid, user) = match self {
            Self::Root => (0, "root"),
            Self::Operator => (70_001, "alice"),
            Self::Viewer => (70_002, "eve"),
            Self::Reader => (70_003, "chatbot"),
        };
        Peer {
            uid,
            pid: Some(4242),
            account: Account {
                user: user.to_owned(),
                groups: vec![user.to_owned()],
            },
        }
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).expect("a time")
}

/// The patterns of the tokens that the reader reads.
pub fn may_be_read(token: &str) -> bool {
    token == "acme-bakery" || token.starts_with("acme-robot-")
}

fn service(backend: &Backend) -> Service {
    let (settings, status) = (watch::channel(settings()).1, watch::channel(status()).1);
    let (reloads, reload_orders) = mpsc::channel(1);
    answer_all(reload_orders, |order: api::Reload| {
        let _ = order.answer.send(Ok(Vec::new()));
    });
    let (mail_tests, mail_orders) = mpsc::channel(1);
    answer_all(mail_orders, |order: api::MailTest| {
        let _ = order.answer.send(Ok("1@example.com".to_owned()));
    });
    let (sink_tests, sink_orders) = mpsc::channel(1);
    answer_all(sink_orders, |order: api::SinkTest| {
        let _ = order.answer.send(Ok("was written".to_owned()));
    });
    let daemon = DaemonHandle {
        metrics: Metrics::new(&backend.inventory, &backend.clock, status.clone()),
        settings,
        daemon_status: status,
        accesses: Arc::default(),
        reloads,
        mail_tests,
        sink_tests,
    };
    // Stopping, so that no answer waits for what comes later.
    let stop = CancellationToken::new();
    stop.cancel();
    Service::new(backend.clone(), daemon, stop)
}

fn answer_all<T: Send + 'static>(mut orders: mpsc::Receiver<T>, answer: fn(T)) {
    tokio::spawn(async move {
        while let Some(order) = orders.recv().await {
            answer(order);
        }
    });
}

fn settings() -> api::Settings {
    let tokens = ["acme-bakery", "acme-robot-*"];
    api::Settings {
        socket: "/run/perennial/perennial.sock".into(),
        viewers: vec!["*".to_owned()],
        operators: vec!["alice".to_owned()],
        readers: vec![Reader {
            user: "chatbot".to_owned(),
            tokens: tokens.map(str::to_owned).to_vec(),
        }],
        logins: logins(),
        sinks: vec![api::SinkReaders {
            sink: "website".to_owned(),
            tokens: vec!["acme-*".to_owned()],
            readers: vec!["www".to_owned()],
        }],
        channels: vec!["ops-chat".to_owned()],
        serve_from_memory: SignedDuration::ZERO,
    }
}

fn status() -> DaemonStatus {
    DaemonStatus {
        started_at: now(),
        apps: vec![AppReport {
            name: "acme".to_owned(),
            id: "257422819769992".to_owned(),
            graph_version: "v25.0".to_owned(),
            calls_per_hour: 200,
            ..AppReport::default()
        }],
        ..DaemonStatus::default()
    }
}

fn logins() -> login::Settings {
    login::Settings {
        apps: vec![login::App {
            name: "acme".to_owned(),
            platform: &FACEBOOK,
            id: "257422819769992".to_owned(),
            graph_version: "v25.0".to_owned(),
            dialog_url: FACEBOOK.dialog_url.to_owned(),
            scopes: Scopes::parse("pages_show_list public_profile"),
            config_id: None,
        }],
        public_url: Some(PUBLIC_URL.to_owned()),
    }
}

fn web_settings() -> web::Settings {
    web::Settings {
        listen: ListenAddress::Unix("/run/perennial/web.sock".into()),
        public_url: PUBLIC_URL.to_owned(),
        webhook_verify_token: Some(Secret::new(VERIFY_TOKEN)),
        logins: logins(),
        sender: Sender {
            company: "Acme & Sons".to_owned(),
            contact: "help@acme.example".to_owned(),
        },
        language: Language::English,
        timezone: TimeZone::UTC,
    }
}

static SIGNATURES: LazyLock<Signatures> = LazyLock::new(|| {
    let client = Client::new(perennial::graph_api::Settings {
        app: "acme".to_owned(),
        platform: &FACEBOOK,
        id: "257422819769992".to_owned(),
        secrets: vec![Secret::new(APP_SECRET)],
        version: "v25.0".to_owned(),
        url: FACEBOOK.graph_url.to_owned(),
        code_url: None,
        tester_token: None,
        batch: 50,
        timeout: perennial::graph_api::Settings::TIMEOUT,
    });
    client.expect("a client").signatures()
});

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
}

/// Runs it on a runtime of one thread, the same for each call.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(work))
}
