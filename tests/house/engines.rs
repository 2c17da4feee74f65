//! The rest of the inventory does not know which engine it has, so that what works on one works on the other.

use super::tables::ENGINES;
use super::tree::Source;
use super::{Result, sources, stands};

/// Where engines are told apart.
const HOME: &str = "inventory/engine";

/// What only one engine takes, or has.
const OF_ONE_ENGINE: [&str; 8] = [
    "PRAGMA ",
    "sqlite_",
    "pg_class",
    "pg_advisory_",
    "unixepoch(",
    "last_insert_rowid",
    "extract(epoch",
    "::bigint",
];

#[test]
fn only_the_engine_tells_engines_apart() -> Result {
    let mut offences = Vec::new();
    for source in outside()? {
        for token in source.tokens() {
            let name = token.text.to_lowercase();
            let is_of_one = name.contains("sqlite") || name.contains("postgres");
            if is_of_one && !is_known(source, token.text) {
                offences.push(source.at(token.line, token.text));
            }
        }
    }
    stands(
        "What differs between the engines of the inventory is in src/inventory/engine, behind one interface. Ask the \
         connection for what you need, or change the rule (ENGINES in tests/house/tables.rs) in a commit that says why.",
        &offences,
    );
    Ok(())
}

#[test]
fn a_statement_is_for_every_engine() -> Result {
    let mut offences = Vec::new();
    for source in outside()?.filter(|source| source.is_in("inventory")) {
        let code = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        for (line, number) in code.lines().zip(1..) {
            let text = line.split("//").next().unwrap_or_default();
            let found = OF_ONE_ENGINE.iter().find(|part| text.contains(**part));
            offences.extend(found.map(|part| source.at(number, part)));
        }
    }
    stands(
        "A statement is one text that every engine takes. What one engine alone has belongs into src/inventory/engine:",
        &offences,
    );
    Ok(())
}

fn outside() -> Result<impl Iterator<Item = &'static Source>> {
    let all = sources()?.iter();
    Ok(all.filter(|source| !source.is_test && !source.is_in(HOME)))
}

fn is_known(source: &Source, name: &str) -> bool {
    ENGINES
        .iter()
        .any(|(home, known)| source.is_in(home) && *known == name)
}
