//! Reads `[[app]]`: the apps with their secrets.

use std::collections::HashMap;

use crate::config::credentials::Machine;
use crate::config::entry::{list, number, text, text_or_digits};
use crate::config::file::Section;
use crate::config::{App, defaults, names, urls};

const NONE: &str = "there is no app; add [[app]] with its name, its id and its secret";

pub(super) fn apps(top: &mut Section<'_>, machine: &Machine) -> Vec<App> {
    if !top.has("app") {
        top.reject("", NONE);
    }
    let mut seen = KnownApps::default();
    let sections = top.sections("app").into_iter();
    sections
        .filter_map(|section| app(section, &mut seen, machine))
        .collect()
}

fn app(mut section: Section<'_>, seen: &mut KnownApps, machine: &Machine) -> Option<App> {
    let name = section.required("name", "choose one, such as \"acme\"", text(names::app));
    let id = section.required(
        "id",
        "Meta's app dashboard shows it",
        text_or_digits(names::id),
    );
    let secrets = section.required(
        "secret",
        "write { credential = \"acme.secret\" }",
        |entry| machine.secrets(entry),
    );
    seen.check_name(&section, name.as_deref());
    seen.check_id(&section, id.as_deref());
    let scopes = section.optional("scopes", list(text(names::scope)));
    let login_config_id = section.optional("login_config_id", text_or_digits(names::id));
    if section.has("scopes") && login_config_id.is_some() {
        let message = "replaces scopes; remove one of the two";
        section.reject("login_config_id", message);
    }
    let subscribed_fields = section.optional("subscribed_fields", list(text(names::scope)));
    let graph_version = defaults::GRAPH_VERSION.to_owned();
    let graph_url = defaults::GRAPH_URL.to_owned();
    let dialog_url = defaults::DIALOG_URL.to_owned();
    Some(App {
        graph_version: section.or("graph_version", graph_version, text(names::graph_version)),
        graph_url: section.or("graph_url", graph_url, text(urls::base)),
        dialog_url: section.or("dialog_url", dialog_url, text(urls::base)),
        calls_per_hour: section.or(
            "calls_per_hour",
            defaults::CALLS_PER_HOUR,
            number(1..=u32::MAX),
        ),
        batch: section.or("batch", defaults::BATCH, number(1..=defaults::BATCH)),
        scopes: scopes.into_iter().flatten().collect(),
        subscribed_fields: subscribed_fields.into_iter().flatten().collect(),
        login_config_id,
        name: name?,
        id: id?,
        secrets: secrets?,
    })
}

/// The lines where names and ids were last defined.
#[derive(Default)]
struct KnownApps {
    names: HashMap<String, usize>,
    ids: HashMap<String, usize>,
}

impl KnownApps {
    fn check_name(&mut self, section: &Section<'_>, name: Option<&str>) {
        if let Some(line) = before(&mut self.names, name, section.line_of("name")) {
            let message = format!("the app on line {line} has this name too; give each its own");
            section.reject("name", message);
        }
    }

    fn check_id(&mut self, section: &Section<'_>, id: Option<&str>) {
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
