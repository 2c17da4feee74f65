//! One daemon for each inventory, until several share the work: a lock that the writer's session holds. A server releases
//! it with the session, so it is taken again in the next one.

use std::thread;
use std::time::Duration;

use super::connection::Connection;
use super::fault::Fault;
use super::link::Link;
use super::server_error::ServerError;
use super::session::Session;
use crate::inventory::error::Error;

/// The number is "Pern", and the schema that the tables are in.
const TAKE: &str = "SELECT pg_try_advisory_lock((1348825710::bigint << 32)
        | quote_ident(current_schema())::regnamespace::oid::bigint),
    pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()";

/// How often to try again while the former session ends.
const TRIES: u32 = 30;
const PAUSE: Duration = Duration::from_millis(100);

impl Connection {
    /// Keeps other daemons out until this one ends.
    pub(in crate::inventory::engine) fn hold_alone(&self) -> Result<(), Error> {
        let held = self.ask(take)?;
        *self.holder.borrow_mut() = Some(held.ok_or_else(|| Error::Server(self.in_use()))?);
        Ok(())
    }

    /// In a new session of a daemon that held the lock. The server may not know yet that the former one is gone.
    pub(super) fn hold_alone_again(&self, link: &Link) -> Result<(), ServerError> {
        let Some(former) = self.holder.borrow().clone() else {
            return Ok(());
        };
        let failed = |fault: Fault| self.unreachable(&fault.to_string());
        for _ in 0..TRIES {
            if let Some(held) = take(link).map_err(failed)? {
                *self.holder.borrow_mut() = Some(held);
                return Ok(());
            }
            link.script(&former.end()).map_err(failed)?;
            thread::sleep(PAUSE);
        }
        Err(self.in_use())
    }

    fn in_use(&self) -> ServerError {
        ServerError::InUse {
            server: self.server.name(),
        }
    }

    /// Lets the next daemon in at once, before the server notices that the session is gone.
    pub(in crate::inventory::engine) fn close(&self) {
        if self.has_session() {
            let _ = self.ask_once(|link| link.script("SELECT pg_advisory_unlock_all()"));
        }
        self.disconnect();
    }
}

/// The session that holds the lock now; `None` if another one does.
fn take(link: &Link) -> Result<Option<Session>, Fault> {
    let row = link.words(TAKE)?.into_iter().next().unwrap_or_default();
    let mut columns = row.into_iter().flatten();
    let is_taken = columns.next().as_deref() == Some("t");
    let session = columns.next().zip(columns.next());
    let session = session.filter(|_| is_taken);
    Ok(session.map(|(pid, since)| Session { pid, since }))
}

impl Session {
    fn end(&self) -> String {
        let Self { pid, since } = self;
        format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE pid = {pid} AND backend_start = '{since}'::timestamptz"
        )
    }
}
