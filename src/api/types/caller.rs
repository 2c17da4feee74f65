//! The caller as the socket sees it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/caller`: who asks, and what that user may do besides reading secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallerView {
    /// The user at the other end of the connection.
    pub user: String,
    /// May read everything but secrets.
    pub viewer: bool,
    /// May give orders.
    pub operator: bool,
}
