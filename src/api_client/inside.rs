//! The client of the daemon itself, which needs no socket.

use super::{Client, Connection};
use crate::api::LocalCaller;

impl Client {
    /// Calls with the rights of this user.
    pub fn inside(caller: LocalCaller) -> Self {
        Self(Connection::inside(caller))
    }
}
