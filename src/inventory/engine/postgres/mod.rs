//! PostgreSQL: connections that are made again when they are lost, and calls that always end, even if the server was
//! stopped in the middle of one.

mod address;
mod batch;
mod connection;
mod fault;
mod identity;
mod layout;
mod link;
mod pooler;
mod server;
mod server_error;
mod session;
mod state;
mod statement;
mod tls;
mod transaction;
mod value;

use std::time::Duration;

pub use address::{Address, AddressError};
pub(super) use batch::Batch;
pub(super) use connection::Connection;
pub(super) use fault::{Fault, FaultKind};
pub(in crate::inventory) use server::Server;
pub use server_error::ServerError;
pub(super) use statement::Statement;
pub use tls::{Authority, NoCertificate};
pub(super) use tokio_postgres::Row;
pub(super) use value::value;

/// Each is a subtransaction. PostgreSQL keeps 64 of them in memory for each session; with more, every session is slower.
pub(super) const JOBS_PER_COMMIT: usize = 50;

/// The time in milliseconds, as it passes inside a transaction as well.
pub(super) const CLOCK: &str =
    "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";

/// How long one host may take to let us in.
const CONNECT: Duration = Duration::from_secs(5);

/// How long the server lets a statement work, and wait for a lock.
const STATEMENT: Duration = Duration::from_secs(10);
const LOCK: Duration = Duration::from_secs(5);

/// How long a call may take as seen from here. Longer than the server's own limits, which say more.
const CALL: Duration = Duration::from_secs(12);

/// How long a change of the schema may take.
const UPGRADE: Duration = Duration::from_secs(600);

/// How long the server keeps a transaction, and its locks, for a process that does not go on with it.
const IDLE_TRANSACTION: Duration = Duration::from_secs(5);
