//! Parses a line of CSV. No field of a token contains a line end, so every line is a record, and an unclosed quotation
//! mark breaks only its own line.

use csv::{ReaderBuilder, StringRecord, Trim};
use serde_json::Value;

use super::row::{FIELDS, Row, RowError};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    fields: Vec<&'static str>,
    delimiter: u8,
}

/// Why a line with `access_token` is not a valid header.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadHeader {
    #[error("the header has an unknown column; the known ones are {known}", known = FIELDS.join(", "))]
    Unknown,
    #[error("the header names {0} twice")]
    Twice(&'static str),
}

impl Header {
    /// Returns `None` when the line is not a header at all.
    pub(super) fn read(line: &str) -> Option<Result<Self, BadHeader>> {
        let delimiter = [b',', b';', b'\t']
            .into_iter()
            .find(|byte| line.as_bytes().contains(byte));
        let delimiter = delimiter.unwrap_or(b',');
        let names = record(line, delimiter).ok()?;
        names
            .iter()
            .any(|name| name == "access_token")
            .then(|| Self::of(&names, delimiter))
    }

    fn of(names: &StringRecord, delimiter: u8) -> Result<Self, BadHeader> {
        let mut fields = Vec::new();
        for name in names {
            let known = FIELDS.into_iter().find(|field| *field == name);
            let field = known.ok_or(BadHeader::Unknown)?;
            if fields.contains(&field) {
                return Err(BadHeader::Twice(field));
            }
            fields.push(field);
        }
        Ok(Self { fields, delimiter })
    }

    pub(super) fn row(&self, line: &str) -> Result<Row, RowError> {
        let values = record(line, self.delimiter)?;
        if values.len() != self.fields.len() {
            return Err(RowError::FieldCount {
                found: values.len(),
                expected: self.fields.len(),
            });
        }
        let mut row = Row::default();
        for (field, text) in self.fields.iter().zip(&values) {
            if !text.is_empty() || *field == "access_token" {
                row.set(field, value(field, text))?;
            }
        }
        Ok(row)
    }
}

/// The text as JSON would have it.
fn value(field: &str, text: &str) -> Value {
    match (field, text.to_ascii_lowercase().as_str()) {
        ("owners" | "require_scopes", _) => list(text),
        ("discover", "true" | "yes" | "1") => Value::Bool(true),
        ("discover", "false" | "no" | "0") => Value::Bool(false),
        _ => Value::from(text),
    }
}

/// Splits a list at spaces and, inside quotation marks, at commas.
fn list(text: &str) -> Value {
    let items = text.split([' ', ',', '\t']);
    items.filter(|item| !item.is_empty()).collect()
}

fn record(line: &str, delimiter: u8) -> Result<StringRecord, RowError> {
    let quotes = line.bytes().filter(|byte| *byte == b'"').count();
    if quotes % 2 == 1 {
        return Err(RowError::OpenQuote);
    }
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .delimiter(delimiter)
        .buffer_capacity(line.len() + 1)
        .from_reader(line.as_bytes());
    let mut record = StringRecord::new();
    // A line of text is always a record with at least one field.
    reader
        .read_record(&mut record)
        .map_err(|_| RowError::OpenQuote)?;
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn header(line: &str) -> Header {
        Header::read(line).unwrap().unwrap()
    }

    #[test]
    fn a_header_is_known_by_its_token_column() {
        assert_eq!(Header::read("EAAcanary"), None);
        assert_eq!(Header::read("app,name"), None);
        assert_eq!(header("access_token").fields, ["access_token"]);
        assert_eq!(header("app; access_token").fields, ["app", "access_token"]);
        assert_eq!(header("\"access_token\"\tname").delimiter, b'\t');
        let bad = |line| Header::read(line).unwrap().unwrap_err();
        assert_eq!(bad("access_token,owner"), BadHeader::Unknown);
        assert_eq!(bad("access_token,app,app"), BadHeader::Twice("app"));
    }

    #[test]
    fn every_column_is_read() {
        let header = header("name,app,access_token,owners,require_scopes,discover");
        let expected = Row {
            app: Some("acme".to_owned()),
            name: Some("p, q".to_owned()),
            owners: Some(vec!["a@b".to_owned(), "c@d".to_owned()]),
            require_scopes: Some(vec!["x".to_owned(), "y".to_owned()]),
            discover: Some(true),
            ..Row::of(Secret::new("EAAcanary"))
        };
        let line = "\"p, q\", acme ,EAAcanary,a@b c@d,\"x,y\",Yes";
        assert_eq!(header.row(line).unwrap(), expected);
        assert_eq!(
            header.row(",,EAAcanary,,,").unwrap(),
            Row::of(Secret::new("EAAcanary"))
        );
    }

    #[test]
    fn every_error_is_reported_and_no_value_repeated() {
        let header = header("access_token,name,discover");
        for (line, expected) in [
            ("EAAcanary", "has 1 field, but the header names 3"),
            ("EAAcanary,a,b,c", "has 4 fields, but the header names 3"),
            ("\"EAAcanary,a,", "a quotation mark is not closed"),
            ("EAA\"canary,a,", "a quotation mark is not closed"),
            ("EAAcanary,a,maybe", "discover must be true or false"),
        ] {
            assert_eq!(
                header.row(line).unwrap_err().to_string(),
                expected,
                "{line}"
            );
        }
    }
}
