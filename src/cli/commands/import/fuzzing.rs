//! Reads a file as `perennial import` does, for `tests/fuzz`.

use std::io::Cursor;

use super::Reading;
use super::row::Defaults;
use crate::api::types::ImportRequest;
use crate::cli::{Error, Result};

/// What a file has for the daemon: for each line its number, and the request or why there is none. The error says why no
/// line is read.
pub fn lines(file: Vec<u8>, app: Option<&str>) -> Result<Vec<(u64, Result<ImportRequest>)>> {
    let defaults = Defaults {
        app: app.map(str::to_owned),
        ..Defaults::default()
    };
    let reading = Reading::begin("the file", Box::new(Cursor::new(file)), defaults)?;
    let lines = reading.map(|item| {
        let request = item
            .request
            .map_err(|error| Error::Refused(error.to_string()));
        (item.number, request)
    });
    Ok(lines.collect())
}
