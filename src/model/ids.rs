//! Ids of rows in the inventory: numbers there, strings for programs.

use std::fmt::{self, Display, Formatter};
use std::num::ParseIntError;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! id {
    ($($name:ident)+) => {$(
        /// A number, as text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(Serialize, Deserialize, ToSchema)]
        #[serde(into = "String", try_from = "String")]
        #[schema(value_type = String)]
        pub struct $name(pub i64);

        impl Display for $name {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseIntError;

            fn try_from(id: String) -> Result<Self, ParseIntError> {
                id.parse().map(Self)
            }
        }
    )+};
}

id! { EventId IncidentId LoginId }
