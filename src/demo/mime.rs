//! Reads an email file as a mail program does.

use crate::model::IncidentId;

/// An email from the mail folder.
#[derive(Clone, Debug, Default)]
pub(super) struct Received {
    pub(super) to: Vec<String>,
    pub(super) subject: String,
    pub(super) incident: Option<IncidentId>,
    /// Whether it is the first of its thread.
    pub(super) opens: bool,
    /// The login link in its text.
    pub(super) link: Option<String>,
    pub(super) html: String,
}

pub(super) fn read(email: &str) -> Received {
    let (head, body) = email.split_once("\r\n\r\n").unwrap_or((email, ""));
    let head = head.replace("\r\n ", " ");
    let line = |name: &str| header(&head, name);
    let (text, html) = both_parts(line("Content-Type").as_deref(), body);
    let title = html.split_once("<title>").map(|(_, rest)| rest);
    let title = title.and_then(|rest| rest.split("</title>").next());
    let address = |to: &str| to.trim().trim_matches(['<', '>']).to_owned();
    let to = line("To").unwrap_or_default();
    Received {
        to: to.split(',').map(address).collect(),
        subject: plain(title.unwrap_or_default()),
        incident: line("X-Perennial-Incident")
            .and_then(|id| id.parse().ok())
            .map(IncidentId),
        opens: line("In-Reply-To").is_none(),
        link: link(&text),
        html,
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let value = line.strip_prefix(name)?.strip_prefix(": ")?;
        Some(value.to_owned())
    })
}

fn link(text: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    let link = words.find(|word| word.starts_with("http") && word.contains("/login/"));
    link.map(str::to_owned)
}

/// A title is short, and our templates escape only these in it.
fn plain(title: &str) -> String {
    title
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

/// The text and the HTML.
fn both_parts(kind: Option<&str>, body: &str) -> (String, String) {
    let boundary = kind.and_then(|kind| kind.split_once("boundary=\""));
    let boundary = boundary.and_then(|(_, rest)| rest.split('"').next());
    let Some(boundary) = boundary else {
        return (decoded_lines(body), String::new());
    };
    let divider = format!("--{boundary}");
    let mut parts = body.split(divider.as_str()).skip(1).map(part);
    let mut next = || parts.next().unwrap_or_default();
    (next(), next())
}

fn part(part: &str) -> String {
    let (head, body) = part.split_once("\r\n\r\n").unwrap_or(("", part));
    match head.contains("quoted-printable") {
        true => decoded_lines(body),
        false => body.to_owned(),
    }
}

/// Undoes quoted-printable.
fn decoded_lines(body: &str) -> String {
    let body = body.replace("=\r\n", "");
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).filter(|_| *first == b'=');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = match byte {
            Some(_) => &after[2..],
            None => after,
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_read_with_its_link_and_both_parts() {
        let email = "Date: Fri, 13 Mar 2026 16:11:17 +0000\r\nTo: paul@acme.example,\r\n <ops@acme.example>\r\n\
            X-Perennial-Incident: 7\r\nContent-Type: multipart/alternative;\r\n boundary=\"=_x\"\r\n\r\n\
            --=_x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nLog in:=\r\n http://127.0.0.1/login/A=3DB\r\n\
            Caf=C3=A9\r\n--=_x\r\nContent-Transfer-Encoding: 7bit\r\n\r\n<title>It&#x27;s a=b</title>\r\n--=_x--\r\n";
        let read = read(email);
        assert_eq!(read.to, ["paul@acme.example", "ops@acme.example"]);
        assert_eq!((read.incident, read.opens), (Some(IncidentId(7)), true));
        assert_eq!(read.link.as_deref(), Some("http://127.0.0.1/login/A=B"));
        assert_eq!(read.subject, "It's a=b");
    }
}
