//! Taking requests apart: who asks, which token, what stands in query and body. Nothing that a peer sent is
//! repeated to it, for it may be a token.

mod authorize;
mod body;
mod json_error;
mod path;
mod query;

pub(super) use authorize::{Asker, Operator, Viewer};
pub(super) use body::{LARGEST_SWALLOWED, Sent};
pub(super) use json_error::is_plain;
pub(super) use path::{Id, LoginName, Name, no_such_incident, no_such_login, no_such_token};
pub(super) use query::Asked;
