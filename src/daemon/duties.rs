//! Keeps the duties of this node: renews those that it holds, takes those that are free, and gives all of them up at a
//! clean stop, when its workers have ended. Where the node has its inventory to itself, there is nothing to keep.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::node_check::NodeCheck;
use super::server_check::ServerCheck;
use super::shared_state::SharedState;
use super::wakeups::Signal;
use crate::config::Config;
use crate::inventory::{Duties, DutyChange, Error, Inventory};
use crate::model::{Duty, EventId, Node, renewal_at};
use crate::secret::random_name;

/// How often a node looks whether a duty is free that it does not hold, and whether another one has accepted an order.
/// Looking writes nothing.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// This run of the daemon, among those that share its inventory.
pub(super) fn this_node(config: &Config) -> Result<Node, Error> {
    Ok(Node {
        name: config.inventory.node.clone(),
        id: random_name().map_err(|_| Error::NoRandomness)?,
    })
}

/// Keeps the duties until `give_up` says to stop.
pub(super) struct DutyWorker {
    inventory: Inventory,
    shared: SharedState,
    give_up: CancellationToken,
    /// The latest order that this node has heard of.
    newest_order: Option<EventId>,
    server: ServerCheck,
    /// Whether this node may do what one node does at a time.
    leads: bool,
    nodes: NodeCheck,
}

impl DutyWorker {
    /// Takes what is free, before the workers begin. What fails here is tried again by [`Self::run`].
    pub(super) async fn begin(
        inventory: &Inventory,
        shared: &SharedState,
        config: &Config,
    ) -> (Self, CancellationToken) {
        shared.show_config(config);
        let give_up = CancellationToken::new();
        let mut worker = Self {
            inventory: inventory.clone(),
            shared: shared.clone(),
            give_up: give_up.clone(),
            newest_order: None,
            server: ServerCheck::default(),
            leads: false,
            nodes: NodeCheck::default(),
        };
        if let Err(error) = worker.keep(Instant::now()).await {
            shared.record_inventory_error(&error);
        }
        (worker, give_up)
    }

    pub(super) async fn run(mut self) -> &'static str {
        const NAME: &str = "worker of duties";
        if !self.duties().is_shared() {
            self.give_up.cancelled().await;
            return NAME;
        }
        while !self.give_up.is_cancelled() {
            let asked_at = Instant::now();
            let kept = self.keep(asked_at).await;
            if let Err(error) = &kept {
                self.shared.record_inventory_error(error);
            }
            let again_at = again_at(asked_at, kept.is_ok());
            let give_up = self.give_up.clone();
            give_up.run_until_cancelled(self.wait_until(again_at)).await;
        }
        if let Err(error) = self.duties().give_up(&self.inventory).await {
            tracing::warn!(
                "the duties of this node could not be given up, so other nodes take over when they end: {error}"
            );
        }
        NAME
    }

    fn duties(&self) -> &Duties {
        &self.shared.duties
    }

    async fn keep(&mut self, asked_at: Instant) -> Result<(), Error> {
        let is_shared = self.duties().is_shared();
        self.leads = !is_shared || self.server.may_lead(&self.inventory, &self.shared).await?;
        self.keep_or_suspend(asked_at).await
    }

    /// A node that must not lead begins nothing more. It gives nothing up, because its workers may be in the middle of
    /// something that no other node must begin meanwhile.
    async fn keep_or_suspend(&mut self, asked_at: Instant) -> Result<(), Error> {
        if !self.leads {
            return self.duties().suspend(&self.inventory).await;
        }
        let is_shared = self.duties().is_shared();
        let mut wanted = self.shared.wanted_duties();
        if is_shared {
            let nodes = &mut self.nodes;
            let left = nodes.left_to_others(&self.inventory, &self.shared).await?;
            wanted.retain(|duty| !left.contains(duty));
        }
        let change = self.duties().keep(&self.inventory, &wanted, asked_at);
        let change = change.await?;
        log(&change);
        if is_shared {
            self.nodes.joined(&self.inventory, &self.shared).await?;
        }
        if !change.taken.is_empty() || !change.resumed.is_empty() {
            self.shared.wakeups.send(Signal::DutyTaken);
        }
        Ok(())
    }

    /// Waits until the duties must be renewed, or one can be taken.
    async fn wait_until(&mut self, again_at: Instant) {
        while has_time_to_look(Instant::now(), again_at) {
            sleep(LOOK_EVERY).await;
            self.look_for_orders().await;
            if let Err(error) = self.server.look(&self.inventory).await {
                tracing::debug!("the newest event could not be compared: {error}");
            }
            if self.may_take_one().await {
                return;
            }
        }
        sleep_until(again_at.into()).await;
    }

    async fn may_take_one(&self) -> bool {
        if !self.leads {
            return false;
        }
        let wanted = self.shared.wanted_duties();
        let is_one_free = self.duties().is_one_free(&self.inventory, &wanted).await;
        // A failure shows at the next round.
        is_one_free.unwrap_or(false)
    }

    /// Wakes the workers for an order that another node has accepted, whose signals do not reach this one.
    async fn look_for_orders(&mut self) {
        let newest = self.inventory.read(|view| view.newest_pending_order());
        // A failure shows at the next round.
        let newest = newest.await.unwrap_or_default();
        if newest > self.newest_order {
            self.newest_order = newest;
            self.shared.wakeups.send(Signal::NewWork);
        }
    }
}

