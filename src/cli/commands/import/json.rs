//! Parses one JSON line. It writes its own errors, because a parser's message may repeat a value.

use serde_json::Value;

use super::row::{Row, RowError};

pub(super) fn row(line: &str) -> Result<Row, RowError> {
    let value: Value = serde_json::from_str(line).map_err(|error| RowError::NotJson {
        column: error.column(),
    })?;
    let Value::Object(fields) = value else {
        return Err(RowError::NotAnObject);
    };
    let mut row = Row::default();
    for (name, value) in fields {
        if !value.is_null() || name == "access_token" {
            row.set(&name, value)?;
        }
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

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
