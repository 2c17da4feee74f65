//! Writes the settings as a file that would be accepted again.

use toml::Value;

use super::{EffectiveSection, Entry, Origin};

pub(super) fn text(sections: &[EffectiveSection]) -> String {
    let mut text = String::new();
    for section in sections.iter().filter(|section| !section.is_silent()) {
        if !text.is_empty() {
            text.push('\n');
        }
        let path = &section.path;
        match (path.as_str(), section.is_repeated) {
            ("", _) => {}
            (_, true) => text.push_str(&format!("[[{path}]]\n")),
            (_, false) => text.push_str(&format!("[{path}]\n")),
        }
        section
            .entries
            .iter()
            .for_each(|entry| text.push_str(&line(entry)));
    }
    text
}

impl EffectiveSection {
    fn is_silent(&self) -> bool {
        self.path.is_empty() && self.entries.is_empty()
    }
}

fn line(entry: &Entry) -> String {
    let set = format!("{} = {}", key(&entry.key), inline(&entry.value));
    match &entry.origin {
        Origin::File => format!("{set}\n"),
        Origin::Partly(keys) => format!("{set}    # default: {}\n", keys.join(", ")),
        Origin::Default => format!("{set}    # default\n"),
        Origin::Implied => format!("# {set}    # default\n"),
    }
}

/// On one line, also a table.
fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(table) => {
            let entries = table.iter();
            let entries: Vec<String> = entries
                .map(|(name, value)| format!("{} = {}", key(name), inline(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => value.to_string(),
    }
}

/// A key such as `v25.0` needs quotes.
fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(is_bare) {
        return name.to_owned();
    }
    Value::from(name).to_string()
}
