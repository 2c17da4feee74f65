//! Duties of this node: takes, renews, suspends and gives up what several nodes on one inventory do one at a time. A node
//! that has its inventory to itself holds every duty for good, and stores nothing about it.

mod held;
mod renewal;
mod rows;
mod running;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;

use super::{Error, Inventory, View};
use crate::model::{Duty, Node, NodeSettings};

pub use held::Held;
use held::Renewed;
use renewal::DutyRenewal;
use rows::Tenure;
pub(super) use running::reject_running_nodes;

/// The duties of one node.
#[derive(Clone, Debug)]
pub struct Duties(Arc<Place>);

#[derive(Debug)]
enum Place {
    /// No other node uses the inventory.
    Alone(Node),
    Shared {
        node: Node,
        state: Mutex<State>,
    },
}

#[derive(Debug, Default)]
struct State {
    held: BTreeMap<Duty, Arc<Renewed>>,
    /// The node is known to the others.
    has_joined: bool,
    /// An error was logged that another daemon has the same name.
    has_namesake: bool,
}

/// What renewing and taking changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DutyChange {
    pub taken: Vec<Duty>,
    /// What it held all the while, and did not rely on.
    pub resumed: Vec<Duty>,
    pub lost: Vec<Duty>,
}

impl Inventory {
    /// The duties of a node on this inventory. A file has one daemon, which its lock makes sure of.
    pub fn duties(&self, node: Node) -> Duties {
        match self.place().file() {
            Some(_) => Duties::alone(node),
            None => Duties::shared(node),
        }
    }
}

impl Duties {
    /// For a node that has the inventory to itself.
    pub fn alone(node: Node) -> Self {
        Self(Arc::new(Place::Alone(node)))
    }

    /// For a node that shares the inventory with others.
    pub fn shared(node: Node) -> Self {
        let state = Mutex::default();
        Self(Arc::new(Place::Shared { node, state }))
    }

    pub fn is_shared(&self) -> bool {
        matches!(*self.0, Place::Shared { .. })
    }

    /// Under which name this node records its runs: none where only one daemon can use the inventory.
    pub fn run_name(&self) -> &str {
        match &*self.0 {
            Place::Alone(_) => "",
            Place::Shared { node, .. } => &node.name,
        }
    }

    pub fn node(&self) -> &Node {
        match &*self.0 {
            Place::Alone(node) | Place::Shared { node, .. } => node,
        }
    }

    /// The duty, if the node may act as its holder at `now`.
    pub fn held(&self, duty: &Duty, now: Instant) -> Option<Held> {
        let Place::Shared { state, .. } = &*self.0 else {
            return Some(Held::for_good());
        };
        let renewed = locked(state).held.get(duty).map(Arc::clone);
        let renewed = renewed.filter(|renewed| renewed.is_relied_on(now));
        renewed.map(Held::renewed)
    }

    /// Whether a duty among those that the node wants, and does not hold, is free.
    pub async fn is_one_free(&self, inventory: &Inventory, wanted: &[Duty]) -> Result<bool, Error> {
        let Place::Shared { node, state } = &*self.0 else {
            return Ok(false);
        };
        let is_missing = {
            let state = locked(state);
            move |duty: &&Duty| !state.held.contains_key(*duty)
        };
        let missing: Vec<Duty> = wanted.iter().filter(is_missing).cloned().collect();
        if missing.is_empty() {
            return Ok(false);
        }
        let node = node.clone();
        let free = inventory.read(move |view| view.free_duties(&missing, &node, view.clock()?));
        free.await.map(|free| !free.is_empty())
    }

    /// Renews what the node holds, takes what is free among what it wants, and gives up what it no longer wants once what
    /// has begun has ended. If that fails, the duties end by themselves. `asked_at` is now.
    pub async fn keep(
        &self,
        inventory: &Inventory,
        wanted: &[Duty],
        asked_at: Instant,
    ) -> Result<DutyChange, Error> {
        let Place::Shared { node, state } = &*self.0 else {
            return Ok(DutyChange::default());
        };
        let (held, has_joined) = {
            let state = locked(state);
            (state.renewed_or_given_up(wanted), state.has_joined)
        };
        let (node, wanted) = (node.clone(), wanted.to_vec());
        let renewal = inventory.write_regardless(move |tx| {
            let now = tx.clock()?;
            let has_namesake = tx.show_node(&node, has_joined, now)?;
            let renewal = tx.renew_and_take(&node, &held, &wanted, now)?;
            Ok((has_namesake, renewal))
        });
        let (has_namesake, renewal) = renewal.await?;
        let mut state = locked(state);
        state.join(has_namesake);
        Ok(state.apply(renewal, asked_at))
    }

