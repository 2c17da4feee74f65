//! Lists as the value of one parameter: `token IN (SELECT value FROM json_each(?1))`, or `NOT IN`. SQLite reads them as
//! JSON; for PostgreSQL the statement is rewritten, see [`super::dialect`].

use std::borrow::Cow;

use super::value::{ToColumn, Value};

#[derive(Debug)]
pub(in crate::inventory) struct Numbers(pub(in crate::inventory) Vec<i64>);

#[derive(Debug)]
pub(in crate::inventory) struct Texts<'t>(pub(in crate::inventory) &'t [String]);

impl ToColumn for Numbers {
    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Owned(
            serde_json::Value::from(self.0.as_slice()).to_string(),
        ))
    }
}

impl ToColumn for Texts<'_> {
    fn value(&self) -> Value<'_> {
        self.0.value()
    }
}
