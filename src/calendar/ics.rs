//! The text of a calendar: RFC 5545, with the name and the refresh interval of RFC 7986. Times are days or UTC, so no
//! time zone has to be described.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::entry::Entry;
use super::revision::Revision;

/// The longest line in bytes, without its end.
const LINE: usize = 75;
/// Programs that honour it look twice a day. Google looks every 8 to 24 hours.
const REFRESH: &str = "PT12H";

#[derive(Debug)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn begin(name: &str) -> Self {
        let mut text = Self(String::new());
        text.line("BEGIN:VCALENDAR");
        text.line("VERSION:2.0");
        text.line("PRODID:-//Perennial//Perennial//EN");
        text.text("NAME", name);
        text.text("X-WR-CALNAME", name);
        text.line(&format!("REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}"));
        text.line(&format!("X-PUBLISHED-TTL:{REFRESH}"));
        text
    }

    pub(super) fn event(&mut self, entry: &Entry, revision: Revision) {
        let modified_at = moment(revision.modified_at);
        let next_day = entry.on.tomorrow().unwrap_or(entry.on);
        self.line("BEGIN:VEVENT");
        self.text("UID", &entry.uid);
        self.line(&format!("DTSTAMP:{modified_at}"));
        self.line(&format!("LAST-MODIFIED:{modified_at}"));
        self.line(&format!("SEQUENCE:{}", revision.sequence));
        self.line(&format!("DTSTART;VALUE=DATE:{}", day(entry.on)));
        self.line(&format!("DTEND;VALUE=DATE:{}", day(next_day)));
        self.text("SUMMARY", &entry.summary);
        self.text("DESCRIPTION", &entry.description);
        self.line("TRANSP:TRANSPARENT");
        self.line("CATEGORIES:Perennial");
        self.line("END:VEVENT");
    }

    pub(super) fn end(mut self) -> String {
        self.line("END:VCALENDAR");
        self.0
    }

    fn text(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}:{}", escaped(value)));
    }

    /// Adds a line, folded between characters.
    fn line(&mut self, line: &str) {
        let mut length = 0;
        for character in line.chars() {
            if length + character.len_utf8() > LINE {
                self.0.push_str("\r\n ");
                length = 1;
            }
            self.0.push(character);
            length += character.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// Text as the value of a property. Control characters have no place in it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => escaped.push_str("\\n"),
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            _ if character.is_control() => {}
            _ => escaped.push(character),
        }
    }
    escaped
}

fn day(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

fn moment(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unfolded(text: &str) -> String {
        text.replace("\r\n ", "")
    }

    #[test]
    fn a_long_line_is_folded_between_characters() {
        let mut text = Text(String::new());
        let name = "Bäckerei 🥨, Köln; ".repeat(20);
        text.text("SUMMARY", &name);
        for line in text.0.trim_end().split("\r\n") {
            assert!(line.len() <= LINE, "{} bytes: {line}", line.len());
        }
        let expected = name.replace(',', "\\,").replace(';', "\\;");
        assert_eq!(unfolded(&text.0), format!("SUMMARY:{expected}\r\n"));
    }

    #[test]
    fn a_line_of_75_bytes_is_not_folded() {
        for (length, lines) in [(75, 1), (76, 2), (149, 2), (150, 3)] {
            let mut text = Text(String::new());
            text.line(&"x".repeat(length));
            assert_eq!(text.0.matches("\r\n").count(), lines, "{length}");
        }
    }

    #[test]
    fn text_cannot_end_its_line() {
        assert_eq!(
            escaped("a\\b;c,d\ne\r\nBEGIN:VEVENT\u{7}"),
            "a\\\\b\\;c\\,d\\ne\\nBEGIN:VEVENT"
        );
    }
}
