//! Extractors for requests: the peer, the path, the query and the body. An answer never repeats what a peer sent,
//! because it may be a token.

mod authorize;
mod body;
mod json_error;
mod path;
mod query;

pub(super) use authorize::{Asker, Operator, Viewer};
pub(super) use body::{Element, LARGEST_SWALLOWED, Sent};
pub(super) use json_error::is_plain;
pub(super) use path::{Id, Name, NameAndConsumer, PathId, Person, no_such_calendar, no_such_token};
pub(super) use query::Asked;
