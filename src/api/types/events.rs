//! One line of `GET /v1/events`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::inventory::{Event, EventKind};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventView {
    pub id: String,
    pub at: Timestamp,
    pub kind: EventKind,
    /// The token's name at that time.
    pub token: Option<String>,
    pub app: Option<String>,
    /// Details that depend on the kind; never a secret.
    #[schema(value_type = Object)]
    pub detail: Map<String, Value>,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            id: event.id.0.to_string(),
            at: event.at,
            kind: event.kind,
            token: event.token,
            app: event.app,
            detail: event.detail,
        }
    }
}
