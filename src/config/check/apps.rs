//! Reads `[[app]]`: the apps with their secrets.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::config::credentials::Machine;
use crate::config::readers::{date, list, number, text, text_or_digits};
use crate::config::tree::{Entry, Section};
use crate::config::{App, defaults, names, urls};
use crate::graph_api::{self, Platform, VersionEnds};
use crate::login;
use crate::model::Scopes;
use crate::secret::Secret;

const NONE: &str = "there is no app; add [[app]] with its name, its id and its secret";

pub(super) fn apps(top: &mut Section<'_>, machine: &Machine) -> Vec<App> {
    if !top.has("app") {
        top.reject("", NONE);
    }
    let mut known = KnownApps::default();
    top.each("app", |section| app(section, &mut known, machine))
}

fn app(mut section: Section<'_>, known: &mut KnownApps, machine: &Machine) -> Option<App> {
    let name = section.required("name", "choose one, such as \"acme\"", text(names::app));
    let help = "Meta's app dashboard shows it";
    let id = section.required("id", help, text_or_digits(names::id));
    let help = "write { credential = \"acme.secret\" }";
    let secrets = section.required("secret", help, |entry| machine.secrets(entry));
    known.check(&section, name.as_deref(), id.as_deref());
    let (scopes, config_id) = permissions(&mut section);
    let subscribed_fields = section.optional("subscribed_fields", list(text(names::scope)));
    let platform = section.optional("platform", text(names::platform));
    let platform = platform.unwrap_or(&graph_api::FACEBOOK);
    let (version, calls) = (platform.graph_version, defaults::CALLS_PER_HOUR);
    let version: String = section.or("graph_version", version, text(names::graph_version));
    let own_ends = section.optional("version_ends", version_ends);
    let calls_per_hour = section.or("calls_per_hour", calls, number(1..=u32::MAX));
    let code_url = code_url(&section, platform);
    let url = section.or("graph_url", platform.graph_url, text(urls::base));
    let dialog_url = section.or("dialog_url", platform.dialog_url, text(urls::base));
    let tester_token = tester_token(&mut section, platform, machine);
    let batch = section.or("batch", defaults::BATCH, number(1..=defaults::BATCH));
    let (name, id, secrets) = (name?, id?, secrets?);
    let login = login::App {
        name: name.clone(),
        platform,
        id: id.clone(),
        graph_version: version.clone(),
        dialog_url,
        scopes,
        config_id,
    };
    let graph = graph_api::Settings {
        app: name.clone(),
        platform,
        id,
        secrets,
        version,
        url,
        code_url,
        tester_token,
        batch,
        timeout: graph_api::Settings::TIMEOUT,
    };
    Some(App {
        name,
        login,
        subscribed_fields: subscribed_fields.into_iter().flatten().collect(),
        version_ends: ends_of(&graph.version, &own_ends.unwrap_or_default()),
        graph,
        calls_per_hour,
    })
}

/// Where codes are redeemed. A `graph_url` replaces all hosts but that of the dialog.
fn code_url(section: &Section<'_>, platform: &Platform) -> Option<String> {
    let own = platform.code_url.map(str::to_owned);
    own.filter(|_| !section.has("graph_url"))
}

/// The ends of versions by the operator's own table.
fn version_ends(entry: Entry<'_>) -> Option<HashMap<String, Date>> {
    let ends = entry.into_section()?.read_all(|version, entry| {
        let version = names::graph_version(version);
        let version = version.map_or_else(|message| entry.reject(message), Some);
        Some((version?, date(&entry)?))
    });
    ends.into_iter().collect()
}

/// The operator's own table counts before that of this program.
fn ends_of(version: &str, own: &HashMap<String, Date>) -> VersionEnds {
    let known = || graph_api::version_ends(version);
    own.get(version)
        .copied()
        .map_or_else(known, VersionEnds::both_on)
}

/// Who asks the debugger, on a platform where the app itself may not.
fn tester_token(
    section: &mut Section<'_>,
    platform: &Platform,
    machine: &Machine,
) -> Option<Secret> {
    let token = section.optional("tester_token", |entry| machine.secret(entry));
    if section.has("tester_token") && !platform.has_debugger_for_testers {
        let message = "is only for apps of Threads, whose debugger answers testers only; remove it";
        section.reject("tester_token", message);
    }
    token
}

/// What a login requests: scopes, or a configuration of Login for Business.
fn permissions(section: &mut Section<'_>) -> (Scopes, Option<String>) {
    let scopes = section.optional("scopes", list(text(names::scope)));
    let config_id = section.optional("login_config_id", text_or_digits(names::id));
    if section.has("scopes") && config_id.is_some() {
        let message = "replaces scopes; remove one of the two";
        section.reject("login_config_id", message);
    }
    (scopes.into_iter().flatten().collect(), config_id)
}

/// The lines where names and ids were last defined.
#[derive(Default)]
struct KnownApps {
    names: HashMap<String, usize>,
    ids: HashMap<String, usize>,
}

impl KnownApps {
    fn check(&mut self, section: &Section<'_>, name: Option<&str>, id: Option<&str>) {
        if let Some(line) = before(&mut self.names, name, section.line_of("name")) {
            let message = format!("the app on line {line} has this name too; give each its own");
            section.reject("name", message);
        }
        if let Some(line) = before(&mut self.ids, id, section.line_of("id")) {
            let message = format!(
                "the app on line {line} has this id too; Meta counts the calls of both together, \
                 so keep the sum of calls_per_hour in mind"
            );
            section.warn("id", message);
        }
    }
}

fn before(
    seen: &mut HashMap<String, usize>,
    value: Option<&str>,
    line: Option<usize>,
) -> Option<usize> {
    seen.insert(value?.to_owned(), line?)
}
