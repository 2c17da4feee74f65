//! The reference of the keys agrees with the parser.

use std::collections::BTreeSet;

use super::*;
use crate::config::reference::{DefaultValue, SECTIONS};

/// What a secret is written with, wherever there is one.
const OF_SECRETS: [&str; 2] = ["credential", "file"];

/// Keys with their headers, as the parser asks for them.
fn known() -> BTreeSet<(String, String)> {
    let desk = Backend::new();
    let path = desk.dir.path().join("perennial.toml");
    fs::write(&path, ALL).unwrap();
    let (_, diagnostics) = file::read(&path, |top| check::config(top, &desk.machine)).unwrap();
    let headers: BTreeSet<&str> = SECTIONS.iter().map(|section| section.header).collect();
    let sections: BTreeSet<&str> = headers
        .iter()
        .map(|it| it.trim_matches(['[', ']']))
        .collect();
    let keys = diagnostics.known_keys().into_iter();
    keys.filter(|(header, key)| headers.contains(&**header) || !OF_SECRETS.contains(key))
        .filter(|(header, key)| !header.is_empty() || !sections.contains(key))
        .map(|(header, key)| (header, key.to_owned()))
        .collect()
}

#[test]
fn it_has_every_key_and_no_other() {
    let mut described = BTreeSet::new();
    for section in SECTIONS {
        for key in section.keys {
            let is_new = described.insert((section.header.to_owned(), key.name.to_owned()));
            assert!(is_new, "{} {} twice", section.header, key.name);
            assert!(key.meaning.ends_with('.'), "{}: {}", key.name, key.meaning);
        }
    }
    assert_eq!(described, known());
}

/// Adds each default to the section of the shortest file, without a change.
#[test]
fn its_defaults_are_those_of_the_program() {
    let desk = Backend::new();
    let mut spelled_out = LEAST.to_owned();
    for section in SECTIONS {
        let lines = section.keys.iter().filter_map(|key| match key.default {
            DefaultValue::Value(value) => Some(format!("{} = {value}\n", key.name)),
            DefaultValue::Required | DefaultValue::Unset => None,
        });
        let lines: String = lines.filter(|line| !is_of_server(line)).collect();
        let is_single = section.header.matches(['[', '.']).count() == 1;
        match section.header {
            "[[app]]" | "[alerts]" => {
                let header = format!("{}\n", section.header);
                spelled_out = spelled_out.replace(&header, &format!("{header}{lines}"));
            }
            "[web]" => {}
            header if is_single && !lines.is_empty() => {
                spelled_out.push_str(&format!("{header}\n{lines}"));
            }
            _ => {}
        }
    }
    let (with, without) = (desk.load(&spelled_out), desk.load(LEAST));
    let with = with.unwrap_or_else(|errors| panic!("{errors}\n{spelled_out}"));
    assert_eq!(format!("{with:#?}"), format!("{:#?}", without.unwrap()));
}

fn is_of_server(line: &str) -> bool {
    line.starts_with("serve_from_memory")
}