    /// Begins nothing more, and lets the terms run out, unless [`Self::keep`] renews them before another node takes over.
    /// What has begun thus ends before another node begins.
    pub async fn suspend(&self, inventory: &Inventory) -> Result<(), Error> {
        let Place::Shared { node, state } = &*self.0 else {
            return Ok(());
        };
        let has_joined = {
            let state = locked(state);
            state.held.values().for_each(|renewed| renewed.suspend());
            state.has_joined
        };
        let node = node.clone();
        let shown = inventory
            .write_regardless(move |tx| tx.show_node(&node, has_joined, tx.clock()?))
            .await?;
        locked(state).join(shown);
        Ok(())
    }

    /// Shows the other nodes how this one is configured.
    pub async fn show_settings(
        &self,
        inventory: &Inventory,
        settings: NodeSettings,
    ) -> Result<(), Error> {
        let node = self.node().clone();
        inventory
            .write_regardless(move |tx| tx.show_settings(&node, &settings))
            .await
    }

    /// Gives up everything, so that other nodes take over at once. What is held ends even if that cannot be written.
    pub async fn give_up(&self, inventory: &Inventory) -> Result<(), Error> {
        let Place::Shared { node, state } = &*self.0 else {
            return Ok(());
        };
        let held = mem::take(&mut locked(state).held);
        held.values().for_each(|renewed| renewed.suspend());
        let node = node.clone();
        let given_up = inventory.write_regardless(move |tx| {
            held.values()
                .try_for_each(|renewed| tx.give_up_duty(&renewed.tenure))?;
            tx.leave_nodes(&node)
        });
        given_up.await
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// Nothing begins any more on behalf of what is not wanted, and it is left alone until what has begun has ended.
    fn renewed_or_given_up(&self, wanted: &[Duty]) -> Vec<Tenure> {
        let is_wanted = |renewed: &&Arc<Renewed>| wanted.contains(&renewed.tenure.duty);
        let (wanted, unwanted): (Vec<_>, Vec<_>) = self.held.values().partition(is_wanted);
        unwanted.iter().for_each(|renewed| renewed.suspend());
        // Whatever has begun carries it.
        let ended = unwanted
            .into_iter()
            .filter(|renewed| Arc::strong_count(renewed) == 1);
        let all = wanted.into_iter().chain(ended);
        all.map(|renewed| renewed.tenure.clone()).collect()
    }

    fn join(&mut self, has_namesake: bool) {
        self.has_joined = true;
        if has_namesake && !mem::replace(&mut self.has_namesake, true) {
            tracing::error!(
                "another daemon on this inventory has the same name. Give each its own: [inventory] node"
            );
        }
    }

    fn apply(&mut self, renewal: DutyRenewal, asked_at: Instant) -> DutyChange {
        let mut resumed = Vec::new();
        for duty in &renewal.renewed {
            if let Some(renewed) = self.held.get(duty) {
                if !renewed.is_relied_on(asked_at) {
                    resumed.push(duty.clone());
                }
                renewed.renew(asked_at);
            }
        }
        for duty in &renewal.lost {
            if let Some(renewed) = self.held.remove(duty) {
                renewed.suspend();
            }
        }
        let mut taken = Vec::new();
        for tenure in renewal.taken {
            taken.push(tenure.duty.clone());
            self.held
                .insert(tenure.duty.clone(), Renewed::new(tenure, asked_at));
        }
        DutyChange {
            taken,
            resumed,
            lost: renewal.lost,
        }
    }
}

impl View<'_> {
    /// The time by the clock of the database.
    pub fn database_clock(&self) -> Result<Timestamp, Error> {
        Ok(Timestamp::from_millisecond(self.clock()?).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// The same in milliseconds.
    fn clock(&self) -> Result<i64, Error> {
        self.db.clock()
    }
}
