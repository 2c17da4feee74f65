//! Reads a file line by line, whatever it contains: lines have numbers, a maximum length, and may not be text.

use std::io::{self, BufRead};

/// The daemon's limit for one request; far longer than any token.
pub(super) const LONGEST: usize = 64 * 1024;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Iterates over the lines that are not blank.
pub(super) struct Lines<R> {
    reader: R,
    number: u64,
    /// How many bytes have been read.
    position: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The line number, as editors count.
    pub(super) number: u64,
    pub(super) text: Result<String, NotText>,
    /// How many bytes of the source have been read at the end of this line.
    pub(super) position: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotText {
    #[error("is longer than 64 KiB, which no token needs")]
    TooLong,
    #[error("is not UTF-8 text")]
    NotUtf8,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn of(reader: R) -> Self {
        Self {
            reader,
            number: 0,
            position: 0,
        }
    }

    fn next_line(&mut self) -> io::Result<Option<Line>> {
        loop {
            let Some(bytes) = self.next_bytes()? else {
                return Ok(None);
            };
            self.number += 1;
            let text =
                bytes.and_then(|bytes| String::from_utf8(bytes).map_err(|_| NotText::NotUtf8));
            let text = text.map(|text| without_margin(&text).to_owned());
            if text.as_ref().is_ok_and(String::is_empty) {
                continue;
            }
            return Ok(Some(Line {
                number: self.number,
                text,
                position: self.position,
            }));
        }
    }

    /// Reads a line that is too long to its end, but does not keep it.
    fn next_bytes(&mut self) -> io::Result<Option<Result<Vec<u8>, NotText>>> {
        let mut kept = Vec::new();
        let mut length = 0;
        loop {
            let found = self.reader.fill_buf()?;
            let end = found.iter().position(|byte| *byte == b'\n');
            let part = &found[..end.unwrap_or(found.len())];
            let is_last = end.is_some() || found.is_empty();
            length += part.len();
            if length <= LONGEST {
                kept.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            self.position += used as u64;
            if is_last {
                break;
            }
        }
        let is_nothing = length == 0 && self.reader.fill_buf()?.is_empty();
        let kept = if length <= LONGEST {
            Ok(kept)
        } else {
            Err(NotText::TooLong)
        };
        Ok((!is_nothing).then_some(kept))
    }
}

/// White space may also come after the byte order mark.
fn without_margin(line: &str) -> &str {
    let is_margin = |c: char| c.is_whitespace() || c == BYTE_ORDER_MARK;
    line.trim_start_matches(is_margin).trim_end()
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_line().transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn lines(bytes: &[u8]) -> Vec<(u64, Result<String, NotText>)> {
        let lines = Lines::of(BufReader::with_capacity(7, bytes));
        lines
            .map(|line| line.unwrap())
            .map(|line| (line.number, line.text))
            .collect()
    }

    fn line(number: u64, text: &str) -> (u64, Result<String, NotText>) {
        (number, Ok(text.to_owned()))
    }

    #[test]
    fn lines_are_numbered_as_editors_do() {
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"\n\n"), []);
        assert_eq!(lines(b"one"), [line(1, "one")]);
        assert_eq!(
            lines(b"one\r\n\r\n  \nfour\n"),
            [line(1, "one"), line(4, "four")]
        );
        assert_eq!(
            lines("\u{feff}one\ntwo".as_bytes()),
            [line(1, "one"), line(2, "two")]
        );
    }

    #[test]
    fn white_space_after_a_byte_order_mark_is_no_part_of_the_line() {
        for text in [
            "\u{feff} one\n",
            "\u{feff}\u{feff}\r one",
            " \u{feff}\tone \r\n",
        ] {
            assert_eq!(lines(text.as_bytes()), [line(1, "one")], "{text:?}");
        }
        assert_eq!(lines("\u{feff} \n".as_bytes()), []);
    }

    #[test]
    fn a_line_that_is_no_text_costs_only_itself() {
        assert_eq!(
            lines(b"one\n\xff\xfe\nthree\n"),
            [line(1, "one"), (2, Err(NotText::NotUtf8)), line(3, "three")]
        );
        let ten_megabytes = "x".repeat(10 << 20);
        let text = format!("one\n{ten_megabytes}\nthree");
        assert_eq!(
            lines(text.as_bytes()),
            [line(1, "one"), (2, Err(NotText::TooLong)), line(3, "three")]
        );
        assert_eq!(lines("x".repeat(LONGEST).as_bytes()).len(), 1);
    }

    #[test]
    fn the_position_is_that_of_the_bytes_read() {
        let positions = Lines::of(&b"one\n\nthree\nx"[..]).map(|line| line.unwrap().position);
        assert_eq!(positions.collect::<Vec<_>>(), [4, 11, 12]);
    }
}
