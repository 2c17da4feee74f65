//! Text for a terminal: measures it, cuts it, and removes what could do harm there.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::output::Glyphs;
pub(crate) use crate::model::number::grouped as count;

/// Makes any name safe to print on one line: no control characters, no marks that change the direction of writing.
pub(crate) fn plain(text: &str) -> String {
    let kept = text.chars().filter(|c| !turns_the_writing(*c));
    kept.map(|c| if c.is_control() { ' ' } else { c }).collect()
}

const fn turns_the_writing(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The width in columns of a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Cuts the text to `width` columns, with an ellipsis at the cut.
pub(crate) fn cut(text: &str, width: usize, glyphs: Glyphs) -> String {
    if self::width(text) <= width {
        return text.to_owned();
    }
    let ellipsis = glyphs.ellipsis();
    let room = width.saturating_sub(self::width(ellipsis));
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        kept.push(c);
    }
    kept + ellipsis
}

/// Breaks the text at spaces into lines of at most `width` columns; a longer word gets its own line.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if self::width(line) + 1 + self::width(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `1 token`, `1,822 tokens`
pub(crate) fn counted(of: u64, noun: &str) -> String {
    let plural = if of == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(of))
}

/// `a, b and c`
pub(crate) fn all_of(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_move_the_cursor() {
        for (given, expected) in [
            ("Öl & Gas 東京", "Öl & Gas 東京"),
            ("red\u{1b}[31m", "red [31m"),
            ("two\r\nlines\ttab", "two  lines tab"),
            ("safe\u{202e}gpj.exe", "safegpj.exe"),
            ("c1\u{9b}31m", "c1 31m"),
        ] {
            assert_eq!(plain(given), expected);
        }
    }

    #[test]
    fn text_is_cut_by_columns_not_by_bytes() {
        for (given, width, expected) in [
            ("acme", 4, "acme"),
            ("acme-page", 6, "acme-…"),
            ("東京都庁", 5, "東京…"),
            ("東京都庁", 4, "東…"),
            ("abc", 1, "…"),
        ] {
            assert_eq!(cut(given, width, Glyphs::Unicode), expected);
        }
        assert_eq!(cut("acme-page", 6, Glyphs::Ascii), "acm...");
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a verylongword b", 4), ["a", "verylongword", "b"]);
        assert_eq!(wrapped("", 4), [""]);
    }

    #[test]
    fn counts_are_grouped() {
        for (of, expected) in [
            (0, "0"),
            (999, "999"),
            (1_822, "1,822"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(of), expected);
        }
        assert_eq!(counted(1, "token"), "1 token");
        assert_eq!(counted(1_822, "token"), "1,822 tokens");
    }
}
