//! Transactions. Those that write take turns, as on a file: whoever begins one waits for the others, so that no two
//! daemons change the same rows, and events get their numbers in the order in which they become visible.

use std::thread;
use std::time::Duration;

use super::CALL;
use super::connection::Connection;
use super::fault::{Fault, FaultKind};
use super::link::Link;
use super::state::{Begun, State};
use crate::inventory::error::Error;

/// An exclusive lock lets others read and copy, but not write. It also tells the schema, which a newer program may have
/// changed meanwhile, a number by which the server knows the outcome, and whether this is still the inventory.
const BEGIN: &str = "BEGIN; LOCK TABLE inventory_schema IN EXCLUSIVE MODE;
    SELECT version, pg_current_xact_id()::text, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), application
    FROM inventory_schema";

/// How often, and for how long each, to ask for the outcome of a commit whose answer was lost.
const QUESTIONS: u32 = 30;
const PAUSE: Duration = Duration::from_millis(250);

/// How a transaction that may have been committed has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Committed,
    Undone,
    /// The server has not ended it yet.
    Open,
    Unknown,
}

impl Connection {
    pub(in crate::inventory::engine) fn atomically<T>(
        &self,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.state.set(State::Idle);
        self.script("BEGIN")?;
        self.state.set(State::Open);
        let done = work().and_then(|done| self.commit().map(|()| done));
        self.limit_calls_to(CALL);
        done.inspect_err(|_| {
            let _ = self.roll_back();
        })
    }

    /// Connects again if need be, and gives way to others once: before it nothing can be lost.
    pub(in crate::inventory::engine) fn begin(&self) -> Result<(), Error> {
        self.count_one();
        self.state.set(State::Idle);
        let begin = |link: &Link| {
            let rows = link.words(BEGIN)?;
            self.check_schema(rows.into_iter().next().unwrap_or_default())
        };
        let begun = match self.ask_once(begin) {
            Err(fault) if fault.kind() == FaultKind::Lost => self.ask_once(begin),
            Err(fault) if fault.kind() == FaultKind::Conflict => {
                self.roll_back()?;
                self.ask_once(begin)
            }
            begun => begun,
        };
        match begun {
            Ok(transaction) => {
                *self.begun.borrow_mut() = transaction;
                self.state.set(State::Open);
                Ok(())
            }
            Err(fault) => {
                // It may have begun, and failed after that.
                let _ = self.roll_back();
                Err(fault.of(self.server.address()).into())
            }
        }
    }

    fn check_schema(&self, row: Vec<Option<String>>) -> Result<Option<Begun>, Fault> {
        let mut row = row.into_iter();
        let found = row
            .next()
            .flatten()
            .and_then(|version| version.parse().ok());
        let known = self.schema.get();
        if known.is_some() && found != known {
            let number = |number: Option<u32>| {
                number.map_or_else(|| "unknown".to_owned(), |number| number.to_string())
            };
            let (found, known) = (number(found), number(known));
            let text = format!("it has schema {found}; this program works with {known}");
            return Err(Fault::new(FaultKind::OtherSchema, text));
        }
        let (number, history) = (row.next().flatten(), row.next().flatten());
        self.check_mark(row.next().flatten().as_deref())?;
        let begun = number.zip(history);
        Ok(begun.map(|(number, history)| Begun { number, history }))
    }

    pub(in crate::inventory::engine) fn commit(&self) -> Result<(), Error> {
        if self.state.get() == State::Failed {
            // The server would undo it, and call that a success.
            let _ = self.roll_back();
            let text = "a statement of the transaction has failed";
            return Err(Fault::new(FaultKind::Passing, text)
                .of(self.server.address())
                .into());
        }
        self.count_one();
        let committed = self.ask_once(|link| link.script("COMMIT"));
        self.state.set(State::Idle);
        let begun = self.begun.borrow_mut().take();
        match committed {
            Ok(()) => Ok(()),
            Err(fault) if fault.ends_connection() => self.outcome(begun.as_ref(), fault),
            Err(fault) => Err(fault.of(self.server.address()).into()),
        }
    }

    pub(in crate::inventory::engine) fn roll_back(&self) -> Result<(), Error> {
        let is_lost = self.state.replace(State::Idle) == State::Lost;
        if is_lost || !self.has_session() {
            // It ended with its session.
            return Ok(());
        }
        let undone = self.ask_once(|link| link.script("ROLLBACK"));
        match undone {
            Err(fault) if !fault.ends_connection() => Err(fault.of(self.server.address()).into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    pub(in crate::inventory::engine) fn is_in_transaction(&self) -> bool {
        matches!(self.state.get(), State::Open | State::Failed)
    }

    /// The answer to a commit was lost. The server knows by the number whether it was made durable.
    fn outcome(&self, begun: Option<&Begun>, fault: Fault) -> Result<(), Error> {
        for _ in 0..QUESTIONS {
            let Some(begun) = begun else { break };
            match self.ask_once(|link| outcome(link, begun)) {
                Ok(Outcome::Committed) => return Ok(()),
                Ok(Outcome::Undone | Outcome::Unknown) => break,
                Ok(Outcome::Open) | Err(_) => thread::sleep(PAUSE),
            }
        }
        Err(fault.of(self.server.address()).into())
    }
}

fn outcome(link: &Link, begun: &Begun) -> Result<Outcome, Fault> {
    // Only digits: both came from the server.
    let Begun { number, history } = begun;
    let question = format!(
        "SELECT CASE WHEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) = '{history}'
         THEN pg_xact_status('{number}'::xid8) END"
    );
    Ok(match link.word(&question)?.as_deref() {
        Some("committed") => Outcome::Committed,
        Some("aborted") => Outcome::Undone,
        Some("in progress") => Outcome::Open,
        _ => Outcome::Unknown,
    })
}
