//! A test of a channel of posts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/post-test`
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostTestRequest {
    /// The name of the channel in the configuration.
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PostTestResult {
    /// The events about this message bear it.
    pub message_id: String,
}
