//! What an operator has corrected about a token, as the journal keeps it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Scopes;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventNewName)]
pub struct NewName {
    /// The name before.
    pub from: String,
    /// The name now.
    pub to: String,
    /// The user who changed it.
    pub asked_by: String,
}

/// The journal is kept for longer than the token, so it does not have the addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventNewOwners)]
pub struct NewOwners {
    /// How many addresses were added.
    pub added: usize,
    /// How many addresses were removed.
    pub removed: usize,
    /// The user who changed them.
    pub asked_by: String,
}

/// The permissions that the token itself must have. Where there are none, those of its app apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventNewRequirements)]
pub struct NewRequirements {
    /// The permissions before, with spaces between them.
    pub from: Scopes,
    /// The permissions now.
    pub to: Scopes,
    /// The user who changed them.
    pub asked_by: String,
}

impl NewName {
    pub(super) fn describe(&self) -> String {
        format!("renamed by {}, was {}", self.asked_by, self.from)
    }
}

impl NewOwners {
    pub(super) fn describe(&self) -> String {
        let Self {
            added,
            removed,
            asked_by,
        } = self;
        format!("owners changed by {asked_by}: {added} added, {removed} removed")
    }
}

impl NewRequirements {
    pub(super) fn describe(&self) -> String {
        let who = &self.asked_by;
        if self.to.is_empty() {
            return format!("needs the permissions of its app, as {who} asked");
        }
        format!("needs the permissions {}, as {who} asked", self.to)
    }
}
