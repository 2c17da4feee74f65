//! Reads `[[alerts.route]]`: which tokens have other recipients or other rules.

use crate::alerts::Route;
use crate::config::diagnostic::quoting;
use crate::config::readers::{duration, several, text, yes_or_no};
use crate::config::tree::Section;
use crate::config::{App, addresses, hours, names};
use crate::email::text::Language;
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

const SELECTS_NOTHING: &str = "selects no tokens; name an app, a kind, tokens or owners";
const CHANGES_NOTHING: &str = "changes nothing; name to, cc, escalate_to or what else differs";

pub(super) fn routes(alerts: &mut Section<'_>, apps: &[App]) -> Vec<Route> {
    alerts.each("route", |section| Some(route(section, apps)))
}

fn route(mut section: Section<'_>, apps: &[App]) -> Route {
    for (keys, message) in [(&FOR[..], SELECTS_NOTHING), (&SAYS, CHANGES_NOTHING)] {
        if !keys.iter().any(|key| section.has(key)) {
            section.reject("", message);
        }
    }
    Route {
        app: section.optional("app", text(|name| app(name, apps))),
        kind: section.optional("kind", text(kind)),
        tokens: several(&mut section, "tokens", names::tokens),
        owners: several(&mut section, "owners", names::tokens),
        to: several(&mut section, "to", addresses::address),
        cc: several(&mut section, "cc", addresses::address),
        copy_operators: section.or("copy_operators", false, yes_or_no()),
        escalate_after: section.optional("escalate_after", duration),
        escalate_to: several(&mut section, "escalate_to", addresses::address),
        language: section.optional("language", text(language)),
        timezone: section.optional("timezone", text(hours::timezone)),
        quiet_hours: section.optional("quiet_hours", text(hours::quiet)),
        working_days: several(&mut section, "working_days", hours::day),
    }
}

pub(super) fn language(code: &str) -> Result<Language, &'static str> {
    Language::of_code(code).ok_or("must be \"en\" or \"de\"")
}

fn app(name: &str, apps: &[App]) -> Result<String, String> {
    if apps.iter().any(|app| app.name == name) {
        Ok(name.to_owned())
    } else {
        Err(quoting(name, "is not the name of an [[app]]"))
    }
}

fn kind(word: &str) -> Result<Kind, String> {
    let message = "is not a kind of token; write user, page, system_user or app";
    Kind::from_name(word).ok_or_else(|| quoting(word, message))
}
