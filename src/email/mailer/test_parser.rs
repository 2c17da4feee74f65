//! Parses a message without the library that wrote it, as a mail program would.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A parsed message.
pub(super) struct Read {
    headers: Vec<(String, String)>,
    body: String,
}

impl Read {
    pub(super) fn new(raw: &str) -> Self {
        let (head, body) = raw
            .split_once("\r\n\r\n")
            .expect("an empty line ends the headers");
        Self {
            headers: unfolded(head),
            body: body.to_owned(),
        }
    }

    /// The only header of this name, decoded.
    pub(super) fn header(&self, name: &str) -> &str {
        let mut found = self
            .headers
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let (_, value) = found.next().unwrap_or_else(|| panic!("no header {name}"));
        assert!(found.next().is_none(), "{name} stands twice");
        value
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    /// The parts of a multipart message.
    pub(super) fn parts(&self) -> Vec<Self> {
        let kind = self.header("Content-Type");
        assert!(kind.starts_with("multipart/alternative"), "{kind}");
        let (_, boundary) = kind.split_once("boundary=\"").expect("a boundary");
        let boundary = boundary.split('"').next().expect("its end");
        let delimiter = format!("--{boundary}");
        let mut parts: Vec<&str> = self.body.split(&delimiter).collect();
        assert_eq!(
            parts.pop().map(str::trim),
            Some("--"),
            "the last part is closed"
        );
        let parts = parts.into_iter().skip(1);
        parts
            .map(|part| Self::new(part.trim_start_matches("\r\n")))
            .collect()
    }

    /// The text of a part, whatever its transfer encoding.
    pub(super) fn text(&self) -> String {
        let decoded = match self.header("Content-Transfer-Encoding") {
            "quoted-printable" => quoted_printable(&self.body.replace("=\r\n", ""), '='),
            "base64" => STANDARD
                .decode(self.body.replace("\r\n", ""))
                .expect("base64"),
            "7bit" => self.body.clone().into_bytes(),
            other => panic!("unknown transfer encoding {other}"),
        };
        String::from_utf8(decoded)
            .expect("UTF-8")
            .replace("\r\n", "\n")
    }
}

fn unfolded(head: &str) -> Vec<(String, String)> {
    let lines = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let split = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?}"));
        (name.to_owned(), decoded_words(value))
    };
    lines.split("\r\n").map(split).collect()
}

/// RFC 2047: white space between two encoded words is ignored.
fn decoded_words(value: &str) -> String {
    let mut done = String::new();
    let mut rest = value;
    while let Some((before, from)) = rest.split_once("=?utf-8?") {
        if !before.trim().is_empty() || done.is_empty() {
            done.push_str(before);
        }
        let (encoding, from) = from.split_once('?').expect("an encoding");
        let (word, after) = from.split_once("?=").expect("the end of a word");
        let bytes = match encoding {
            "b" => STANDARD.decode(word).expect("base64"),
            "q" => quoted_printable(&word.replace('_', " "), '='),
            other => panic!("unknown encoding {other}"),
        };
        done.push_str(&String::from_utf8(bytes).expect("UTF-8"));
        rest = after;
    }
    done + rest
}

fn quoted_printable(text: &str, escape: char) -> Vec<u8> {
    let mut pieces = text.split(escape);
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (code, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two hex digits"));
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}
