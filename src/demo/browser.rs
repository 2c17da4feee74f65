//! A person's browser: plain HTTP on this machine, no scripts, and one address for each person.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Nothing here takes a second; a machine under load may.
const PATIENCE: Duration = Duration::from_secs(60);
/// Years of a demo pass in minutes, and the public pages limit the calls of one client.
const TRIES: u32 = 60;
const TOO_MANY: u16 = 429;

#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("no answer within a minute")]
    Timeout,
    #[error("this is not the address of a page: {0}")]
    Address(String),
    #[error("the answer cannot be read")]
    Answer,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Browser {
    /// The last number of the person's address, as a proxy would name it.
    pub(super) client: usize,
}

/// What the browser shows, or where it is sent.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    /// It loads itself again.
    pub(super) refreshes: bool,
    pub(super) body: String,
}

impl Browser {
    pub(super) async fn get(self, url: &str) -> Result<Page, BrowserError> {
        self.ask("GET", url, "").await
    }

    pub(super) async fn post(self, url: &str, form: &str) -> Result<Page, BrowserError> {
        self.ask("POST", url, form).await
    }

    async fn ask(self, method: &str, url: &str, form: &str) -> Result<Page, BrowserError> {
        let mut tries = 0;
        loop {
            let page = timeout(PATIENCE, self.ask_once(method, url, form)).await;
            let page = page.map_err(|_| BrowserError::Timeout)??;
            tries += 1;
            if page.status != TOO_MANY || tries == TRIES {
                return Ok(page);
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    async fn ask_once(self, method: &str, url: &str, form: &str) -> Result<Page, BrowserError> {
        let wrong = || BrowserError::Address(url.to_owned());
        let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
        let (host, path) = rest.split_once('/').ok_or_else(wrong)?;
        let path = path.split('#').next().unwrap_or_default();
        let mut stream = TcpStream::connect(host).await?;
        let head = format!(
            "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Accept-Language: en\r\nX-Forwarded-For: 192.0.2.{}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.client,
            form.len()
        );
        stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Page::read(&String::from_utf8_lossy(&answer)).ok_or(BrowserError::Answer)
    }
}

impl Page {
    fn read(answer: &str) -> Option<Self> {
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_owned())
        };
        Some(Self {
            status: head.split(' ').nth(1)?.parse().ok()?,
            location: header("location"),
            refreshes: header("refresh").is_some(),
            body: body.to_owned(),
        })
    }

    pub(super) fn headline(&self) -> String {
        unescaped(between(&self.body, "<h1>", "</h1>").unwrap_or_default())
    }

    /// Where the button of the page leads.
    pub(super) fn button(&self) -> Option<String> {
        between(&self.body, "<form method=\"post\" action=\"", "\"").map(unescaped)
    }

    /// The values of all fields with this name.
    pub(super) fn values(&self, name: &str) -> Vec<String> {
        let before = format!("name=\"{name}\" value=\"");
        let parts = self.body.split(&before).skip(1);
        let values = parts.filter_map(|part| part.split('"').next());
        values.map(unescaped).collect()
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split(after).next()
}

/// Undoes what our templates escape.
fn unescaped(text: &str) -> String {
    const ESCAPES: &[(&str, &str)] = &[
        ("&#x2f;", "/"),
        ("&#x27;", "'"),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    let escapes = ESCAPES.iter();
    escapes.fold(text.to_owned(), |text, (escape, plain)| {
        text.replace(escape, plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "HTTP/1.1 200 OK\r\nRefresh: 2; url=/\r\n\r\n<h1>Facebook&#x27;s check</h1>\
        <form method=\"post\" action=\"http:&#x2f;&#x2f;127.0.0.1&#x2f;a&amp;b\">\
        <input name=\"scope\" value=\"one\"><input name=\"scope\" value=\"two\"></form>";

    #[test]
    fn a_page_is_read_as_a_person_reads_it() {
        let page = Page::read(ANSWER).unwrap();
        assert_eq!((page.status, page.refreshes), (200, true));
        assert_eq!(page.headline(), "Facebook's check");
        assert_eq!(page.button().as_deref(), Some("http://127.0.0.1/a&b"));
        assert_eq!(page.values("scope"), ["one", "two"]);
        assert_eq!(page.location, None);
    }
}
