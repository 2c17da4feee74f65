//! Rules for files: a header, a limited length, no lint exceptions; and schema files that do not change.

use std::fs;

use sha2::{Digest, Sha256};

use super::code::reads;
use super::tables::SCHEMA;
use super::tree::Offence;
use super::{Result, places, root, sources, stands, stories};

/// A longer file has a second subject.
const LINES: usize = 300;

#[test]
fn shipped_schemas_are_never_edited() -> Result {
    let mut found = Vec::new();
    for engine in ["", "postgres/"] {
        let folder = root().join("src/inventory/schema").join(engine);
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                continue;
            }
            let digest = Sha256::digest(fs::read(entry.path())?);
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            let name = entry.file_name().to_string_lossy().into_owned();
            found.push((format!("{engine}{name}"), digest));
        }
    }
    found.sort();
    let known = SCHEMA
        .iter()
        .map(|(name, digest)| ((*name).to_owned(), (*digest).to_owned()));
    assert_eq!(
        known.collect::<Vec<_>>(),
        found,
        "an inventory was made with the files of SCHEMA in tests/house/tables.rs (left): put an edited one back, write \
         the change as the next file, and add its line"
    );
    Ok(())
}

#[test]
fn files_say_what_they_are_for() -> Result {
    let mut offences = Vec::new();
    for source in sources()?.iter().chain(stories()?) {
        if !source.text.starts_with("//! ") {
            offences.push(source.at(1, "no //!"));
        }
    }
    stands(
        "A file opens with //!, one to three lines: what it is for.",
        &offences,
    );
    Ok(())
}

#[test]
fn files_have_one_subject() -> Result {
    let long = sources()?.iter().filter(|source| source.lines() > LINES);
    let offences: Vec<Offence> = long
        .map(|source| source.at(source.lines(), "lines outside tests"))
        .collect();
    stands(
        &format!("A file has {LINES} lines at most: look for its second subject."),
        &offences,
    );
    Ok(())
}

#[test]
fn nothing_is_waved_through() -> Result {
    let mut offences = Vec::new();
    for source in sources()?.iter().chain(stories()?) {
        let tokens = source.all_tokens();
        let found = (0..tokens.len()).filter(|&at| {
            let is_attribute = reads(&tokens, at, "[ allow (") || reads(&tokens, at, "[ ignore");
            is_attribute && at > 0 && matches!(tokens[at - 1].text, "#" | "!")
        });
        offences.extend(found.map(|at| source.at(tokens[at].line, tokens[at + 1].text)));
    }
    stands(
        "An exception is #[expect(…, reason = \"…\")], which fails once it is not needed; a test runs or is not there.",
        &offences,
    );
    Ok(())
}

#[test]
fn nothing_outside_tests_gives_up() -> Result {
    let mut offences = Vec::new();
    for source in sources()? {
        offences.extend(places(source, |tokens, at| {
            GIVING_UP.iter().any(|words| reads(tokens, at, words))
        }));
    }
    stands(
        "The daemon does not give up: `let … else`, `?`, or a variant of the error says what else is to be done.",
        &offences,
    );
    Ok(())
}

const GIVING_UP: [&str; 10] = [
    "panic !",
    "todo !",
    "unimplemented !",
    "unreachable !",
    "dbg !",
    ". unwrap ( )",
    "Option :: unwrap",
    "Result :: unwrap",
    ". expect (",
    ":: expect",
];
