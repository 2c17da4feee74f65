//! Suggests a known key for an unknown one that was mistyped or put into the wrong section.

use std::collections::BTreeSet;

use super::diagnostic::Place;

/// Section headers with the keys that are allowed in them.
pub(super) type KnownKeys = BTreeSet<(String, &'static str)>;

pub(super) fn advice(unknown: &Place, known: &KnownKeys) -> String {
    let key = unknown.key.as_str();
    if let Some(meant) = nearest(key, here(unknown, known)) {
        return format!("unknown key; did you mean `{meant}`?");
    }
    if let Some((home, _)) = known.iter().find(|(_, known)| *known == key) {
        return match home.as_str() {
            "" => "unknown key here; it belongs at the top of the file, before any [section]"
                .to_owned(),
            home => format!("unknown key here; it belongs in {home}"),
        };
    }
    let choice: Vec<&str> = here(unknown, known).collect();
    format!("unknown key; known keys: {}", choice.join(", "))
}

fn here<'k>(place: &Place, known: &'k KnownKeys) -> impl Iterator<Item = &'k str> {
    known
        .iter()
        .filter(move |(header, _)| *header == place.header)
        .map(|(_, key)| *key)
}

/// Returns the known key of which `key` is most likely a typo.
fn nearest<'k>(key: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let slips_allowed = 1 + key.len() / 4;
    known
        .map(|candidate| (distance(key, candidate), candidate))
        .filter(|(slips, _)| *slips <= slips_allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The number of characters to add, drop or change to turn one text into the other (Levenshtein distance).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.chars().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.chars().count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_slips_of_the_hand() {
        for (one, other, slips) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("batch", "batch", 0),
            ("check_evry", "check_every", 1),
            ("kitten", "sitting", 3),
            ("ünï", "uni", 2),
        ] {
            assert_eq!(distance(one, other), slips, "{one} {other}");
        }
    }

    #[test]
    fn a_guess_is_made_only_when_it_is_close() {
        let known = ["path", "key", "warn_before", "remind_every"];
        for (key, meant) in [
            ("paht", Some("path")),
            ("keys", Some("key")),
            ("warn-before", Some("warn_before")),
            ("remind_evry", Some("remind_every")),
            ("database", None),
        ] {
            assert_eq!(nearest(key, known.into_iter()), meant, "{key}");
        }
    }
}
