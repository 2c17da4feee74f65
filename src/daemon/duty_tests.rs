//! Two nodes with the same configuration on one inventory: which of them works.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::services::Services;
use super::shared_state::SharedState;
use super::sweeps::{SweepEnd, Sweeps};
use super::wakeups::{Signal, Worker};
use super::worker::{Context, Job};
use crate::api::DaemonStatus;
use crate::config::{self, Config, Credentials, Machine};
use crate::inventory::{Duties, Error, Inventory, NewToken};
use crate::model::{Duty, Event, Node, Scopes};
use crate::secret::{Key, Secret};

pub(super) fn configured(folder: &Path) -> Config {
    let credentials = folder.join("credentials");
    fs::create_dir(&credentials).unwrap();
    let key = Key::generate().unwrap().to_base64();
    for (name, content) in [("acme.secret", "0123"), ("inventory.key", key.as_str())] {
        fs::write(credentials.join(name), content).unwrap();
    }
    let here = folder.display();
    let file = folder.join("perennial.toml");
    let text = format!(
        "[[app]]\nname = \"acme\"\nid = \"1\"\nsecret = {{ credential = \"acme.secret\" }}\n\
         [inventory]\npath = \"{here}/inventory.db\"\nkey = {{ credential = \"inventory.key\" }}\n\
         [alerts]\nfrom = \"p@example.com\"\nto = [\"ops@example.com\"]\ndirectory = \"{here}\"\n"
    );
    fs::write(&file, text).unwrap();
    let machine = Machine {
        credentials: Credentials::Directory(credentials),
        timezone: TimeZone::UTC,
        name: "here".to_owned(),
    };
    config::load(&file, &machine).unwrap()
}

/// What the workers of one node have.
pub(super) fn context(name: &str, config: &Config, inventory: &Inventory) -> Context {
    let duties = Duties::shared(Node {
        name: name.to_owned(),
        id: format!("a run of {name}"),
    });
    let shared = SharedState::new(DaemonStatus::default(), inventory, duties);
    Context {
        services: Arc::new(Services::new(config, inventory).unwrap()),
        inventory: inventory.clone(),
        schedule: config.schedule.clone(),
        timezone: TimeZone::UTC,
        shared,
        stop: CancellationToken::new(),
        sweeps: Sweeps::default(),
    }
}

async fn keep(context: &Context) {
    let wanted = [Duty::App("acme".to_owned()), Duty::Email];
    let kept = context
        .shared
        .duties
        .keep(&context.services.inventory, &wanted, Instant::now());
    kept.await.unwrap();
}

#[derive(Clone, Default)]
struct Count {
    runs: Arc<AtomicUsize>,
    left: Arc<AtomicUsize>,
}

impl Job for Count {
    fn duty(&self) -> Option<Duty> {
        Some(Duty::Email)
    }

    fn leave_to_others(&self, _: &Context) {
        self.left.fetch_add(1, Ordering::Relaxed);
    }

    async fn run_once(&mut self, context: &Context, now: Timestamp) -> Result<(), Error> {
        let work =
            move |tx: &crate::inventory::Tx<'_>| tx.record_event(&Event::Started {}.into(), now);
        context.inventory.write(work).await?;
        self.runs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn start(context: &Context, job: &Count) -> JoinHandle<()> {
    let (context, mut job) = (context.clone(), job.clone());
    tokio::spawn(async move { context.run_worker(Worker::Alerts, &mut job).await })
}

async fn until(count: &AtomicUsize, expected: usize) {
    let reached = async {
        while count.load(Ordering::Relaxed) < expected {
            yield_now().await;
        }
    };
    let reached = timeout(Duration::from_secs(20), reached).await;
    reached.expect("it is counted");
}

#[tokio::test]
async fn a_worker_works_only_while_its_node_has_the_duty() {
    let folder = tempfile::tempdir().unwrap();
    let config = configured(folder.path());
    let inventory = Inventory::open(&config.inventory).unwrap();
    let lima = context("lima", &config, &inventory);
    let oslo = context("oslo", &config, &inventory);
    keep(&lima).await;
    keep(&oslo).await;
    let (of_lima, of_oslo) = (Count::default(), Count::default());
    let tasks = [start(&lima, &of_lima), start(&oslo, &of_oslo)];
    until(&of_lima.runs, 1).await;
    until(&of_oslo.left, 1).await;
    for context in [&lima, &oslo] {
        context.wake(Signal::EmailTick);
    }
    until(&of_lima.runs, 2).await;
    until(&of_oslo.left, 2).await;
    assert_eq!(of_oslo.runs.load(Ordering::Relaxed), 0);

    lima.shared.duties.give_up(&inventory).await.unwrap();
    keep(&oslo).await;
    for context in [&lima, &oslo] {
        context.wake(Signal::DutyTaken);
    }
    until(&of_oslo.runs, 1).await;
    until(&of_lima.left, 1).await;
    assert_eq!(of_lima.runs.load(Ordering::Relaxed), 2);
    lima.stop.cancel();
    oslo.stop.cancel();
    for task in tasks {
        task.await.unwrap();
    }
}

/// A node that sweeps nothing is ready, and knows from the inventory how the sweeps of others go.
#[tokio::test]
async fn the_sweeps_of_other_nodes_count() {
    let folder = tempfile::tempdir().unwrap();
    let config = configured(folder.path());
    let inventory = Inventory::open(&config.inventory).unwrap();
    let lima = context("lima", &config, &inventory);
    let oslo = context("oslo", &config, &inventory);
    let now: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
    let later = now + jiff::SignedDuration::from_mins(11);
    assert_eq!(oslo.swept_at(now).await.unwrap(), None, "nobody sweeps");
    keep(&lima).await;
    keep(&oslo).await;
    assert_eq!(oslo.swept_at(now).await.unwrap(), Some(now));
    assert_eq!(oslo.visited_at(now).await.unwrap(), Some(now));
    assert_eq!(lima.swept_at(now).await.unwrap(), None, "not yet");
    lima.sweeps.record("acme", SweepEnd::VisitedAll, now);
    assert_eq!(lima.swept_at(later).await.unwrap(), Some(now));
    assert_eq!(lima.visited_at(later).await.unwrap(), Some(now));

    let token = NewToken {
        app: "acme".to_owned(),
        name: None,
        secret: Secret::new("EAA"),
        owners: Vec::new(),
        required_scopes: Scopes::default(),
        parent: None,
        subject_name: None,
    };
    let import = inventory.write(move |tx| tx.import(&token, now));
    import.await.unwrap();
    assert_eq!(oslo.visited_at(now).await.unwrap(), Some(now));
    let overdue = oslo.visited_at(later).await.unwrap();
    assert_eq!(overdue, None, "what has been due for long was not visited");
}
