//! The database engines, and the only place that names them. A statement is written as `?1, ?2`, gets its values in a
//! slice, and is kept prepared. Its text is the same for all engines.

mod batch;
mod connection;
mod dialect;
mod failure;
mod files;
mod identity;
mod layout;
mod list;
mod marks;
mod postgres;
mod raw;
mod row;
mod servers;
mod sqlite;
mod statement;
mod value;
mod work;

pub(super) use connection::Connection;
pub(super) use failure::Failure;
pub use failure::WriteErrorKind;
pub(super) use identity::{Identity, Owner, SchemaFile};
pub(super) use layout::{LastNumber, Table};
pub(super) use list::{Numbers, Texts};
pub(super) use postgres::Server;
pub use postgres::{Address, AddressError, Authority, NoCertificate, ServerError};
pub(super) use raw::Raw;
pub(super) use row::{Row, fields, readable};
pub(super) use value::{FromColumn, Json, Params, ToColumn, Value};
pub(super) use work::Counters;
pub use work::Work;

use super::error::Error;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl From<postgres::Fault> for Error {
    fn from(fault: postgres::Fault) -> Self {
        Self::Storage(fault.into())
    }
}
