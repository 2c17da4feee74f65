//! What a node remembers of the journal, to notice that the database has lost commits.

use jiff::Timestamp;

use crate::model::{EventId, TokenId};

/// An event by which a reader finds out whether the journal still has what it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub(super) id: EventId,
    pub(super) at: Timestamp,
    pub(super) kind: String,
    pub(super) token: Option<TokenId>,
    /// When every token was last made due because commits were lost.
    pub(super) checked_anew_at: Option<Timestamp>,
}

impl Mark {
    /// The same for a writer, who has recorded this event since it saw `seen`.
    #[must_use]
    pub fn recorded_after(self, seen: Option<&Self>) -> Self {
        Self {
            checked_anew_at: seen.and_then(|seen| seen.checked_anew_at),
            ..self
        }
    }
}
