//! Text for chat rooms. Names of pages and people come from outside, so they must not format, link or mention anything.

/// The colour of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Bad,
    Warning,
    Good,
}

impl Mark {
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Bad => "🔴",
            Self::Warning => "🟠",
            Self::Good => "🟢",
        }
    }
}

/// One line: control characters become spaces.
pub(super) fn line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Breaks mentions such as `@channel`, and links such as `[text](address)`, by a character that is not visible.
pub(super) fn inert(text: &str) -> String {
    const WORD_JOINER: char = '\u{2060}';
    let mut inert = String::with_capacity(text.len());
    for character in line(text).chars() {
        inert.push(character);
        if matches!(character, '@' | ']') {
            inert.push(WORD_JOINER);
        }
    }
    inert
}

/// Cuts at a whole character after at most `longest` bytes, and marks that something is missing.
pub(super) fn cut(text: &str, longest: usize) -> String {
    const MARK: &str = "…";
    if text.len() <= longest {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(longest.saturating_sub(MARK.len()));
    format!("{}{MARK}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_mention_nobody_and_link_nowhere() {
        assert_eq!(inert("@channel\nnow"), "@\u{2060}channel now");
        assert_eq!(inert("[a](https://b)"), "[a]\u{2060}(https://b)");
        assert_eq!(inert("Bäckerei & Söhne"), "Bäckerei & Söhne");
    }

    #[test]
    fn a_cut_text_has_whole_characters_and_says_so() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("üüüü", 7), "üü…");
        assert!(cut(&"ü".repeat(2_000), 1_024).len() <= 1_024);
    }
}
