//! One value of Meta's JSON. Meta changes types now and then: an id is a number or a string, a flag may become a
//! string. A value of an unexpected type counts as missing, so that the other values of the answer remain readable.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

#[derive(Default)]
pub(super) enum Value<'a> {
    /// Also null, or a type that is not used.
    #[default]
    Missing,
    /// Borrowed from the answer if it holds no escapes.
    Text(Cow<'a, str>),
    /// Wide enough for every id; a float would lose digits.
    Whole(i128),
    Flag(bool),
    /// The texts of a list. Whatever else is in one is not used, and would take many times the memory of the answer.
    List(Vec<Cow<'a, str>>),
}

impl<'a> Value<'a> {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Missing | Self::Whole(_) | Self::Flag(_) | Self::List(_) => None,
        }
    }

    /// Returns an id. Older answers send it as a number.
    pub(super) fn id(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(id) => Some(id).filter(|id| !id.is_empty()),
            Self::Whole(id @ 0..) => Some(Cow::Owned(id.to_string())),
            Self::Missing | Self::Whole(_) | Self::Flag(_) | Self::List(_) => None,
        }
    }

    /// Returns an integer, or one written as a string.
    pub(super) fn whole(&self) -> Option<i64> {
        match self {
            Self::Whole(number) => i64::try_from(*number).ok(),
            Self::Text(digits) => digits.parse().ok(),
            Self::Missing | Self::Flag(_) | Self::List(_) => None,
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            Self::Missing | Self::Text(_) | Self::Whole(_) | Self::List(_) => None,
        }
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let list = match self {
            Self::List(list) => list.as_slice(),
            Self::Missing | Self::Text(_) | Self::Whole(_) | Self::Flag(_) => &[],
        };
        list.iter().map(Cow::as_ref)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

/// About as many as a token has.
const SCOPES: usize = 16;

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Value::Whole(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Whole(number.into()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Value::Missing)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Missing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            if let Value::Text(text) = value {
                if list.is_empty() {
                    list.reserve(SCOPES);
                }
                list.push(text);
            }
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn each_value_is_read_as_what_it_can_be() {
        for (json, id, whole) in [
            ("7", Some("7"), Some(7)),
            ("\"7\"", Some("7"), Some(7)),
            (
                "9007199254740993",
                Some("9007199254740993"),
                Some(9_007_199_254_740_993),
            ),
            ("18446744073709551615", Some("18446744073709551615"), None),
            ("99999999999999999999", None, None),
            ("-7", None, Some(-7)),
            ("7.0", None, None),
            ("\"me\"", Some("me"), None),
            ("\"\"", None, None),
            ("null", None, None),
            ("true", None, None),
            ("{\"id\":[7]}", None, None),
            ("[7]", None, None),
        ] {
            assert_eq!(value(json).whole(), whole, "{json}");
            assert_eq!(value(json).id().as_deref(), id, "{json}");
        }
        assert_eq!(value("true").flag(), Some(true));
        assert_eq!(value("\"true\"").flag(), None);
    }

    #[test]
    fn of_a_list_the_texts_are_read() {
        let list = value(r#"["email", 7, null, "\u0061ds_read", ["x"]]"#);
        assert_eq!(list.texts().collect::<Vec<_>>(), ["email", "ads_read"]);
        assert_eq!(value("\"email\"").texts().count(), 0);
    }

    #[test]
    fn a_list_takes_no_memory_for_what_is_not_read() {
        let kept = |json: &str| match value(json) {
            Value::List(list) => (list.len(), list.capacity()),
            _ => panic!("{json} is a list"),
        };
        let lists = format!("[{}[]]", "[],".repeat(1_000));
        for json in ["[]", "[[[]], 7, null, true, {}]", &lists] {
            assert_eq!(kept(json), (0, 0), "{json}");
        }
        assert_eq!(kept(r#"[[], "email", []]"#).0, 1);
    }

    #[test]
    fn texts_are_copied_only_where_they_must_be() {
        assert!(matches!(
            value(r#""plain""#),
            Value::Text(Cow::Borrowed("plain"))
        ));
        assert!(matches!(value(r#""\n""#), Value::Text(Cow::Owned(_))));
    }
}
