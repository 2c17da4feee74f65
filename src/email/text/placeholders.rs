//! Fills the placeholders of a sentence, such as `{name}`. Inserted values are not searched again, because a name may
//! contain braces.

/// Replaces each placeholder with its value. One without a value stays, and a test finds it.
pub(crate) fn fill(sentence: &str, values: &[(&str, &str)]) -> String {
    fill_with(sentence, |blank| {
        let found = values.iter().find(|(name, _)| *name == blank);
        found.map(|(_, value)| (*value).to_owned())
    })
}

pub(crate) fn fill_with(sentence: &str, filling: impl Fn(&str) -> Option<String>) -> String {
    let mut done = String::with_capacity(sentence.len() * 2);
    let mut rest = sentence;
    while let Some((before, blank, after)) = next_placeholder(rest) {
        done.push_str(before);
        done.push_str(&filling(blank).unwrap_or_else(|| format!("{{{blank}}}")));
        rest = after;
    }
    done + rest
}

fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, from) = text.split_once('{')?;
    let (blank, after) = from.split_once('}')?;
    Some((before, blank, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_not_filled_again() {
        let values = [("a", "{b}"), ("b", "never")];
        assert_eq!(fill("{a} and {c}", &values), "{b} and {c}");
        assert_eq!(fill("open {", &values), "open {");
    }
}
