//! A value as it is stored, for what is copied from one database to another without being read.

use std::borrow::Cow;

use super::value::{FromColumn, ToColumn, Value};

#[derive(Clone, PartialEq, Eq)]
pub(in crate::inventory) enum Raw {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl Raw {
    /// About how many bytes it takes in memory.
    pub(in crate::inventory) const fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Null | Self::Int(_) => 0,
                Self::Text(text) => text.len(),
                Self::Blob(bytes) => bytes.len(),
            }
    }
}

impl FromColumn for Raw {
    fn from_value(value: &Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Int(number) => Self::Int(*number),
            Value::Text(text) => Self::Text(text.clone().into_owned()),
            Value::Blob(bytes) => Self::Blob(bytes.to_vec()),
        })
    }
}

impl ToColumn for Raw {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Int(number) => Value::Int(*number),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Blob(bytes) => Value::Blob(bytes),
        }
    }
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}
