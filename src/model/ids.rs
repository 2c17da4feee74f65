//! Ids of rows in the inventory: numbers there, strings for programs.

use std::fmt::{self, Display, Formatter};
use std::num::ParseIntError;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($name:ident)+) => {$(
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
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
