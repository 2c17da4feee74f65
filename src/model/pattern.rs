//! Name patterns with `*`, with which an operator selects many tokens.

/// Whether `name` matches `pattern`, in which `*` matches any characters or none.
pub fn name_matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut left) = name.strip_prefix(head) else {
        return false;
    };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let tail = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = left.find(piece) else {
            return false;
        };
        left = &left[at + piece.len()..];
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, expected) in [
            ("acme", "acme", true),
            ("acme", "acme-1", false),
            ("*", "", true),
            ("*", "anything", true),
            ("acme-*", "acme-", true),
            ("acme-*", "other-acme-1", false),
            ("*-bot", "acme-bot", true),
            ("*-bot", "acme-bot-2", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*ab", "aab", true),
            ("a**c", "abc", true),
        ] {
            assert_eq!(name_matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
