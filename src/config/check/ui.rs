//! Reads `[ui]`: the permanent form of the overview, behind the operator's own proxy.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use crate::config::readers::{filled_list, text};
use crate::config::tree::{Entry, Section};
use crate::config::{names, paths};
use crate::ui::{Proxy, Settings};

const NO_SOCKET: &str = "must be a Unix socket, because only there the user who asks is known; write \
                         \"unix:/run/perennial/ui.sock\"";

const NO_HEADER: &str =
    "is missing; write the header in which the proxy names the user, such as \"X-Remote-User\"";

const NO_PEERS: &str = "is missing; write the user that the proxy runs as, such as [\"www-data\"]";

pub(super) fn ui(top: &mut Section<'_>, timezone: &TimeZone) -> Option<Settings> {
    let mut section = top.optional("ui", Entry::into_section)?;
    let help = "write \"unix:/run/perennial/ui.sock\"";
    let listen = section.required("listen", help, text(listen));
    let proxy = proxy(&mut section);
    Some(Settings {
        listen: listen?,
        proxy: proxy?,
        timezone: timezone.clone(),
    })
}

/// `Some(None)` if no header names users. `None` if the keys are invalid.
fn proxy(section: &mut Section<'_>) -> Option<Option<Proxy>> {
    let user_header = section.optional("user_header", text(header));
    let peers = section.optional("header_peers", filled_list(text(names::account)));
    match (section.has("user_header"), section.has("header_peers")) {
        (false, false) => return Some(None),
        (true, false) => section.reject("header_peers", NO_PEERS),
        (false, true) => section.reject("user_header", NO_HEADER),
        (true, true) => {}
    }
    Some(Some(Proxy {
        user_header: user_header?,
        peers: peers?,
    }))
}

fn listen(written: &str) -> Result<PathBuf, String> {
    let path = written.strip_prefix("unix:").ok_or(NO_SOCKET)?;
    paths::socket(path).map_err(|message| format!("unix: {message}"))
}

/// Proxies drop names with other letters. The reserved ones say something else already.
fn header(written: &str) -> Result<String, String> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if written.is_empty() || written.len() > 64 || !written.chars().all(is_letter) {
        let message = "is not the name of a header; use up to 64 letters, digits and -, such as \"X-Remote-User\"";
        return Err(message.to_owned());
    }
    let reserved = [
        "host",
        "origin",
        "cookie",
        "authorization",
        "content-type",
        "content-length",
    ];
    match reserved.contains(&written.to_ascii_lowercase().as_str()) {
        true => Err("has another meaning in HTTP; write one such as \"X-Remote-User\"".to_owned()),
        false => Ok(written.to_owned()),
    }
}
