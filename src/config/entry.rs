//! The value of a key, and the functions that read it. A message never quotes the value, because it may be a misplaced
//! secret; it says what was expected.

use std::fmt::Display;
use std::ops::RangeInclusive;

use toml::de::{DeInteger, DeValue};

use super::diagnostics::{Diagnostics, Place};
use super::file::Section;

pub(super) struct Entry<'f> {
    diagnostics: &'f Diagnostics,
    place: Place,
    /// The dotted path of the key, as a section below it would be named.
    path: String,
    value: DeValue<'f>,
}

impl<'f> Entry<'f> {
    pub(super) const fn new(
        diagnostics: &'f Diagnostics,
        place: Place,
        path: String,
        value: DeValue<'f>,
    ) -> Self {
        Self {
            diagnostics,
            place,
            path,
            value,
        }
    }

    /// Records an error about the value. Returns `None`, so that a reader can end with it.
    pub(super) fn reject<T>(&self, message: impl Into<String>) -> Option<T> {
        self.diagnostics.reject(&self.place, message);
        None
    }

    pub(super) const fn is_list(&self) -> bool {
        matches!(self.value, DeValue::Array(_))
    }

    pub(super) const fn is_table(&self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }

    pub(super) fn into_section(self) -> Option<Section<'f>> {
        let header = format!("[{}]", self.path);
        self.into_section_with(header)
    }

    pub(super) fn into_sections(self) -> Option<Vec<Section<'f>>> {
        let header = format!("[[{}]]", self.path);
        if !self.is_list() {
            return self.reject(format!(
                "write {header} with two brackets, there may be several"
            ));
        }
        let items = self.into_items()?.into_iter();
        let sections = items.filter_map(|item| item.into_section_with(header.clone()));
        Some(sections.collect())
    }

    pub(super) fn into_items(self) -> Option<Vec<Self>> {
        let DeValue::Array(items) = self.value else {
            return self.expected("a list in [ ]");
        };
        let entry = |item: toml::Spanned<DeValue<'f>>| {
            let place = Place {
                line: Some(self.diagnostics.line(item.span())),
                ..self.place.clone()
            };
            Self::new(
                self.diagnostics,
                place,
                self.path.clone(),
                item.into_inner(),
            )
        };
        Some(items.into_iter().map(entry).collect())
    }

    fn into_section_with(self, header: String) -> Option<Section<'f>> {
        let DeValue::Table(table) = self.value else {
            return self.expected("a section of its own or { key = value }");
        };
        let place = Place {
            header,
            key: String::new(),
            ..self.place
        };
        Some(Section::new(self.diagnostics, place, self.path, table))
    }

    fn expected<T>(&self, what: &str) -> Option<T> {
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
}

/// Reads text with `parse`, whose error says what is wrong and what to write instead.
pub(super) fn text<'f, T, E: Display>(
    parse: impl Fn(&str) -> Result<T, E>,
) -> impl Fn(Entry<'f>) -> Option<T> {
    move |entry| match &entry.value {
        DeValue::String(text) => match parse(text) {
            Ok(value) => Some(value),
            Err(message) => entry.reject(message.to_string()),
        },
        _ => entry.expected("text in quotes"),
    }
}

/// Reads digits, with or without quotes.
pub(super) fn text_or_digits<'f, T, E: Display>(
    parse: impl Fn(&str) -> Result<T, E>,
) -> impl Fn(Entry<'f>) -> Option<T> {
    move |entry| match &entry.value {
        DeValue::Integer(written) if written.radix() == 10 => match parse(written.as_str()) {
            Ok(value) => Some(value),
            Err(message) => entry.reject(message.to_string()),
        },
        _ => text(&parse)(entry),
    }
}

/// Reads a list, each item with `read`.
pub(super) fn list<'f, T>(
    read: impl Fn(Entry<'f>) -> Option<T>,
) -> impl Fn(Entry<'f>) -> Option<Vec<T>> {
    move |entry| {
        let items = entry.into_items()?;
        let values: Vec<Option<T>> = items.into_iter().map(&read).collect();
        values.into_iter().collect()
    }
}

/// Reads a list that must not be empty.
pub(super) fn filled_list<'f, T>(
    read: impl Fn(Entry<'f>) -> Option<T>,
) -> impl Fn(Entry<'f>) -> Option<Vec<T>> {
    let read = list(read);
    move |entry| {
        if matches!(&entry.value, DeValue::Array(items) if items.is_empty()) {
            return entry.reject("is empty; name at least one");
        }
        read(entry)
    }
}

pub(super) fn number<'f, N>(range: RangeInclusive<N>) -> impl Fn(Entry<'f>) -> Option<N>
where
    N: TryFrom<i64> + PartialOrd + Display,
{
    move |entry| {
        let DeValue::Integer(written) = &entry.value else {
            return entry.expected("a whole number");
        };
        match integer(written).filter(|number| range.contains(number)) {
            Some(number) => Some(number),
            None => entry.reject(format!(
                "must be a number from {} to {}",
                range.start(),
                range.end()
            )),
        }
    }
}

/// Reads a key that can only be `true`; to turn the feature off, leave the key out.
pub(super) fn switched_on(entry: &Entry<'_>) -> Option<()> {
    match entry.value {
        DeValue::Boolean(true) => Some(()),
        _ => entry.reject("must be true, or left out"),
    }
}

/// Reads `true` or `false`.
pub(super) fn yes_or_no(entry: &Entry<'_>) -> Option<bool> {
    match entry.value {
        DeValue::Boolean(value) => Some(value),
        _ => entry.reject("must be true or false"),
    }
}

fn integer<N: TryFrom<i64>>(written: &DeInteger<'_>) -> Option<N> {
    let number = i64::from_str_radix(written.as_str(), written.radix()).ok()?;
    N::try_from(number).ok()
}
