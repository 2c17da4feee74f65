//! Reads a source to its end: detects its format, and turns each line into a request or an error.

use std::io::{self, BufReader, Read};

use super::csv::Header;
use super::json;
use super::lines::{Line, Lines};
use super::row::{Defaults, Row, RowError};
use crate::api::types::ImportRequest;
use crate::cli::{Error, Result};
use crate::secret::Secret;

type Bytes = BufReader<Box<dyn Read + Send>>;

/// The result of one line.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) number: u64,
    /// How many bytes of the source have been read at the end of this line.
    pub(super) position: u64,
    pub(super) request: Result<ImportRequest, RowError>,
}

/// Iterates over the lines of a source as requests.
pub(super) struct Reading {
    format: Format,
    defaults: Defaults,
    /// Lines that were read to detect the format, and are still to be returned.
    begun: std::vec::IntoIter<Line>,
    rest: Lines<Bytes>,
}

#[derive(Debug, PartialEq, Eq)]
enum Format {
    /// A single token without any format.
    Bare,
    Json,
    Csv(Header),
}

impl Reading {
    /// `name` is the name of the source, for messages.
    pub(super) fn begin(
        name: &str,
        source: Box<dyn Read + Send>,
        defaults: Defaults,
    ) -> Result<Self> {
        let unreadable =
            |error: io::Error| Error::Refused(format!("{name} cannot be read: {error}"));
        let mut rest = Lines::of(BufReader::new(source));
        let begun: io::Result<Vec<Line>> = rest.by_ref().take(2).collect();
        let mut begun = begun.map_err(unreadable)?;
        let format = format(name, &begun)?;
        if matches!(format, Format::Csv(_)) {
            begun.remove(0);
        }
        if defaults.name.is_some() && format != Format::Bare {
            let text = "--name is for a single token; in a file, each line has its own name";
            return Err(Error::Usage(text.to_owned()));
        }
        Ok(Self {
            format,
            defaults,
            begun: begun.into_iter(),
            rest,
        })
    }

    pub(super) fn is_of_one_token(&self) -> bool {
        self.format == Format::Bare
    }

    fn item(&self, line: Line) -> Item {
        let row = match (line.text, &self.format) {
            (Err(error), _) => Err(error.into()),
            (Ok(text), Format::Bare) => Ok(Row::of(Secret::new(text))),
            (Ok(text), Format::Json) => json::row(&text),
            (Ok(text), Format::Csv(header)) => header.row(&text),
        };
        Item {
            number: line.number,
            position: line.position,
            request: row.and_then(|row| row.request(&self.defaults)),
        }
    }
}

impl Iterator for Reading {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        let line = self.begun.next().map(Ok).or_else(|| self.rest.next())?;
        Some(match line {
            Ok(line) => self.item(line),
            Err(error) => Item {
                number: 0,
                position: 0,
                request: Err(RowError::Unreadable(error.to_string())),
            },
        })
    }
}

/// Detects the format from the first two lines, so that a broken first line does not spoil a JSON file.
fn format(name: &str, begun: &[Line]) -> Result<Format> {
    let refused = |text: String| Err(Error::Refused(format!("{name}: {text}\n{FORMATS}")));
    let [first, others @ ..] = begun else {
        return refused("there is no token in it".to_owned());
    };
    let is_json = |line: &Line| line.text.as_ref().is_ok_and(|text| text.starts_with('{'));
    if begun.iter().any(is_json) {
        return Ok(Format::Json);
    }
    match first.text.as_ref().ok().and_then(|text| Header::read(text)) {
        Some(Ok(header)) => Ok(Format::Csv(header)),
        Some(Err(row_error)) => refused(format!("line {}: {row_error}", first.number)),
        None if others.is_empty() => Ok(Format::Bare),
        None => refused(format!(
            "line {} is neither a JSON object nor a CSV header with access_token",
            first.number
        )),
    }
}

