//! The file as written. The program reads each key that it knows from its section; the keys that remain are unknown.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::mem;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Place;
use super::diagnostics::Diagnostics;

/// A table of the file. When it is dropped, it reports its remaining keys as unknown.
pub(super) struct Section<'f> {
    diagnostics: &'f Diagnostics,
    /// The place of the section's header, with an empty key.
    place: Place,
    /// The lines of all keys, including those already read.
    lines: BTreeMap<String, usize>,
    table: DeTable<'f>,
}

impl<'f> Section<'f> {
    pub(super) fn new(diagnostics: &'f Diagnostics, place: Place, table: DeTable<'f>) -> Self {
        let line = |key: &Spanned<Cow<'_, str>>| diagnostics.line(key.span());
        let lines = table
            .keys()
            .map(|key| (key.get_ref().to_string(), line(key)));
        Self {
            diagnostics,
            lines: lines.collect(),
            place,
            table,
        }
    }

    pub(super) const fn table(&self) -> &DeTable<'f> {
        &self.table
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
        self.diagnostics.known_key(&self.place.header, key);
        let (_, value) = self.table.remove_entry(key)?;
        read(Entry {
            diagnostics: self.diagnostics,
            place: self.place_of(key),
            value: value.into_inner(),
        })
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
        default: impl Into<T>,
        read: impl FnOnce(Entry<'f>) -> Option<T>,
    ) -> T {
        self.optional(key, read).unwrap_or_else(|| default.into())
    }

    /// Returns the section below `key`, which is empty if the file omits it.
    pub(super) fn section(&mut self, key: &'static str) -> Self {
        let absent = Place {
            line: None,
            header: format!("[{}]", self.place_of(key).path()),
            key: String::new(),
        };
        self.optional(key, Entry::into_section)
            .unwrap_or_else(|| Self::new(self.diagnostics, absent, DeTable::new()))
    }

    /// Reads each of the sections that are written as `[[key]]`, in order.
    pub(super) fn each<T>(
        &mut self,
        key: &'static str,
        read: impl FnMut(Self) -> Option<T>,
    ) -> Vec<T> {
        let sections = self.optional(key, Entry::into_sections);
        let sections = sections.into_iter().flatten();
        sections.filter_map(read).collect()
    }

    /// Reads every key, where the file chooses the keys.
    pub(super) fn read_all<T>(
        mut self,
        mut read: impl FnMut(&str, Entry<'f>) -> Option<T>,
    ) -> Vec<Option<T>> {
        let table = mem::take(&mut self.table);
        let value_of = |(key, value): (Spanned<Cow<'f, str>>, Spanned<DeValue<'f>>)| {
            let entry = Entry {
                diagnostics: self.diagnostics,
                place: self.place_of(key.get_ref()),
                value: value.into_inner(),
            };
            read(key.get_ref(), entry)
        };
        table.into_iter().map(value_of).collect()
    }

    pub(super) fn reject(&self, key: &str, message: impl Into<String>) {
        self.diagnostics.reject(&self.place_of(key), message);
    }

    pub(super) fn warn(&self, key: &str, message: impl Into<String>) {
        self.diagnostics.warn(&self.place_of(key), message);
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
        for key in mem::take(&mut self.table).keys() {
            self.diagnostics.unknown_key(self.place_of(key.get_ref()));
        }
    }
}

/// The value of a key.
pub(super) struct Entry<'f> {
    diagnostics: &'f Diagnostics,
    place: Place,
    value: DeValue<'f>,
}

impl<'f> Entry<'f> {
    pub(super) const fn value(&self) -> &DeValue<'f> {
        &self.value
    }

    /// Records an error about the value. Returns `None`, so that a reader can end with it. The message never quotes the
    /// value, because it may be a misplaced secret; it says what was expected.
    pub(super) fn reject<T>(&self, message: impl Into<String>) -> Option<T> {
        self.diagnostics.reject(&self.place, message);
        None
    }

    pub(super) fn expected<T>(&self, what: &str) -> Option<T> {
        let found = match self.value {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a number",
            DeValue::Float(_) => "a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.reject(format!("must be {what}, not {found}"))
    }

    pub(super) fn into_section(self) -> Option<Section<'f>> {
        let header = format!("[{}]", self.place.path());
        self.into_section_with(header)
    }

    pub(super) fn into_items(self) -> Option<Vec<Self>> {
        let DeValue::Array(items) = self.value else {
            return self.expected("a list in [ ]");
        };
        let entry = |item: Spanned<DeValue<'f>>| Self {
            diagnostics: self.diagnostics,
            place: Place {
                line: Some(self.diagnostics.line(item.span())),
                ..self.place.clone()
            },
            value: item.into_inner(),
        };
        Some(items.into_iter().map(entry).collect())
    }

    fn into_sections(self) -> Option<Vec<Section<'f>>> {
        let header = format!("[[{}]]", self.place.path());
        if !self.value.is_array() {
            return self.reject(format!(
                "write {header} with two brackets, there may be several"
            ));
        }
        let items = self.into_items()?.into_iter();
        let sections = items.filter_map(|item| item.into_section_with(header.clone()));
        Some(sections.collect())
    }

    fn into_section_with(self, header: String) -> Option<Section<'f>> {
        let DeValue::Table(table) = self.value else {
            return self.expected("a section of its own or { key = value }");
        };
        let place = Place {
            line: self.place.line,
            header,
            key: String::new(),
        };
        Some(Section::new(self.diagnostics, place, table))
    }
}
