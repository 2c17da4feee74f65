//! One idea has one name. Names that were given up for the field's terms do not come back, in code or schema.

use super::{Result, root, sources, stands};

/// The part of a name that is not used, and what to say. A part is what `_` or a capital letter separates.
const RETIRED: &[(&str, &str)] = &[
    ("agenda", "schedule"),
    ("ailment", "problem"),
    ("bell", "wakeup"),
    ("bells", "wakeups"),
    ("clerk", "worker"),
    ("crew", "workers"),
    ("deaf", "unsubscribed"),
    ("deed", "action"),
    ("desk", "context, backend"),
    ("errand", "order"),
    ("fate", "outcome, result"),
    ("fates", "outcomes, results"),
    ("farewell", "resolution"),
    ("happening", "action"),
    ("hasten", "schedule, retry"),
    ("heed", "apply"),
    ("household", "services"),
    ("hue", "color"),
    ("keeper", "worker"),
    ("kin", "related"),
    ("letters", "emails"),
    ("lobby", "state"),
    ("nudge", "wake"),
    ("objection", "mismatch"),
    ("obstacle", "error"),
    ("purse", "bucket"),
    ("pulse", "status"),
    ("reception", "state"),
    ("said", "text, detail"),
    ("story", "incident"),
    ("tally", "count"),
    ("tell", "notify, record, print"),
    ("told", "notified, reported"),
    ("trouble", "error"),
    ("troubled", "failing"),
    ("vitals", "watchdog"),
    ("whoever", "the caller, the person"),
    ("yesterday", "clock_check"),
];

/// `told` is a field of the socket's incidents, which programs rely on.
const KEPT: &[(&str, &str)] = &[
    ("api/types/incidents", "told"),
    ("cli/commands/incidents", "told"),
];

#[test]
fn retired_names_do_not_come_back() -> Result {
    let mut offences = Vec::new();
    for source in sources()? {
        for token in source.tokens() {
            let is_kept = |(module, name): &(&str, &str)| {
                source.path.starts_with(module) && token.text == *name
            };
            if let Some(instead) = retired(token.text)
                && !KEPT.iter().any(is_kept)
            {
                offences.push(source.at(token.line, &format!("{}: say {instead}", token.text)));
            }
        }
    }
    stands(
        "These names were given up: the glossary in src/lib.rs has the word for it.",
        &offences,
    );
    Ok(())
}

#[test]
fn the_schema_has_the_same_words() -> Result {
    let file = "src/inventory/schema/0001_inventory.sql";
    let schema = std::fs::read_to_string(root().join(file))?;
    let code = schema
        .lines()
        .map(|line| line.split("--").next().unwrap_or(line));
    let code: String = code.collect::<Vec<_>>().join("\n");
    let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    let offences: Vec<String> = words
        .filter_map(|word| Some(format!("{file}: {word}: say {}", retired(word)?)))
        .collect();
    stands("These names were given up in the schema.", &offences);
    Ok(())
}

fn retired(name: &str) -> Option<&'static str> {
    parts(name).iter().find_map(|part| {
        let found = RETIRED.iter().find(|(retired, _)| retired == part);
        found.map(|(_, instead)| *instead)
    })
}

/// `is_told` and `NotTold` are `is`, `told` and `not`, `told`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for character in name.chars() {
        if character == '_' || character.is_uppercase() {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut()
            && character != '_'
        {
            part.extend(character.to_lowercase());
        }
    }
    parts
}

#[test]
fn names_are_taken_apart() {
    assert_eq!(retired("is_told"), Some("notified, reported"));
    assert_eq!(retired("HouseholdError"), Some("services"));
    assert_eq!(retired("skin"), None);
}
