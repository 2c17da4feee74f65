//! Reads the value of a key: text in some format, a list, a number, a switch.

use std::fmt::Display;
use std::ops::RangeInclusive;

use jiff::SignedDuration;
use jiff::civil::Date;
use toml::de::{DeInteger, DeValue};

use super::durations;
use super::tree::{Entry, Section};

/// Reads text with `parse`, whose error says what is wrong and what to write instead.
pub(super) fn text<'f, T, E: Display>(
    parse: impl Fn(&str) -> Result<T, E>,
) -> impl Fn(Entry<'f>) -> Option<T> {
    move |entry| match entry.value() {
        DeValue::String(text) => parsed(&entry, parse(text)),
        _ => entry.expected("text in quotes"),
    }
}

/// Reads digits, with or without quotes.
pub(super) fn text_or_digits<'f, T, E: Display>(
    parse: impl Fn(&str) -> Result<T, E>,
) -> impl Fn(Entry<'f>) -> Option<T> {
    move |entry| match entry.value() {
        DeValue::Integer(digits) if digits.radix() == 10 => parsed(&entry, parse(digits.as_str())),
        _ => text(&parse)(entry),
    }
}

fn parsed<T>(entry: &Entry<'_>, value: Result<T, impl Display>) -> Option<T> {
    value.map_or_else(|message| entry.reject(message.to_string()), Some)
}

pub(super) fn duration(entry: Entry<'_>) -> Option<SignedDuration> {
    text(durations::parse)(entry)
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
    move |entry| match entry.value() {
        DeValue::Array(items) if items.is_empty() => entry.reject("is empty; name at least one"),
        _ => read(entry),
    }
}

/// Reads a list of texts that must not be empty, but may be left out.
pub(super) fn several<T, E: Display>(
    section: &mut Section<'_>,
    key: &'static str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Vec<T> {
    section.or(key, [], filled_list(text(parse)))
}

pub(super) fn number<'f, N>(range: RangeInclusive<N>) -> impl Fn(Entry<'f>) -> Option<N>
where
    N: TryFrom<i64> + PartialOrd + Display,
{
    move |entry| {
        let Some(written) = entry.value().as_integer() else {
            return entry.expected("a whole number");
        };
        let number = integer(written).filter(|number| range.contains(number));
        let (least, most) = (range.start(), range.end());
        let wrong = || entry.reject(format!("must be a number from {least} to {most}"));
        number.or_else(wrong)
    }
}

fn integer<N: TryFrom<i64>>(written: &DeInteger<'_>) -> Option<N> {
    let number = i64::from_str_radix(written.as_str(), written.radix()).ok()?;
    N::try_from(number).ok()
}

/// Reads a day, written as TOML writes dates: without quotes.
pub(super) fn date(entry: &Entry<'_>) -> Option<Date> {
    let what = "a date without quotes, such as 2027-02-23";
    let DeValue::Datetime(written) = entry.value() else {
        return entry.expected(what);
    };
    let day = written.date.filter(|_| written.time.is_none());
    let day = day.and_then(|day| {
        let (month, day_of_month) = (i8::try_from(day.month), i8::try_from(day.day));
        let year = i16::try_from(day.year).ok()?;
        Date::new(year, month.ok()?, day_of_month.ok()?).ok()
    });
    day.or_else(|| entry.reject(format!("must be {what}, without a time")))
}

/// Reads a key that can only be `true`; to turn the feature off, leave the key out.
pub(super) fn switched_on<'f>() -> impl Fn(Entry<'f>) -> Option<()> {
    |entry| match entry.value().as_bool() {
        Some(true) => Some(()),
        _ => entry.reject("must be true, or left out"),
    }
}

pub(super) fn yes_or_no<'f>() -> impl Fn(Entry<'f>) -> Option<bool> {
    |entry| {
        let value = entry.value().as_bool();
        value.or_else(|| entry.reject("must be true or false"))
    }
}
