//! The book explains every code that is read here: docs/src/codes.md has a row for it, with the cause.

use std::ops::RangeInclusive;

use crate::graph_api::classify::{Role, assess};
use crate::model::Cause;

const PAGE: &str = include_str!("../../../docs/src/codes.md");

struct Row {
    codes: Vec<RangeInclusive<i64>>,
    subcodes: String,
    causes: String,
}

/// The rows of the first table.
fn rows() -> Vec<Row> {
    let lines = PAGE.lines().skip_while(|line| !line.starts_with("|---"));
    let lines = lines.skip(1).take_while(|line| line.starts_with('|'));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            Row {
                codes: cells[0].split(", ").filter_map(range).collect(),
                subcodes: cells[1].to_owned(),
                causes: cells[2].to_owned(),
            }
        })
        .collect()
}

/// `190`, or `200 to 299`.
fn range(written: &str) -> Option<RangeInclusive<i64>> {
    let (first, last) = written.split_once(" to ").unwrap_or((written, written));
    Some(first.parse().ok()?..=last.parse().ok()?)
}

impl Row {
    fn explains(&self, code: i64, subcode: Option<i64>, cause: Cause) -> bool {
        let mut subcodes = self.subcodes.split([',', ' ']);
        let fits = match subcode {
            _ if self.subcodes.is_empty() || self.subcodes.contains("another") => true,
            Some(subcode) => subcodes.any(|word| word == subcode.to_string()),
            None => self.subcodes.starts_with("none"),
        };
        let has_code = self.codes.iter().any(|codes| codes.contains(&code));
        has_code && fits && self.causes.contains(&format!("causes.md#{cause})"))
    }
}

/// What an error of this code means for the token that made the call; `None` if nothing is read from the code.
fn cause_of(code: i64, subcode: Option<i64>) -> Option<Cause> {
    let subcode = subcode.map_or_else(String::new, |subcode| {
        format!(r#","error_subcode":{subcode}"#)
    });
    let body = format!(r#"{{"error":{{"message":"(#{code}) no","code":{code}{subcode}}}}}"#);
    let cause = assess(400, &body, Role::Caller).err()?.cause();
    (cause != Cause::Unexplained).then_some(cause)
}

#[test]
fn every_code_that_is_read_has_a_row_in_the_book() {
    let rows = rows();
    let alone = (0..=90_000).map(|code| (code, None));
    let with_subcodes = [0, 10, 100, 102, 190, 200, 230, 299].into_iter();
    let with_subcodes =
        with_subcodes.flat_map(|code| (1..=1_000).map(move |subcode| (code, Some(subcode))));
    let mut missing = Vec::new();
    let mut read = 0;
    for (code, subcode) in alone.chain(with_subcodes) {
        let Some(cause) = cause_of(code, subcode) else {
            continue;
        };
        read += 1;
        if !rows.iter().any(|row| row.explains(code, subcode, cause)) {
            missing.push(format!("{code} {subcode:?}: {cause}"));
        }
    }
    assert!(read > 150, "only {read} codes are read");
    assert!(
        missing.is_empty(),
        "docs/src/codes.md lacks:\n{}",
        missing.join("\n")
    );
}
