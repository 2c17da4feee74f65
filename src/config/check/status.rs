//! Reads `[status]`: the socket's path and the permissions on it.

use std::path::PathBuf;

use jiff::SignedDuration;

use crate::api::{Reader, Settings, SinkReaders};
use crate::config::readers::{filled_list, list, text};
use crate::config::tree::Section;
use crate::config::{USUAL_SOCKET, defaults, names, paths};
use crate::delivery::{Sink, Target};
use crate::login;

pub(super) fn status(
    mut section: Section<'_>,
    logins: login::Settings,
    (sinks, channels): (&[Sink], Vec<String>),
    serve_from_memory: SignedDuration,
) -> Settings {
    let socket = socket(&mut section);
    let viewers = peers(&mut section, "viewers", defaults::VIEWERS);
    let operators = peers(&mut section, "operators", defaults::OPERATORS);
    if operators.iter().any(|name| name == names::EVERYBODY) {
        let message = "everyone who can reach the socket may import and forget tokens";
        section.warn("operators", message);
    }
    Settings {
        socket,
        viewers,
        operators,
        readers: section.each("reader", reader),
        logins,
        sinks: sinks.iter().map(readers_of).collect(),
        channels,
        serve_from_memory,
    }
}

fn readers_of(sink: &Sink) -> SinkReaders {
    let readers = match &sink.target {
        Target::File(file) => file.readers.iter().map(ToString::to_string).collect(),
        Target::Command(_) | Target::Webhook(_) => Vec::new(),
    };
    SinkReaders {
        sink: sink.name.clone(),
        tokens: sink.tokens.clone(),
        readers,
    }
}

/// Reads only the path, which is all that a command needs. A command may not be allowed to read the secrets.
pub(in crate::config) fn socket(section: &mut Section<'_>) -> PathBuf {
    section.or("socket", USUAL_SOCKET, text(paths::socket))
}

fn peers(section: &mut Section<'_>, key: &'static str, usual: &str) -> Vec<String> {
    section.or(key, [usual.to_owned()], list(text(names::peer)))
}

fn reader(mut section: Section<'_>) -> Option<Reader> {
    let user = section.required("user", "name a user or \"@group\"", text(names::peer));
    let help = "name the tokens, such as [\"acme-*\"]";
    let tokens = section.required("tokens", help, filled_list(text(names::tokens)));
    if user.as_deref() == Some(names::EVERYBODY) {
        let message = "everyone who can reach the socket may read these tokens";
        section.warn("user", message);
    }
    Some(Reader {
        user: user?,
        tokens: tokens?,
    })
}
