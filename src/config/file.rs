//! The TOML file as written. The program reads each key that it knows from its section; the keys that remain are
//! unknown.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::mem;
use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;

use super::diagnostic::Diagnostic;
use super::diagnostics::{Diagnostics, Place};
use super::entry::Entry;

/// Far more than any operator writes. A wrong path may lead to a file of any size.
const LONGEST: usize = 1024 * 1024;
/// One mistake can cause syntax errors in many lines; the first few are enough to find it.
const SYNTAX_FAULTS_SHOWN: usize = 5;

pub(super) fn read(path: &Path) -> Result<String, Diagnostic> {
    let problem = |line, message| Diagnostic {
        file: path.to_owned(),
        line,
        place: String::new(),
        message,
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
        problem(
            Some(line),
            "is not UTF-8 text; save the file as UTF-8".to_owned(),
        )
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

/// Returns the top section, or `None` if the syntax is invalid.
pub(super) fn parse<'f>(text: &'f str, diagnostics: &'f Diagnostics) -> Option<Section<'f>> {
    let (top, template_errors) = DeTable::parse_recoverable(text);
    if template_errors.is_empty() {
        let place = Place::top(None);
        return Some(Section::new(
            diagnostics,
            place,
            String::new(),
            top.into_inner(),
        ));
    }
    for error in template_errors.iter().take(SYNTAX_FAULTS_SHOWN) {
        let line = error.span().map(|span| diagnostics.line(span));
        let message = format!("is not TOML: {}", error.message());
        diagnostics.reject(&Place::top(line), message);
    }
    None
}

/// A table of the file. When it is dropped, it reports its remaining keys as unknown.
pub(super) struct Section<'f> {
    diagnostics: &'f Diagnostics,
    /// The place of the section's header, with an empty key.
    place: Place,
    path: String,
    /// The lines of all keys, including those already read.
    lines: BTreeMap<String, usize>,
    table: DeTable<'f>,
}

impl<'f> Section<'f> {
    pub(super) fn new(
        diagnostics: &'f Diagnostics,
        place: Place,
        path: String,
        table: DeTable<'f>,
    ) -> Self {
        let line = |key: &Spanned<Cow<'_, str>>| diagnostics.line(key.span());
        let lines = table
            .keys()
            .map(|key| (key.get_ref().to_string(), line(key)));
        Self {
            diagnostics,
            lines: lines.collect(),
            place,
            path,
            table,
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.lines.contains_key(key)
    }

    pub(super) fn line_of(&self, key: &str) -> Option<usize> {
        self.lines.get(key).copied()
    }

    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(Entry<'f>) -> Option<T>,
    ) -> Option<T> {
        self.take(key).and_then(read)
    }

    /// Reads a required key. `help` says where to find the missing value.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        help: &str,
        read: impl FnOnce(Entry<'f>) -> Option<T>,
    ) -> Option<T> {
        if !self.has(key) {
            self.reject(key, format!("is missing; {help}"));
        }
        self.optional(key, read)
    }

    /// Reads a key with a default. An invalid value is recorded as an error and replaced by the default.
    pub(super) fn or<T>(
        &mut self,
        key: &'static str,
        default: T,
        read: impl FnOnce(Entry<'f>) -> Option<T>,
    ) -> T {
        self.optional(key, read).unwrap_or(default)
    }

    /// Returns the section below `key`, which is empty if the file omits it.
    pub(super) fn section(&mut self, key: &'static str) -> Self {
        let absent = Place {
            line: None,
            header: format!("[{}]", self.path_of(key)),
            key: String::new(),
        };
        let path = self.path_of(key);
        self.optional(key, Entry::into_section)
            .unwrap_or_else(|| Self::new(self.diagnostics, absent, path, DeTable::new()))
    }

    /// Returns the sections that are written as `[[key]]`, in order.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Self> {
        self.optional(key, Entry::into_sections).unwrap_or_default()
    }

    pub(super) fn reject(&self, key: &str, message: impl Into<String>) {
        self.diagnostics.reject(&self.place_of(key), message);
    }

    pub(super) fn warn(&self, key: &str, message: impl Into<String>) {
        self.diagnostics.warn(&self.place_of(key), message);
    }

    fn take(&mut self, key: &'static str) -> Option<Entry<'f>> {
        self.diagnostics.known_key(&self.place.header, key);
        let path = self.path_of(key);
        let place = self.place_of(key);
        let (_, value) = self.table.remove_entry(key)?;
        Some(Entry::new(
            self.diagnostics,
            place,
            path,
            value.into_inner(),
        ))
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// A missing key is reported at the line of the section's header.
    fn place_of(&self, key: &str) -> Place {
        Place {
            line: self.line_of(key).or(self.place.line),
            key: key.to_owned(),
            ..self.place.clone()
        }
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        for (key, _) in mem::take(&mut self.table) {
            let place = Place {
                line: Some(self.diagnostics.line(key.span())),
                header: self.place.header.clone(),
                key: key.into_inner().into_owned(),
            };
            self.diagnostics.unknown_key(place);
        }
    }
}
