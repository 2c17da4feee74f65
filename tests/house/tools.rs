//! Each dependency is used in one place; policies are pure; one clock; secrets are exposed only where they must be.

use std::collections::BTreeSet;
use std::fs;

use super::code::{paths, reads};
use super::tables::{CLOCK, EXPOSURES, TOOLS, Tool};
use super::tree::Source;
use super::{Result, places, root, sources, stands};

#[test]
fn each_tool_has_one_home() -> Result {
    let mut offences = Vec::new();
    let mut lived_in = BTreeSet::new();
    for source in sources()? {
        for path in paths(&source.tokens()) {
            let Some((tool, homes)) = tool(path.segments[0]) else {
                continue;
            };
            match homes.iter().find(|home| source.is_in(home)) {
                Some(home) => drop(lived_in.insert((*tool, *home))),
                None => offences.push(source.at(path.line, tool)),
            }
        }
    }
    let homes = TOOLS
        .iter()
        .flat_map(|(tool, homes)| homes.iter().map(move |home| (*tool, *home)));
    let left = homes.filter(|home| !lived_in.contains(home));
    offences.extend(left.map(|(tool, home)| format!("{tool} is not used in src/{home}")));
    stands(
        "A tool is named in its home alone, so that it can be replaced by changing one folder. Ask the home for what \
         you need, or change the rule (TOOLS in tests/house/tables.rs) in a commit that says why.",
        &offences,
    );
    Ok(())
}

/// By the crate's name in the code, where a package's `-` is a `_`.
fn tool(name: &str) -> Option<&'static Tool> {
    TOOLS
        .iter()
        .find(|(tool, _)| tool.replace('-', "_") == name)
}

#[test]
fn every_tool_is_listed() -> Result {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml"))?.parse()?;
    let tools = manifest["dependencies"]
        .as_table()
        .ok_or("no dependencies")?;
    let listed: BTreeSet<&str> = TOOLS.iter().map(|(tool, _)| *tool).collect();
    let present = tools.keys().map(String::as_str).collect();
    assert_eq!(
        listed, present,
        "TOOLS in tests/house/tables.rs (left) gives each dependency of Cargo.toml (right) its home"
    );
    Ok(())
}

#[test]
fn policies_are_pure() -> Result {
    let mut offences = Vec::new();
    for source in sources()?.iter().filter(|source| is_policy(source)) {
        offences.extend(places(source, |tokens, at| {
            IMPURE.contains(&tokens[at].text) || reads(tokens, at, ":: now")
        }));
    }
    stands(
        "A policy decides and nothing else: facts and `now` come as arguments, what to do goes back as a value.",
        &offences,
    );
    Ok(())
}

/// Names that wait, log, hold handles to the outside, or query the machine.
const IMPURE: [&str; 18] = [
    "async",
    "await",
    "tokio",
    "tracing",
    "println",
    "eprintln",
    "Inventory",
    "View",
    "Tx",
    "Client",
    "Instant",
    "SystemTime",
    "rand",
    "getrandom",
    "fs",
    "env",
    "net",
    "Mutex",
];

fn is_policy(source: &Source) -> bool {
    let emails = [
        "email/model",
        "email/incident_email",
        "email/operator_emails",
        "email/digest",
    ];
    emails.iter().any(|part| source.is_in(part))
        || source.module.iter().any(|name| name == "policy")
}

#[test]
fn one_file_reads_the_clock() -> Result {
    let mut offences = Vec::new();
    for source in sources()?.iter().filter(|source| !source.is_in(CLOCK)) {
        let tokens = source.all_tokens();
        let asks = |at: &usize| {
            let clocks = ["Timestamp", "Zoned", "SystemTime", "Utc", "Local"];
            clocks.contains(&tokens[*at].text) && reads(&tokens, at + 1, ":: now")
        };
        let found = (0..tokens.len()).filter(asks);
        offences.extend(found.map(|at| source.at(tokens[at].line, tokens[at].text)));
    }
    stands(
        "`now` is an argument; src/daemon/clock.rs alone asks the machine:",
        &offences,
    );
    Ok(())
}

#[test]
fn secrets_are_exposed_where_they_must_be() -> Result {
    let mut offences = Vec::new();
    let mut used = BTreeSet::new();
    for source in sources()? {
        let found = places(source, |tokens, at| {
            let is_call = reads(tokens, at, ". expose (") || reads(tokens, at, ":: expose");
            is_call || reads(tokens, at, "expose_secret (")
        });
        match EXPOSURES.iter().find(|(home, _)| source.is_in(home)) {
            Some((home, _)) if !found.is_empty() => drop(used.insert(*home)),
            Some(_) => {}
            None => offences.extend(found),
        }
    }
    let vacant = EXPOSURES.iter().filter(|(home, _)| !used.contains(home));
    offences.extend(vacant.map(|(home, _)| format!("src/{home} exposes no secret any more")));
    stands(
        "A secret is read in few places, each with its reason (EXPOSURES in tests/house/tables.rs):",
        &offences,
    );
    Ok(())
}
