//! The parts of a manual page, as man reads them.

use std::fmt::Write;

pub(super) fn heading(page: &mut String, title: &str) {
    let _ = writeln!(page, ".SS \"{}\"", escaped(title));
}

pub(super) fn paragraph(page: &mut String, text: &str) {
    if !text.is_empty() {
        let _ = writeln!(page, "{}\n.PP", escaped(text));
    }
}

pub(super) fn entry(page: &mut String, name: &str, text: &str) {
    let _ = writeln!(page, ".TP\n.B {}\n{}", escaped(name), escaped(text));
}

/// Escapes text so that roff reads no part of it as a command or an escape. What is marked as code becomes bold.
pub(super) fn escaped(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.trim().replace('\\', "\\e").replace('-', "\\-");
        // An argument of a command would end at a quote.
        let line = line.replace('"', "\\(dq");
        let line = with_bold_code(&line);
        match line.as_bytes().first() {
            Some(b'.' | b'\'') => format!("\\&{line}"),
            _ => line,
        }
    });
    lines.collect::<Vec<String>>().join("\n")
}

fn with_bold_code(line: &str) -> String {
    let parts = line.split('`').enumerate().map(|(at, part)| match at % 2 {
        0 => part.to_owned(),
        _ => format!("\\fB{part}\\fR"),
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_no_commands() {
        assert_eq!(escaped(".TH a\\b\n'c -d"), "\\&.TH a\\eb\n\\&'c \\-d");
    }

    #[test]
    fn code_is_bold() {
        assert_eq!(escaped("or `a-b`, `c`."), "or \\fBa\\-b\\fR, \\fBc\\fR.");
    }
}
