//! Reads the file and its syntax.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use toml::de::DeTable;

use super::diagnostic::{DiagnosticList, Place};
use super::diagnostics::Diagnostics;
use super::tree::Section;

/// Far more than any operator writes. A wrong path may lead to a file of any size.
const LONGEST: usize = 1024 * 1024;
/// One mistake can cause syntax errors in many lines; the first few are enough to find it.
const SYNTAX_ERRORS_SHOWN: usize = 5;

/// Reads the top section with `read`. Returns its result, `None` if the syntax is invalid, and what was found.
pub(super) fn read<T>(
    path: &Path,
    read: impl FnOnce(Section<'_>) -> T,
) -> Result<(Option<T>, Diagnostics), DiagnosticList> {
    let text = text(path)?;
    let diagnostics = Diagnostics::new(path, &text);
    let (top, errors) = DeTable::parse_recoverable(&text);
    for error in errors.iter().take(SYNTAX_ERRORS_SHOWN) {
        let place = Place {
            line: error.span().map(|span| diagnostics.line(span)),
            ..Place::default()
        };
        diagnostics.reject(&place, format!("is not TOML: {}", error.message()));
    }
    let is_toml = errors.is_empty();
    let top = is_toml.then(|| Section::new(&diagnostics, Place::default(), top.into_inner()));
    Ok((top.map(read), diagnostics))
}

/// Reads a part of the file, even if other keys are invalid.
pub(super) fn read_part<T>(
    path: &Path,
    part: impl FnOnce(Section<'_>) -> T,
) -> Result<T, DiagnosticList> {
    let (part, diagnostics) = read(path, part)?;
    let errors = diagnostics.into_errors();
    part.filter(|_| errors.0.is_empty()).ok_or(errors)
}

fn text(path: &Path) -> Result<String, DiagnosticList> {
    let problem = |line, message: String| {
        let diagnostics = Diagnostics::new(path, "");
        diagnostics.reject(
            &Place {
                line,
                ..Place::default()
            },
            message,
        );
        diagnostics.into_errors()
    };
    let bytes = read_at_most(LONGEST as u64 + 1, path)
        .map_err(|error| problem(None, unreadable(&error)))?;
    if bytes.len() > LONGEST {
        let message = "is longer than 1 MiB; this cannot be the configuration, see --config";
        return Err(problem(None, message.to_owned()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        let message = "is not UTF-8 text; save the file as UTF-8";
        problem(Some(line), message.to_owned())
    })
}

/// Reads the beginning of a file that may be of any size, or endless.
pub(super) fn read_at_most(limit: u64, path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(error: &io::Error) -> String {
    if error.kind() == ErrorKind::NotFound {
        "there is no such file; `perennial setup` writes one, --config names another".to_owned()
    } else {
        format!("cannot be read: {error}")
    }
}
