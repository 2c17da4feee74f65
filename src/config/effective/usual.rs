//! The values of the keys that a file leaves out, from `defaults`.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use toml::Value;
use toml::de::DeTable;

use super::Origin;
use crate::config::credentials::Machine;
use crate::config::{defaults, names};
use crate::email::text::Language;
use crate::graph_api::{self, Platform};
use crate::model::{OnDead, Span};

pub(super) struct Context<'a> {
    pub(super) machine: &'a Machine,
    pub(super) is_on_server: bool,
}

type Usual = Vec<(&'static str, Value, Origin)>;

/// What is in effect for each key of the section that may be left out and has a default.
pub(super) fn of_section(path: &str, table: &DeTable<'_>, context: &Context<'_>) -> Usual {
    match path {
        "" => timezone(context.machine),
        "app" => of_app(table),
        "inventory" => of_inventory(table, context),
        "rotation" => of_rotation(),
        "schedule" => of_schedule(context),
        "alerts" => of_alerts(),
        "alerts.route" => stated(vec![("copy_operators", false.into())]),
        "alerts.post" => stated(vec![
            ("to", "operators".into()),
            ("allow_private", false.into()),
        ]),
        "status" => stated(vec![
            ("socket", defaults::SOCKET.into()),
            ("viewers", list(&[defaults::VIEWERS])),
            ("operators", list(&[defaults::OPERATORS])),
        ]),
        "web" => stated(vec![("listen", defaults::LISTEN.to_string().into())]),
        "delivery" => stated(vec![
            ("on_dead", OnDead::Keep.as_str().into()),
            ("grace", "".into()),
        ]),
        _ => Vec::new(),
    }
}

/// Adds to a table of the file what it leaves out. Returns the added keys.
pub(super) fn completed(path: &str, key: &str, value: Value) -> (Value, Vec<&'static str>) {
    let usual: Vec<(&'static str, Value)> = match (path, key) {
        ("delivery", "file") => vec![("format", "raw".into()), ("readers", list(&[]))],
        ("delivery", "webhook") => vec![("allow_private", false.into()), ("body", "thin".into())],
        _ => Vec::new(),
    };
    let Value::Table(mut table) = value else {
        return (value, Vec::new());
    };
    let mut added = Vec::new();
    for (key, value) in usual {
        if !table.contains_key(key) {
            table.insert(key.to_owned(), value);
            added.push(key);
        }
    }
    (Value::Table(table), added)
}

fn stated(values: Vec<(&'static str, Value)>) -> Usual {
    let values = values.into_iter();
    values
        .map(|(key, value)| (key, value, Origin::Default))
        .collect()
}

/// Nothing where the machine's time zone has no name.
fn timezone(machine: &Machine) -> Usual {
    let name = machine.timezone.iana_name();
    name.map_or_else(Vec::new, |name| stated(vec![("timezone", name.into())]))
}

fn of_app(table: &DeTable<'_>) -> Usual {
    let platform = text_of(table, "platform").and_then(|name| names::platform(name).ok());
    let platform: &Platform = platform.unwrap_or(&graph_api::FACEBOOK);
    let mut usual = stated(vec![
        ("platform", platform.name.into()),
        ("graph_version", platform.graph_version.into()),
        ("calls_per_hour", defaults::CALLS_PER_HOUR.into()),
        ("batch", number(defaults::BATCH)),
    ]);
    // A graph_url that is stated replaces the host of codes, too.
    let origin = platform
        .code_url
        .map_or(Origin::Default, |_| Origin::Implied);
    usual.push(("graph_url", platform.graph_url.into(), origin));
    usual.push(("dialog_url", platform.dialog_url.into(), Origin::Default));
    usual
}

fn of_inventory(table: &DeTable<'_>, context: &Context<'_>) -> Usual {
    let mut usual = vec![("keep_events", span(defaults::KEEP_EVENTS))];
    let key = toml::Table::from_iter([("credential".to_owned(), defaults::INVENTORY_KEY.into())]);
    usual.push(("key", Value::Table(key)));
    if context.is_on_server {
        usual.push(("node", context.machine.name.as_str().into()));
        usual.push(("serve_from_memory", span(defaults::SERVE_FROM_MEMORY)));
    } else {
        let path = text_of(table, "path").unwrap_or(defaults::INVENTORY);
        let backups: PathBuf = Path::new(path).with_file_name(defaults::BACKUPS);
        usual.push(("path", defaults::INVENTORY.into()));
        usual.push(("backups", backups.display().to_string().into()));
        usual.push(("keep_backups", number(defaults::KEEP_BACKUPS)));
    }
    stated(usual)
}

fn of_rotation() -> Usual {
    stated(vec![
        ("check_every", span(defaults::CHECK_EVERY)),
        ("rotate_before_expiry", span(defaults::ROTATE_BEFORE_EXPIRY)),
        ("retry_after", spans(&defaults::RETRY_AFTER)),
    ])
}

fn of_alerts() -> Usual {
    stated(vec![
        ("from", defaults::FROM.into()),
        ("warn_before", spans(&defaults::WARN_BEFORE)),
        ("remind_every", span(defaults::REMIND_EVERY)),
        ("plan_window", span(defaults::PLAN_WINDOW)),
        ("copy_operators", false.into()),
        ("language", Language::default().code().into()),
    ])
}

fn of_schedule(context: &Context<'_>) -> Usual {
    let mut usual = vec![
        ("sweep", defaults::SWEEP.into()),
        ("mail", defaults::MAIL.into()),
        ("digest", defaults::DIGEST.into()),
    ];
    if !context.is_on_server {
        usual.push(("backup", defaults::BACKUP.into()));
    }
    stated(usual)
}

fn text_of<'t>(table: &'t DeTable<'_>, key: &str) -> Option<&'t str> {
    table.get(key)?.get_ref().as_str()
}

fn span(span: SignedDuration) -> Value {
    Span::from(span).to_string().into()
}

fn spans(spans: &[SignedDuration]) -> Value {
    Value::Array(spans.iter().copied().map(span).collect())
}

fn list(items: &[&str]) -> Value {
    Value::Array(items.iter().copied().map(Value::from).collect())
}

fn number(number: usize) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}
