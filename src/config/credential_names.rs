//! The credentials that a configuration names, even if it has other errors.

use std::collections::BTreeSet;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::tree::Section;
use super::{DiagnosticList, INVENTORY_KEY, file};

/// Includes the inventory's key, which the file need not name.
pub fn credentials_named(path: &Path) -> Result<BTreeSet<String>, DiagnosticList> {
    let (names, diagnostics) = file::read(path, |top| named(&top))?;
    names.ok_or_else(|| diagnostics.into_errors())
}

fn named(top: &Section<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let inventory = top.table().get("inventory");
    let inventory = inventory.and_then(|inventory| inventory.get_ref().as_table());
    if !inventory.is_some_and(|inventory| inventory.contains_key("key")) {
        names.insert(INVENTORY_KEY.to_owned());
    }
    collect(top.table(), &mut names);
    names
}

fn collect(table: &DeTable<'_>, names: &mut BTreeSet<String>) {
    for (key, value) in table {
        match value.get_ref() {
            DeValue::String(name) if key.get_ref() == "credential" => {
                names.insert(name.to_string());
            }
            DeValue::Table(table) => collect(table, names),
            DeValue::Array(items) => {
                let tables = items.iter().filter_map(|item| item.get_ref().as_table());
                tables.for_each(|table| collect(table, names));
            }
            _ => {}
        }
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
