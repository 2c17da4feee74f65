//! Parses one JSON line. It writes its own errors, because a parser's message may repeat a value.

use serde_json::Value;

use super::row::{Row, RowError};
use crate::secret::Secret;

pub(super) fn row(line: &str) -> Result<Row, RowError> {
    let value: Value = serde_json::from_str(line).map_err(|error| RowError::NotJson {
        column: error.column(),
    })?;
    let Value::Object(fields) = value else {
        return Err(RowError::NotAnObject);
    };
    let mut row = Row::default();
    for (name, value) in fields {
        if value.is_null() && name != "access_token" {
            continue;
        }
        match name.as_str() {
            "access_token" => {
                row.access_token = Some(Secret::trimmed(&text("access_token", value)?))
            }
            "app" => row.app = Some(text("app", value)?),
            "name" => row.name = Some(text("name", value)?),
            "owners" => row.owners = Some(texts("owners", value)?),
            "require_scopes" => row.require_scopes = Some(texts("require_scopes", value)?),
            "discover" => row.discover = Some(flag("discover", &value)?),
            other => return Err(RowError::unknown_field(other)),
        }
    }
    Ok(row)
}

fn text(field: &'static str, value: Value) -> Result<String, RowError> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(RowError::WrongType {
            field,
            expected: "text in quotes",
        }),
    }
}

fn texts(field: &'static str, value: Value) -> Result<Vec<String>, RowError> {
    let wrong = RowError::WrongType {
        field,
        expected: "a list of texts",
    };
    let Value::Array(items) = value else {
        return Err(wrong);
    };
    let items = items.into_iter().map(|item| text(field, item));
    items.collect::<Result<_, _>>().map_err(|_| wrong)
}

fn flag(field: &'static str, value: &Value) -> Result<bool, RowError> {
    value.as_bool().ok_or(RowError::WrongType {
        field,
        expected: "true or false",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_read() {
        let line = r#"{"access_token":" EAAcanary ","app":"acme","name":"p","owners":["a@b","c@d"],
                       "require_scopes":["x"],"discover":true}"#;
        let expected = Row {
            app: Some("acme".to_owned()),
            name: Some("p".to_owned()),
            owners: Some(vec!["a@b".to_owned(), "c@d".to_owned()]),
            require_scopes: Some(vec!["x".to_owned()]),
            discover: Some(true),
            ..Row::of(Secret::new("EAAcanary"))
        };
        assert_eq!(row(line).unwrap(), expected);
        let nulls = r#"{"access_token":"EAAcanary","app":null,"owners":null}"#;
        assert_eq!(row(nulls).unwrap(), Row::of(Secret::new("EAAcanary")));
    }

    #[test]
    fn every_error_is_reported_and_no_value_repeated() {
        for (line, expected) in [
            (
                r#"{"access_token":"EAAcanary""#,
                "is not JSON, from column 27 on",
            ),
            ("EAAcanary", "is not JSON, from column 1 on"),
            (r#"["EAAcanary"]"#, "is not a JSON object"),
            (r#""EAAcanary""#, "is not a JSON object"),
            (
                r#"{"token":"EAAcanary"}"#,
                "token is not a field; the fields are access_token, app, name, owners, \
                                          require_scopes, discover",
            ),
            (
                r#"{"EAAcanary":1}"#,
                "one of the names is not a field; the fields are access_token, app, name, \
                                    owners, require_scopes, discover",
            ),
            (
                r#"{"access_token":["EAAcanary"]}"#,
                "access_token must be text in quotes",
            ),
            (
                r#"{"access_token":null}"#,
                "access_token must be text in quotes",
            ),
            (
                r#"{"owners":"EAAcanary"}"#,
                "owners must be a list of texts",
            ),
            (
                r#"{"require_scopes":["EAAcanary",1]}"#,
                "require_scopes must be a list of texts",
            ),
            (
                r#"{"discover":"EAAcanary"}"#,
                "discover must be true or false",
            ),
        ] {
            assert_eq!(row(line).unwrap_err().to_string(), expected, "{line}");
        }
    }
}
