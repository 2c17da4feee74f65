//! The four kinds of value that the schema knows, and how plain Rust types become one of them.

use std::borrow::Cow;

use jiff::Timestamp;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[derive(Debug)]
pub(in crate::inventory) enum Value<'v> {
    Null,
    Int(i64),
    Text(Cow<'v, str>),
    Blob(&'v [u8]),
}

pub(in crate::inventory) trait ToColumn {
    fn value(&self) -> Value<'_>;
}

/// The values of a statement's `?1, ?2` …: `&[&token, &now]`.
pub(in crate::inventory) type Params<'p> = &'p [&'p dyn ToColumn];

pub(in crate::inventory) trait FromColumn: Sized {
    /// `None` for a value that this version does not know.
    fn from_value(value: &Value<'_>) -> Option<Self>;
}

/// A value that is stored whole, as JSON.
pub(in crate::inventory) struct Json<T>(pub(in crate::inventory) T);

impl Value<'_> {
    pub(in crate::inventory) fn int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Null | Self::Text(_) | Self::Blob(_) => None,
        }
    }

    pub(in crate::inventory) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Int(_) | Self::Blob(_) => None,
        }
    }

    fn blob(&self) -> Option<&[u8]> {
        match self {
            Self::Blob(bytes) => Some(bytes),
            Self::Null | Self::Int(_) | Self::Text(_) => None,
        }
    }

    pub(super) fn shown(&self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Int(number) => number.to_string(),
            Self::Text(text) => format!("\"{text}\""),
            Self::Blob(_) => "bytes".to_owned(),
        }
    }
}

impl<'v> From<ValueRef<'v>> for Value<'v> {
    /// The schema is `STRICT` and has no column for real numbers.
    fn from(value: ValueRef<'v>) -> Self {
        match value {
            ValueRef::Null | ValueRef::Real(_) => Self::Null,
            ValueRef::Integer(number) => Self::Int(number),
            ValueRef::Text(text) => Self::Text(String::from_utf8_lossy(text)),
            ValueRef::Blob(bytes) => Self::Blob(bytes),
        }
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl<T: ToColumn + ?Sized> ToColumn for &T {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl<T: ToColumn> ToColumn for Option<T> {
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, ToColumn::value)
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_value(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            Value::Int(_) | Value::Text(_) | Value::Blob(_) => T::from_value(value).map(Some),
        }
    }
}

/// Numbers. Those that SQL's do not reach are limits and counts, where the largest one means the same.
macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl ToColumn for $number {
            fn value(&self) -> Value<'_> {
                Value::Int(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }

        impl FromColumn for $number {
            fn from_value(value: &Value<'_>) -> Option<Self> {
                value.int()?.try_into().ok()
            }
        }
    )+};
}

numbers!(i64, u32, u64, usize);

/// How a type becomes a value, and how it is read back.
macro_rules! columns {
    ($($of:ty: |$this:ident| $write:expr, |$value:ident| $read:expr;)+) => {$(
        impl ToColumn for $of {
            fn value(&self) -> Value<'_> {
                let $this = self;
                $write
            }
        }

        impl FromColumn for $of {
            fn from_value($value: &Value<'_>) -> Option<Self> {
                $read
            }
        }
    )+};
}

columns! {
    bool: |flag| Value::Int(i64::from(*flag)), |value| value.int().map(|number| number != 0);
    String: |text| text.as_str().value(), |value| value.text().map(str::to_owned);
    Vec<u8>: |bytes| Value::Blob(bytes), |value| value.blob().map(<[u8]>::to_vec);
    [u8; 32]: |bytes| Value::Blob(bytes), |value| value.blob()?.try_into().ok();
    // Only valid times are stored, so the fallback is for a database that was edited by hand.
    Timestamp: |at| Value::Int(at.as_second()),
        |value| Some(Self::from_second(value.int()?).unwrap_or(Self::UNIX_EPOCH));
    Vec<String>: |list| list.as_slice().value(), |value| match value.text()? {
        "[]" => Some(Self::new()),
        list => serde_json::from_str(list).ok(),
    };
}

impl ToColumn for str {
    fn value(&self) -> Value<'_> {
        Value::Text(storable(self))
    }
}

/// PostgreSQL refuses a text with U+0000, wherever it came from. Both engines store another character instead.
fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        text.replace('\0', "\u{FFFD}").into()
    } else {
        text.into()
    }
}

impl ToColumn for [u8] {
    fn value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

/// A list of mail addresses or names.
impl ToColumn for [String] {
    fn value(&self) -> Value<'_> {
        let list = self.iter().map(|text| storable(text));
        let list: serde_json::Value = list.collect();
        Value::Text(Cow::Owned(list.to_string()))
    }
}

impl<T: Serialize> ToColumn for Json<T> {
    fn value(&self) -> Value<'_> {
        let text = serde_json::to_string(&self.0);
        Value::Text(Cow::Owned(text.unwrap_or_default()))
    }
}

impl<T: DeserializeOwned> FromColumn for Json<T> {
    fn from_value(value: &Value<'_>) -> Option<Self> {
        serde_json::from_str(value.text()?).ok().map(Self)
    }
}
