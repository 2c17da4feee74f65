//! Orders: what a person asked for on the socket.

use super::string_enum;

string_enum! {
    OrderKind {
        Check = "check",
        Rotate = "rotate",
        /// Restore the previous secret, if Meta still confirms it.
        Rollback = "rollback",
        /// Import the pages that this user token reaches.
        Discover = "discover",
    }
}
