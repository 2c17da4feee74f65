//! The credentials that a configuration names, even if it has other errors.

use std::collections::BTreeSet;
use std::path::Path;

use toml::{Table, Value};

use super::{Diagnostic, DiagnosticList, INVENTORY_KEY, file};

/// Includes the inventory's key, which the file need not name.
pub fn credentials_named(path: &Path) -> Result<BTreeSet<String>, DiagnosticList> {
    let text = file::read(path).map_err(|problem| DiagnosticList(vec![problem]))?;
    let top: Table = text.parse().map_err(|error: toml::de::Error| {
        DiagnosticList(vec![Diagnostic {
            file: path.to_owned(),
            line: error
                .span()
                .map(|span| 1 + text[..span.start].matches('\n').count()),
            place: String::new(),
            message: format!("is not TOML: {}", error.message()),
        }])
    })?;
    let mut names = BTreeSet::new();
    let inventory = top.get("inventory").and_then(Value::as_table);
    if !inventory.is_some_and(|inventory| inventory.contains_key("key")) {
        names.insert(INVENTORY_KEY.to_owned());
    }
    collect(&Value::Table(top), &mut names);
    Ok(names)
}

fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Table(table) => {
            if let Some(name) = table.get("credential").and_then(Value::as_str) {
                names.insert(name.to_owned());
            }
            table.values().for_each(|value| collect(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_credential_is_found_in_every_section() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("perennial.toml");
        let named = |text: &str| {
            std::fs::write(&file, text).unwrap();
            credentials_named(&file).map(|names| Vec::from_iter(names).join(" "))
        };
        let text = "[[app]]\nsecret = [{ credential = \"b\" }, { file = \"/x\" }]\n[alerts]\n\
                    smtp = { url = \"u\", password = { credential = \"c\" } }\n";
        assert_eq!(named(text).unwrap(), "b c inventory.key");
        let key = "[inventory]\nkey = { credential = \"a\" }";
        assert_eq!(named(key).unwrap(), "a");
        assert_eq!(named("[inventory]\nkey = { file = \"/a\" }").unwrap(), "");
        assert!(
            named("\n[inv")
                .unwrap_err()
                .to_string()
                .contains("perennial.toml:2: is not TOML")
        );
    }
}
