//! Describes serde's errors without the values that serde quotes: one of them may be a token.

pub(super) fn describe_error(text: &str) -> String {
    let text = text.rsplit_once(" at line ").map_or(text, |(text, _)| text);
    for prefix in ["unknown field", "missing field", "duplicate field"] {
        let Some(rest) = text.strip_prefix(prefix) else {
            continue;
        };
        let name = rest.split('`').nth(1).unwrap_or_default();
        return if is_plain(name) {
            text.to_owned()
        } else {
            prefix.to_owned()
        };
    }
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => "this cannot be read".to_owned(),
    }
}

/// True for a string that can be a field name and cannot be a token.
pub(in crate::api) fn is_plain(word: &str) -> bool {
    word.len() <= 32
        && word
            .bytes()
            .all(|byte| byte == b'_' || byte.is_ascii_lowercase())
}
