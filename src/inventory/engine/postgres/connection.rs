//! A connection that outlives its sessions. A reader asks again in a new session if the old one is gone; inside a
//! transaction nothing is asked again, because what came before is undone.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use super::fault::{Fault, FaultKind};
use super::link::{Link, Words};
use super::server::Server;
use super::server_error::ServerError;
use super::state::{Begun, State};
use crate::inventory::engine::work::{Counters, StatementWork};
use crate::inventory::error::Error;

#[derive(Debug)]
pub(in crate::inventory::engine) struct Connection {
    pub(super) server: Arc<Server>,
    role: Role,
    link: RefCell<Option<Link>>,
    pub(super) state: Cell<State>,
    /// The transaction that writes.
    pub(super) begun: RefCell<Option<Begun>>,
    /// The number of the schema that this program has found or made.
    pub(super) schema: Cell<Option<u32>>,
    /// What the database said that it holds.
    pub(super) mark: RefCell<Option<String>>,
    counters: Arc<Counters>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Reader,
    Writer,
}

impl Connection {
    pub(in crate::inventory::engine) fn reader(server: &Arc<Server>) -> Result<Self, Error> {
        Self::new(server, Role::Reader)
    }

    pub(in crate::inventory::engine) fn writer(server: &Arc<Server>) -> Result<Self, Error> {
        Self::new(server, Role::Writer)
    }

    fn new(server: &Arc<Server>, role: Role) -> Result<Self, Error> {
        let new = Self {
            server: Arc::clone(server),
            role,
            link: RefCell::default(),
            state: Cell::new(State::Idle),
            begun: RefCell::default(),
            schema: Cell::default(),
            mark: RefCell::default(),
            counters: Arc::default(),
        };
        *new.link.borrow_mut() = Some(new.connect().map_err(Error::Server)?);
        Ok(new)
    }

    pub(in crate::inventory::engine) fn counted_by(self, counters: Arc<Counters>) -> Self {
        Self { counters, ..self }
    }

    /// Runs several statements without values.
    pub(in crate::inventory::engine) fn script(&self, sql: &str) -> Result<(), Error> {
        self.count_one();
        self.ask(|link| link.script(sql))?;
        if self.state.get() == State::Failed && sql.starts_with("ROLLBACK TO") {
            self.state.set(State::Open);
        }
        Ok(())
    }

    /// Runs statements without values, and returns their rows.
    pub(super) fn words(&self, sql: &str) -> Result<Words, Error> {
        self.count_one();
        self.ask(|link| link.words(sql))
    }

    pub(super) fn word(&self, sql: &str) -> Result<Option<String>, Error> {
        self.count_one();
        self.ask(|link| link.word(sql))
    }

    pub(super) fn count_one(&self) {
        self.counters.add_one();
    }

    pub(super) fn count(&self, work: &StatementWork) {
        self.counters.add(work, 0);
    }

    pub(super) fn ask<T>(&self, act: impl Fn(&Link) -> Result<T, Fault>) -> Result<T, Error> {
        let answer = match self.ask_once(&act) {
            Err(fault) if self.may_ask_again(&fault) => self.ask_once(&act),
            answer => answer,
        };
        answer.map_err(|fault| fault.of(self.server.address()).into())
    }

    pub(super) fn ask_once<T>(&self, act: impl Fn(&Link) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.state.get() == State::Lost {
            let text = "the transaction is gone with its session";
            return Err(Fault::new(FaultKind::Lost, text));
        }
        self.mark_call();
        let answer = self.ask_session(act);
        self.mark_call();
        answer
    }

    fn ask_session<T>(&self, act: impl Fn(&Link) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut link = self.link.borrow_mut();
        let session = match &mut *link {
            Some(session) => session,
            none => none.insert(self.connect().map_err(|error| lost(&error))?),
        };
        let answer = act(session);
        if let Err(fault) = &answer {
            let is_idle = self.state.get() == State::Idle;
            if fault.ends_connection() {
                *link = None;
                self.state
                    .set(if is_idle { State::Idle } else { State::Lost });
            } else if !is_idle {
                self.state.set(State::Failed);
            }
        }
        answer
    }

    /// Shows that this thread is at work, however long the server lets it wait.
    fn mark_call(&self) {
        if self.role == Role::Writer {
            self.counters.writer_calls();
        }
    }

    /// A reader changes nothing, so it may ask twice. What has been waited for in vain once is not waited for again.
    fn may_ask_again(&self, fault: &Fault) -> bool {
        self.role == Role::Reader && fault.kind() == FaultKind::Lost
    }

    /// A new session.
    fn connect(&self) -> Result<Link, ServerError> {
        let link = self.server.connect()?;
        match self.role {
            Role::Reader => self.only_read(&link)?,
            Role::Writer => {}
        }
        Ok(link)
    }

    fn only_read(&self, link: &Link) -> Result<(), ServerError> {
        let only = "SET default_transaction_read_only = on";
        link.script(only)
            .map_err(|fault| self.unreachable(&fault.to_string()))
    }

    pub(super) fn unreachable(&self, reason: &str) -> ServerError {
        ServerError::Unreachable {
            server: self.server.name(),
            reason: reason.to_owned(),
        }
    }

    pub(super) fn has_session(&self) -> bool {
        self.link.borrow().is_some()
    }

    /// How long a call of this session may take from now on.
    pub(super) fn limit_calls_to(&self, limit: Duration) {
        if let Some(link) = &*self.link.borrow() {
            link.limit_calls_to(limit);
        }
    }

    /// Ends the session. The next call begins a new one.
    pub(in crate::inventory::engine) fn disconnect(&self) {
        *self.link.borrow_mut() = None;
    }
}

fn lost(error: &ServerError) -> Fault {
    Fault::new(FaultKind::Lost, error.to_string())
}
