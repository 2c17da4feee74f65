//! The configuration in effect: what the file says, and what it leaves out. Secrets are shown by the name of their
//! credential or file, because the file holds nothing else.
//!
//! - `usual`: the values of keys that the file leaves out · `layout`: as a file that would be accepted again · `values`:
//!   TOML as values

mod layout;
mod usual;
mod values;

use serde_json::{Map, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::credentials::Machine;
use usual::Context;
use values::{json_of, value_of};

/// A section as it is written, `[[app]]` or `[alerts]`.
#[derive(Clone, Debug)]
struct EffectiveSection {
    /// The dotted path; empty for the top of the file.
    path: String,
    /// One of several, which are written in two brackets.
    is_repeated: bool,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    key: String,
    value: toml::Value,
    origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    File,
    /// In a table of the file, these keys are defaults.
    Partly(Vec<&'static str>),
    Default,
    /// Stating it would change what it means.
    Implied,
}

/// All sections, in the order of the sample.
#[derive(Clone, Debug)]
pub struct Effective(Vec<EffectiveSection>);

/// Sections that count even if the file does not have them.
const ALWAYS: [&str; 5] = ["inventory", "rotation", "schedule", "alerts", "status"];
const ORDER: [&str; 11] = [
    "app",
    "inventory",
    "rotation",
    "schedule",
    "alerts",
    "status",
    "web",
    "ui",
    "metrics",
    "heartbeat",
    "delivery",
];
/// What may be repeated within a section.
const WITHIN: [&str; 3] = ["route", "post", "reader"];

/// `top` must have passed all checks.
pub(super) fn effective(top: &DeTable<'_>, machine: &Machine) -> Effective {
    let context = Context {
        machine,
        is_on_server: has(top, "inventory", "url"),
    };
    let mut sections = vec![section("", false, top, &context)];
    for name in ORDER {
        match top.get(name).map(Spanned::get_ref) {
            Some(DeValue::Table(table)) => with_parts(name, table, &context, &mut sections),
            Some(DeValue::Array(items)) => {
                let tables = items.iter().filter_map(|item| item.get_ref().as_table());
                sections.extend(tables.map(|table| section(name, true, table, &context)));
            }
            _ if ALWAYS.contains(&name) => {
                sections.push(section(name, false, &DeTable::new(), &context));
            }
            _ => {}
        }
    }
    Effective(sections)
}

fn has(top: &DeTable<'_>, name: &str, key: &str) -> bool {
    let table = top.get(name).and_then(|value| value.get_ref().as_table());
    table.is_some_and(|table| table.contains_key(key))
}

/// The section, and then the repeated ones within it.
fn with_parts(
    name: &str,
    table: &DeTable<'_>,
    context: &Context<'_>,
    sections: &mut Vec<EffectiveSection>,
) {
    sections.push(section(name, false, table, context));
    for part in WITHIN {
        let items = table.get(part).and_then(|value| value.get_ref().as_array());
        let tables = items.into_iter().flatten();
        let tables = tables.filter_map(|item| item.get_ref().as_table());
        let path = format!("{name}.{part}");
        sections.extend(tables.map(|table| section(&path, true, table, context)));
    }
}

fn section(
    path: &str,
    is_repeated: bool,
    table: &DeTable<'_>,
    context: &Context<'_>,
) -> EffectiveSection {
    let mut entries = written(path, table);
    let usual = usual::of_section(path, table, context);
    let left_out = usual
        .into_iter()
        .filter(|(key, ..)| !table.contains_key(*key));
    entries.extend(left_out.map(|(key, value, origin)| Entry {
        key: key.to_owned(),
        value,
        origin,
    }));
    EffectiveSection {
        path: path.to_owned(),
        is_repeated,
        entries,
    }
}

/// The keys of the file, in its order.
fn written(path: &str, table: &DeTable<'_>) -> Vec<Entry> {
    let sections: &[&str] = if path.is_empty() { &ORDER } else { &WITHIN };
    let keys = table.iter();
    let mut keys: Vec<_> = keys
        .filter(|(key, _)| !sections.contains(&&**key.get_ref()))
        .collect();
    keys.sort_by_key(|(key, _)| key.span().start);
    let entry = |(key, value): (&Spanned<_>, &Spanned<_>)| {
        let key: &std::borrow::Cow<'_, str> = key.get_ref();
        let (value, added) = usual::completed(path, key, value_of(value.get_ref()));
        Entry {
            key: key.to_string(),
            value,
            origin: Origin::of_file(added),
        }
    };
    keys.into_iter().map(entry).collect()
}

impl Origin {
    fn of_file(added: Vec<&'static str>) -> Self {
        if added.is_empty() {
            return Self::File;
        }
        Self::Partly(added)
    }

    /// The paths of the defaults in an entry with this path.
    fn defaults(&self, path: String) -> Vec<String> {
        match self {
            Self::File => Vec::new(),
            Self::Default | Self::Implied => vec![path],
            Self::Partly(keys) => keys.iter().map(|key| format!("{path}.{key}")).collect(),
        }
    }
}

impl Effective {
    /// As a file that would be accepted again.
    pub fn text(&self) -> String {
        layout::text(&self.0)
    }

    /// The settings, and the paths of those that the file leaves out.
    pub fn json(&self) -> serde_json::Value {
        let mut settings = Map::new();
        let mut defaults = Vec::new();
        for section in &self.0 {
            let entries = section.entries.iter();
            let own = entries
                .map(|it| (it.key.clone(), json_of(&it.value)))
                .collect();
            let place = put(&mut settings, section, own);
            let dot = if place.is_empty() { "" } else { "." };
            for entry in &section.entries {
                let path = format!("{place}{dot}{}", entry.key);
                defaults.extend(entry.origin.defaults(path));
            }
        }
        json!({"settings": settings, "defaults": defaults})
    }
}

/// Adds a section to the settings. Returns its path there, such as `alerts.route[0]`.
fn put(
    settings: &mut Map<String, serde_json::Value>,
    section: &EffectiveSection,
    own: Map<String, serde_json::Value>,
) -> String {
    let path = &section.path;
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let home = match parent {
        "" => settings,
        parent => match settings.get_mut(parent).and_then(|it| it.as_object_mut()) {
            Some(home) => home,
            None => return String::new(),
        },
    };
    match (name, section.is_repeated) {
        ("", _) => home.extend(own),
        (_, false) => drop(home.insert(name.to_owned(), own.into())),
        (_, true) => return format!("{path}[{}]", append(home, name, own)),
    }
    path.clone()
}

/// Adds to a list. Returns the place in it.
fn append(
    home: &mut Map<String, serde_json::Value>,
    name: &str,
    own: Map<String, serde_json::Value>,
) -> usize {
    let list = home.entry(name).or_insert_with(|| json!([]));
    let Some(list) = list.as_array_mut() else {
        return 0;
    };
    list.push(own.into());
    list.len() - 1
}

#[cfg(test)]
mod tests;