const FORMATS: &str =
    "Pass one token, or JSON lines, or CSV with a header: perennial import --help";

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults() -> Defaults {
        Defaults {
            app: Some("acme".to_owned()),
            ..Defaults::default()
        }
    }

    fn begin(bytes: impl AsRef<[u8]>, defaults: Defaults) -> Result<Reading> {
        let source = io::Cursor::new(bytes.as_ref().to_vec());
        Reading::begin("f", Box::new(source), defaults)
    }

    /// For each line, its number and the name in the request, or the error.
    fn read(bytes: impl AsRef<[u8]>) -> Vec<(u64, String)> {
        let items = begin(bytes, defaults()).unwrap();
        let told = |item: Item| match item.request {
            Ok(request) => (item.number, request.name.unwrap_or_default()),
            Err(row_error) => (item.number, format!("! {row_error}")),
        };
        items.map(told).collect()
    }

    fn owned(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
        expected
            .iter()
            .map(|(number, text)| (*number, (*text).to_owned()))
            .collect()
    }

    #[test]
    fn json_lines_are_read_around_the_broken_ones() {
        let text = b"{\"access_token\":\"EAA1\",\"name\":\"one\"}\n\
                     \n\
                     {\"access_token\":\n\
                     \xff\n\
                     {\"access_token\":\"\",\"name\":\"five\"}\n\
                     {\"access_token\":\"EAA6\",\"name\":\"six\"}";
        let expected = [
            (1, "one"),
            (3, "! is not JSON, from column 16 on"),
            (4, "! is not UTF-8 text"),
            (5, "! access_token is empty"),
            (6, "six"),
        ];
        assert_eq!(read(text), owned(&expected));
        let broken_at_once = "nonsense\n{\"access_token\":\"EAA2\",\"name\":\"two\"}\n";
        let expected = [(1, "! is not JSON, from column 2 on"), (2, "two")];
        assert_eq!(read(broken_at_once), owned(&expected));
    }

    #[test]
    fn csv_is_read_around_the_broken_lines() {
        let ten_megabytes = "x".repeat(10 << 20);
        let text = format!(
            "\u{feff}access_token;name\r\nEAA2;two\r\n\"EAA3;three\r\nEAA4\r\n{ten_megabytes};five\r\n;six\r\nEAA7;seven"
        );
        let expected = [
            (2, "two"),
            (3, "! a quotation mark is not closed"),
            (4, "! has 1 field, but the header names 2"),
            (5, "! is longer than 64 KiB, which no token needs"),
            (6, "! access_token is empty"),
            (7, "seven"),
        ];
        assert_eq!(read(text), owned(&expected));
    }

    #[test]
    fn one_token_alone_is_taken_as_it_is() {
        let mut reading = begin(
            "\n EAAcanary\r\n\n",
            Defaults {
                name: Some("n".to_owned()),
                ..defaults()
            },
        )
        .unwrap();
        assert!(reading.is_of_one_token());
        let item = reading.next().unwrap();
        assert_eq!(
            (item.number, item.request.unwrap().name.as_deref()),
            (2, Some("n"))
        );
        assert!(reading.next().is_none());
        assert_eq!(read(b"EAA\xff"), owned(&[(1, "! is not UTF-8 text")]));
        assert_eq!(
            read("x".repeat(10 << 20)),
            owned(&[(1, "! is longer than 64 KiB, which no token needs")])
        );
    }

    #[test]
    fn what_has_no_format_is_refused_as_a_whole() {
        for (text, expected) in [
            ("", "f: there is no token in it"),
            (" \n\n", "f: there is no token in it"),
            (
                "EAA1\nEAAcanary\n",
                "f: line 1 is neither a JSON object nor a CSV header with access_token",
            ),
            (
                "access_token,owner\nEAAcanary,x",
                "f: line 1: the header has an unknown column; the known ones \
              are access_token, app, name, owners, require_scopes, discover",
            ),
        ] {
            let Err(error) = begin(text, defaults()) else {
                panic!("{text:?} has a format");
            };
            assert_eq!(error.to_string(), format!("{expected}\n{FORMATS}"));
            assert_eq!(error.exit_code(), 1);
        }
    }

    #[test]
    fn many_tokens_cannot_have_one_name() {
        let named = Defaults {
            name: Some("n".to_owned()),
            ..defaults()
        };
        let Err(error) = begin("{}\n", named) else {
            panic!("it was taken");
        };
        assert_eq!(error.exit_code(), 2);
    }
}
