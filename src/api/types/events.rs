//! One line of `GET /v1/events`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::model::{Event, EventId, EventKind, EventRecord};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventView {
    /// A number that grows from event to event.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[schema(value_type = EventKind)]
    pub kind: String,
    /// The token's name at that time.
    pub token: Option<String>,
    /// The app that it is about.
    pub app: Option<String>,
    /// Details that depend on the kind, as in `Event`, and the `order` that led to it, if one did; never a secret.
    #[schema(value_type = Object)]
    pub detail: Map<String, Value>,
}

impl From<EventRecord> for EventView {
    fn from(record: EventRecord) -> Self {
        let (kind, detail) = record.event.parts(record.order);
        Self {
            id: record.id.to_string(),
            at: record.at,
            kind,
            token: record.token,
            app: record.app,
            detail,
        }
    }
}

impl EventView {
    /// What happened.
    pub fn event(&self) -> Event {
        Event::from_parts(&self.kind, self.detail.clone())
    }

    /// The order that led to it.
    pub fn order(&self) -> Option<EventId> {
        Event::order_in(&self.detail)
    }
}