/// When to keep the duties again.
fn again_at(asked_at: Instant, is_kept: bool) -> Instant {
    match is_kept {
        true => renewal_at(asked_at, draw()),
        false => asked_at + LOOK_EVERY,
    }
}

/// Whether a look ends before the duties must be renewed.
fn has_time_to_look(now: Instant, again_at: Instant) -> bool {
    now + LOOK_EVERY < again_at
}

/// A random number. That of a node must not follow from that of another.
fn draw() -> u32 {
    let random = RandomState::new().hash_one(0_u8);
    u32::try_from(random % 1_001).unwrap_or_default()
}

fn log(change: &DutyChange) {
    let named = |duties: &[Duty]| {
        let names: Vec<String> = duties.iter().map(Duty::to_string).collect();
        names.join(", ")
    };
    if !change.taken.is_empty() {
        tracing::info!("this node now does {}", named(&change.taken));
    }
    if !change.resumed.is_empty() {
        tracing::info!("this node goes on with {}", named(&change.resumed));
    }
    if !change.lost.is_empty() {
        tracing::warn!(
            "this node no longer does {}: another node took over, or the configuration no longer names it",
            named(&change.lost)
        );
    }
}

#[cfg(test)]
mod round_tests;
#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use tokio::time::timeout;

    use super::*;
    use crate::api::DaemonStatus;
    use crate::daemon::wakeups::Worker;
    use crate::inventory::Settings;
    use crate::model::NodeSettings;
    use crate::secret::Key;

    pub(super) fn worker(name: &str, inventory: &Inventory) -> DutyWorker {
        let duties = Duties::shared(Node {
            name: name.to_owned(),
            id: format!("a run of {name}"),
        });
        let shared = SharedState::new(DaemonStatus::default(), inventory, duties);
        shared.wanted_duties.send_replace(vec![Duty::Email]);
        DutyWorker {
            inventory: inventory.clone(),
            shared,
            give_up: CancellationToken::new(),
            newest_order: None,
            server: ServerCheck::default(),
            leads: true,
            nodes: NodeCheck::default(),
        }
    }

    fn holds(worker: &DutyWorker) -> bool {
        let held = worker.shared.duties.held(&Duty::Email, Instant::now());
        held.is_some()
    }

    pub(super) fn open(folder: &Path) -> Inventory {
        let path = folder.join("inventory.db");
        let settings = Settings::of_file(&path, Key::generate().unwrap());
        Inventory::open(&settings).unwrap()
    }

    #[tokio::test]
    async fn a_node_that_may_not_lead_any_more_gives_nothing_up_and_goes_on_when_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let inventory = open(folder.path());
        let (mut lima, mut oslo) = (worker("lima", &inventory), worker("oslo", &inventory));
        lima.keep(Instant::now()).await.unwrap();
        assert!(holds(&lima));

        lima.leads = false;
        lima.keep_or_suspend(Instant::now()).await.unwrap();
        oslo.keep(Instant::now()).await.unwrap();
        assert!(!holds(&lima) && !holds(&oslo));

        let mut woken = lima.shared.wakeups.of(Worker::Alerts);
        lima.keep(Instant::now()).await.unwrap();
        assert!(holds(&lima), "its clock is right");
        let woken = timeout(Duration::from_secs(4), woken.next()).await;
        woken.expect("its workers go on");
    }

    /// As if its configuration had one app, with this id.
    fn has_app(worker: &DutyWorker, id: &str) {
        let of = |name: &str| BTreeMap::from([(name.to_owned(), id.to_owned())]);
        let shared = &worker.shared;
        let wanted = vec![Duty::App("acme".to_owned()), Duty::Email];
        shared.wanted_duties.send_replace(wanted);
        shared.node_settings.send_replace(NodeSettings {
            apps: of("acme"),
            sections: of("[[app]] acme"),
        });
    }

    fn differences(worker: &DutyWorker) -> Option<String> {
        let status = worker.shared.daemon_status.borrow();
        let job = "comparison with the other nodes";
        status.side_job_errors.get(job).cloned()
    }

    #[tokio::test]
    async fn an_app_with_another_id_on_an_earlier_node_is_not_swept_here_and_both_say_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inventory.db");
        let settings = Settings::of_file(&path, Key::generate().unwrap());
        let inventory = Inventory::open(&settings).unwrap();
        let (mut lima, mut oslo) = (worker("lima", &inventory), worker("oslo", &inventory));
        has_app(&lima, "17");
        has_app(&oslo, "18");
        lima.keep(Instant::now()).await.unwrap();
        let app = Duty::App("acme".to_owned());
        // It gives the app up, but not because oslo wants it.
        lima.shared.wanted_duties.send_replace(Vec::new());
        lima.keep(Instant::now()).await.unwrap();
        oslo.keep(Instant::now()).await.unwrap();
        lima.keep(Instant::now()).await.unwrap();
        let holds = |duty: &Duty| oslo.shared.duties.held(duty, Instant::now()).is_some();
        assert!(holds(&Duty::Email) && !holds(&app));
        let told = differences(&oslo).unwrap();
        assert!(
            told.contains("app acme has another id on node lima"),
            "{told}"
        );
        assert!(
            told.contains("node lima has another [[app]] acme"),
            "{told}"
        );
        let told = differences(&lima).unwrap();
        assert!(told.contains("which leaves it to this node"), "{told}");

        has_app(&oslo, "17");
        oslo.keep(Instant::now()).await.unwrap();
        assert!(oslo.shared.duties.held(&app, Instant::now()).is_some());
        assert_eq!(differences(&oslo), None);
    }

    #[tokio::test]
    async fn a_clean_stop_leaves_everything_to_a_node_that_waits() {
        let folder = tempfile::tempdir().unwrap();
        let inventory = open(folder.path());
        let (mut lima, mut oslo) = (worker("lima", &inventory), worker("oslo", &inventory));
        lima.keep(Instant::now()).await.unwrap();
        oslo.keep(Instant::now()).await.unwrap();
        let (of_lima, of_oslo) = (lima.shared.clone(), oslo.shared.clone());
        let holds = |shared: &SharedState| {
            let held = shared.duties.held(&Duty::Email, Instant::now());
            held.is_some()
        };
        assert!(holds(&of_lima) && !holds(&of_oslo));
        let mut woken = of_oslo.wakeups.of(Worker::Alerts);
        let (stop_lima, stop_oslo) = (lima.give_up.clone(), oslo.give_up.clone());
        let (lima, oslo) = (tokio::spawn(lima.run()), tokio::spawn(oslo.run()));

        stop_lima.cancel();
        let stopped = timeout(Duration::from_secs(4), lima).await;
        stopped.expect("it stops at once").unwrap();
        assert!(!holds(&of_lima));
        // Far less than the term of the duty.
        let woken = timeout(Duration::from_secs(4), woken.next()).await;
        woken.expect("its workers begin");
        assert!(holds(&of_oslo));
        stop_oslo.cancel();
        oslo.await.unwrap();
        let nodes = inventory.read(|view| view.nodes()).await.unwrap();
        assert_eq!(nodes, [], "both have left");
    }

    #[test]
    fn two_nodes_do_not_draw_alike() {
        let draws: std::collections::BTreeSet<u32> = (0..50).map(|_| draw()).collect();
        assert!(draws.len() > 25, "{draws:?}");
        assert!(draws.iter().all(|draw| *draw <= 1_000));
    }
}
