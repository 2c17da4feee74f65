//! Reads `[[alerts.route]]`: which tokens have other recipients or other rules.

use super::{alerts, duration, schedule};
use crate::alerts::Route;
use crate::config::diagnostic::quoted;
use crate::config::entry::{Entry, filled_list, text, yes_or_no};
use crate::config::file::Section;
use crate::config::{App, addresses, hours, names};
use crate::model::Kind;

/// The keys that select a route's tokens, and the keys that set its rules.
const FOR: [&str; 4] = ["app", "kind", "tokens", "owners"];
const SAYS: [&str; 9] = [
    "to",
    "cc",
    "copy_operators",
    "escalate_after",
    "escalate_to",
    "language",
    "timezone",
    "quiet_hours",
    "working_days",
];

pub(super) fn routes(alerts: &mut Section<'_>, apps: &[App]) -> Vec<Route> {
    let sections = alerts.sections("route").into_iter();
    sections.map(|section| route(section, apps)).collect()
}

fn route(mut section: Section<'_>, apps: &[App]) -> Route {
    if !FOR.iter().any(|key| section.has(key)) {
        let message = "selects no tokens; name an app, a kind, tokens or owners";
        section.reject("", message);
    }
    if !SAYS.iter().any(|key| section.has(key)) {
        section.reject(
            "",
            "changes nothing; name to, cc, escalate_to or what else differs",
        );
    }
    Route {
        app: section.optional("app", |entry| app(entry, apps)),
        kind: section.optional("kind", text(kind)),
        tokens: several(&mut section, "tokens", names::tokens),
        owners: several(&mut section, "owners", names::tokens),
        to: people(&mut section, "to"),
        cc: people(&mut section, "cc"),
        copy_operators: section.or("copy_operators", false, |entry| yes_or_no(&entry)),
        escalate_after: section.optional("escalate_after", duration),
        escalate_to: people(&mut section, "escalate_to"),
        language: section.optional("language", alerts::language),
        timezone: section.optional("timezone", text(schedule::timezone)),
        quiet_hours: section.optional("quiet_hours", text(hours::quiet)),
        working_days: several(&mut section, "working_days", hours::day),
    }
}

/// Reads a list of addresses, which is empty if the key is missing.
pub(super) fn people(section: &mut Section<'_>, key: &'static str) -> Vec<String> {
    several(section, key, addresses::address)
}

pub(super) fn several<T, E: std::fmt::Display>(
    section: &mut Section<'_>,
    key: &'static str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Vec<T> {
    let found = section.optional(key, filled_list(text(parse)));
    found.unwrap_or_default()
}

fn app(entry: Entry<'_>, apps: &[App]) -> Option<String> {
    text(|name: &str| {
        let known = apps.iter().any(|app| app.name == name);
        let unknown = || format!("{} is not the name of an [[app]]", quoted(name));
        known.then(|| name.to_owned()).ok_or_else(unknown)
    })(entry)
}

fn kind(word: &str) -> Result<Kind, String> {
    let unknown = || {
        format!(
            "{} is not a kind of token; write user, page, system_user or app",
            quoted(word)
        )
    };
    Kind::from_name(word).ok_or_else(unknown)
}
