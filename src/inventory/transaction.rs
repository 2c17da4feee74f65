//! Reading and writing inside the writer's transaction.

use std::cell::RefCell;
use std::ops::Deref;
use std::sync::Arc;

use super::event_log::EventLog;
use super::{Mark, View};
use crate::model::{Recorded, SinkTokens};

/// Reading and writing inside the writer's transaction.
#[derive(Debug)]
pub struct Tx<'db> {
    view: View<'db>,
    /// What the log says once the transaction is committed.
    pub(super) event_log: EventLog,
    pub(super) sinks: Arc<[SinkTokens]>,
    /// What is counted once the transaction is committed.
    pub(super) recorded: RefCell<Recorded>,
    /// The last event that a job has recorded.
    pub(super) newest: RefCell<Option<Mark>>,
}

impl<'db> Tx<'db> {
    pub(super) fn new(view: View<'db>, sinks: Arc<[SinkTokens]>) -> Self {
        Self {
            view,
            event_log: EventLog::default(),
            sinks,
            recorded: RefCell::default(),
            newest: RefCell::default(),
        }
    }
}

impl<'db> Deref for Tx<'db> {
    type Target = View<'db>;

    fn deref(&self) -> &Self::Target {
        &self.view
    }
}
