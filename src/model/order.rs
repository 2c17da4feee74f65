//! Orders: what a person asked for on the socket, and what became of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::string_enum;

string_enum! {
    /// What was ordered.
    OrderKind {
        Check = "check",
        Rotate = "rotate",
        /// Restore the previous secret, if Meta still confirms it.
        Rollback = "rollback",
        /// Import the pages that this user token reaches.
        Discover = "discover",
    }
}

string_enum! {
    /// How an order ended.
    OrderOutcome {
        CarriedOut = "carried_out",
        /// No call could be made for the app.
        Refused = "refused",
    }
}

/// The latest order for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastOrder {
    /// What was ordered.
    pub order: OrderKind,
    /// When it was ordered.
    pub requested_at: Timestamp,
    /// Null while it is pending.
    pub ended: Option<OrderEnd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderEnd {
    /// When it ended.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: OrderOutcome,
}
