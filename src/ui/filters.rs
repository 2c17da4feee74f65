//! The filters of the templates: times and terms as people read them, and parts of an address.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::{Environment, Error, ErrorKind};

use crate::api_client::escaped;
use crate::look::Tone;
use crate::model::number::grouped;
use crate::model::{Action, Cause, Kind, Outcome, Remedy, distance};

pub(super) fn add_to(templates: &mut Environment<'static>, zone: TimeZone) {
    templates.add_filter("relative", relative);
    let of_day = zone.clone();
    templates.add_filter("day", move |at: &str| {
        time(at).map(|at| at.to_zoned(of_day.clone()).date().to_string())
    });
    templates.add_filter("time", move |at: &str| {
        time(at).map(|at| {
            let there = at.to_zoned(zone.clone());
            there.strftime("%F %R %Z").to_string()
        })
    });
    templates.add_filter("count", grouped);
    templates.add_filter("part", |text: &str| escaped(text).to_string());
    templates.add_filter("cause", |name: &str| {
        Cause::from_name(name).map_or_else(|| name.to_owned(), |known| known.describe().to_owned())
    });
    templates.add_filter("remedy", |name: &str| {
        Remedy::from_name(name).map_or_else(|| name.to_owned(), |known| known.describe().to_owned())
    });
    templates.add_filter("action", |name: &str| {
        Action::from_name(name).map_or_else(|| name.to_owned(), |known| known.describe().to_owned())
    });
    templates.add_filter("outcome", |name: &str| {
        Outcome::from_name(name)
            .map_or_else(|| name.to_owned(), |known| known.describe().to_owned())
    });
    templates.add_filter("kind", kind);
    templates.add_filter("tone", |state: &str| tone(state).name());
    templates.add_filter("sentence", sentence);
}

/// With a capital letter at the beginning; the rest, such as the name of Meta, stays.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    first.chain(rest).collect()
}

/// The color of a state, of a token or of something else.
fn tone(state: &str) -> Tone {
    match state {
        "healthy" | "resolved" | "done" => Tone::Good,
        "expiring" | "acknowledged" | "asking" | "confirming" | "expired" => Tone::Warn,
        "dead" | "failing" | "open" | "refused" => Tone::Bad,
        _ => Tone::Idle,
    }
}

fn relative(at: &str, now: &str) -> Result<String, Error> {
    Ok(distance::relative(time(at)?, time(now)?))
}

fn time(text: &str) -> Result<Timestamp, Error> {
    text.parse()
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, "not a time"))
}

fn kind(name: &str) -> String {
    let known = Kind::from_name(name).map(|kind| match kind {
        Kind::User => "user",
        Kind::Page => "page",
        Kind::SystemUser => "system user",
        Kind::App => "app",
        Kind::InstagramUser => "Instagram user",
        Kind::ThreadsUser => "Threads user",
    });
    known.unwrap_or(name).to_owned()
}
