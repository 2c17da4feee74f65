//! When Graph versions end: two years after the release of their successor (Graph API changelog, "Versions").

use jiff::civil::{Date, date};

const ENDS: [(&str, Date); 9] = [
    ("v17.0", date(2025, 9, 12)),
    ("v18.0", date(2026, 1, 26)),
    ("v19.0", date(2026, 5, 21)),
    ("v20.0", date(2026, 9, 24)),
    ("v21.0", date(2027, 1, 21)),
    ("v22.0", date(2027, 5, 20)),
    ("v23.0", date(2027, 10, 8)),
    ("v24.0", date(2028, 2, 18)),
    ("v25.0", date(2028, 7, 29)),
];

/// Returns the last day of a version. `None` if Meta has not announced it, or not when this version was released.
pub fn version_ends_on(version: &str) -> Option<Date> {
    ENDS.iter()
        .find(|(known, _)| *known == version)
        .map(|(_, end)| *end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_known_or_not_but_never_guessed() {
        assert_eq!(version_ends_on("v25.0"), Some(date(2028, 7, 29)));
        assert_eq!(version_ends_on("v26.0"), None);
        assert!(ENDS.is_sorted_by_key(|(_, end)| *end));
    }
}
