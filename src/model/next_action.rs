//! What was last done to renew a token, and what is done next.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Action, Outcome};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RotationView)]
pub struct Rotation {
    /// What it did.
    pub outcome: Outcome,
    /// When the exchange was made.
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NextView)]
pub struct Next {
    /// What happens next.
    pub action: Action,
    /// When.
    pub at: Timestamp,
}
