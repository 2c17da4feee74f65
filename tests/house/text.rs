//! Rust source with comments and literals blanked, line by line, so that only code is left.

use std::iter::Peekable;
use std::str::Chars;

/// Returns `text` with each character of a comment or literal replaced by a space. Line breaks are kept.
pub fn blank(text: &str) -> String {
    let mut reader = Reader {
        rest: text.chars().peekable(),
        code: String::with_capacity(text.len()),
    };
    while let Some(&next) = reader.rest.peek() {
        match next {
            '/' => reader.slash(),
            '"' => reader.string(),
            '\'' => reader.quote(),
            _ if is_word(next) => reader.word(),
            _ => reader.keep(),
        }
    }
    reader.code
}

pub fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

struct Reader<'t> {
    rest: Peekable<Chars<'t>>,
    code: String,
}

impl Reader<'_> {
    fn keep(&mut self) {
        self.code.extend(self.rest.next());
    }

    fn drop_one(&mut self) -> Option<char> {
        let dropped = self.rest.next()?;
        self.code.push(if dropped == '\n' { '\n' } else { ' ' });
        Some(dropped)
    }

    fn drop_many(&mut self, count: usize) {
        for _ in 0..count {
            self.drop_one();
        }
    }

    fn goes_on_with(&self, expected: &str) -> bool {
        let mut rest = self.rest.clone();
        expected.chars().all(|wanted| rest.next() == Some(wanted))
    }

    fn slash(&mut self) {
        if self.goes_on_with("//") {
            while self.rest.peek().is_some_and(|&next| next != '\n') {
                self.drop_one();
            }
        } else if self.goes_on_with("/*") {
            self.block_comment();
        } else {
            self.keep();
        }
    }

    /// Block comments nest.
    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            if self.goes_on_with("/*") {
                depth += 1;
                self.drop_many(2);
            } else if self.goes_on_with("*/") {
                depth -= 1;
                self.drop_many(2);
            } else if self.drop_one().is_none() {
                return;
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.drop_one();
        while let Some(dropped) = self.drop_one() {
            match dropped {
                '\\' => drop(self.drop_one()),
                '"' => return,
                _ => {}
            }
        }
    }

    /// A character literal, or a lifetime, whose name is code.
    fn quote(&mut self) {
        let mut ahead = self.rest.clone().skip(1);
        match (ahead.next(), ahead.next()) {
            (Some('\\'), _) => {
                self.drop_many(3);
                while self.drop_one().is_some_and(|dropped| dropped != '\'') {}
            }
            (Some(_), Some('\'')) => self.drop_many(3),
            _ => self.keep(),
        }
    }

    /// A name or a number, unless it is the prefix of a literal.
    fn word(&mut self) {
        let mut word = String::new();
        while let Some(next) = self.rest.next_if(|&next| is_word(next)) {
            word.push(next);
        }
        let hashes = self.rest.clone().take_while(|&next| next == '#').count();
        let is_raw = self.rest.clone().nth(hashes) == Some('"');
        self.code.push_str(&word);
        match word.as_str() {
            "r" | "br" | "cr" if is_raw => self.raw_string(hashes),
            "b" if self.goes_on_with("'") => self.quote(),
            _ => {}
        }
    }

    fn raw_string(&mut self, hashes: usize) {
        let end = format!("\"{}", "#".repeat(hashes));
        self.drop_many(hashes + 1);
        while !self.goes_on_with(&end) && self.drop_one().is_some() {}
        self.drop_many(end.len());
    }
}

#[cfg(test)]
mod tests {
    use super::blank;

    #[test]
    fn only_code_is_left() {
        for (text, code) in [
            ("a // use crate::b", "a"),
            ("a /* b /* c */ d */ e", "a e"),
            (r#"say("use crate::b;") + c"#, "say( ) + c"),
            (r#"say("\"use crate::b\\") + c"#, "say( ) + c"),
            (r##"say(r"\") + c"##, "say(r ) + c"),
            (r###"say(br#"use "crate"::b"#) + c"###, "say(br ) + c"),
            (r#"say(c"x", b"y", b'"') + c"#, "say(c , b , b ) + c"),
            (r#"['"', '\'', '\\', '\u{1F}', 'é'] + c"#, "[ , , , , ] + c"),
            (
                "fn f<'a>(x: &'a str, y: &'static str)",
                "fn f<'a>(x: &'a str, y: &'static str)",
            ),
            ("r#type + 1_u8 / 2", "r#type + 1_u8 / 2"),
            ("\"never ends", ""),
        ] {
            let blanked = blank(text);
            let words: Vec<&str> = blanked.split_whitespace().collect();
            assert_eq!(words.join(" "), code, "{text}");
        }
    }

    #[test]
    fn lines_stay_where_they_are() {
        let text = "a\n/* b\nc */ d\n\"e\n\\\nf\" g\nr#\"\n\"# h\n// i\nj";
        let (before, after) = (text.lines().count(), blank(text).lines().count());
        assert_eq!(before, after);
        assert!(
            blank(text)
                .lines()
                .nth(5)
                .is_some_and(|line| line.trim() == "g")
        );
    }
}
