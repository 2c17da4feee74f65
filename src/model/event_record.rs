//! An event before and after it is written to the journal.

use jiff::Timestamp;

use super::{Event, EventId, Token, TokenId};

/// An event to record.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    pub token: Option<TokenId>,
    pub name: Option<String>,
    pub app: Option<String>,
    /// The order that led to it.
    pub order: Option<EventId>,
    pub event: Event,
}

/// An event in the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRecord {
    pub id: EventId,
    pub at: Timestamp,
    /// The token's name at that time.
    pub token: Option<String>,
    pub app: Option<String>,
    pub order: Option<EventId>,
    pub event: Event,
}

impl NewEvent {
    pub fn about(token: &Token, event: Event) -> Self {
        Self {
            token: Some(token.id),
            name: Some(token.name.clone()),
            ..Self::of_app(&token.app, event)
        }
    }

    /// An incident about a sink has no app.
    pub fn of_app(app: &str, event: Event) -> Self {
        Self {
            app: Some(app.to_owned()).filter(|app| !app.is_empty()),
            ..Self::from(event)
        }
    }
}

impl From<Event> for NewEvent {
    fn from(event: Event) -> Self {
        Self {
            token: None,
            name: None,
            app: None,
            order: None,
            event,
        }
    }
}
