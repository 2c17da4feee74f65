//! What only servers have.

use std::sync::Arc;

use super::connection::Connection;
use super::connection::Engine::{Postgres, Sqlite};
use super::postgres::{self, Server};
use crate::inventory::error::Error;

impl Connection {
    /// Connects for writing.
    pub(in crate::inventory) fn to_write(server: &Arc<Server>) -> Result<Self, Error> {
        let connected = postgres::Connection::writer(server)?;
        Ok(Self(Postgres(Box::new(connected))))
    }

    pub(in crate::inventory) fn to_read(server: &Arc<Server>) -> Result<Self, Error> {
        let connected = postgres::Connection::reader(server)?;
        Ok(Self(Postgres(Box::new(connected))))
    }

    /// Refuses a pooler that lends one session to `self` and `other`.
    pub(in crate::inventory) fn reject_pooler(&self, other: &Self) -> Result<(), Error> {
        match (&self.0, &other.0) {
            (Postgres(one), Postgres(other)) => one.reject_pooler(other),
            (Sqlite(_), _) | (_, Sqlite(_)) => Ok(()),
        }
    }
}
