//! Reads `[web]` and `[[delivery]]`. Both are checked completely; this version warns that it does not deliver tokens
//! yet.

use crate::config::credentials::Machine;
use crate::config::readers::{filled_list, text};
use crate::config::tree::{Entry, Section};
use crate::config::{Delivery, Sink, defaults, names, paths, urls};
use crate::login;
use crate::web::{ListenAddress, Settings as Web};

const NO_DELIVERY_YET: &str =
    "this version does not act on [[delivery]] yet: no token is delivered";

const NO_ADDRESS: &str =
    "is not an address to listen on; write \"127.0.0.1:8480\" or \"unix:/run/perennial/web.sock\"";

const KINDS: [&str; 3] = ["file", "command", "webhook"];

/// Reads `[web]` and adds its public URL to `logins`.
pub(super) fn web(
    top: &mut Section<'_>,
    machine: &Machine,
    logins: &login::Settings,
) -> Option<Web> {
    let mut section = top.optional("web", Entry::into_section)?;
    let local = ListenAddress::Tcp(defaults::LISTEN);
    let listen = section.or("listen", local, text(listen));
    let help = "write the address at which people reach it, such as \"https://tokens.example.com\"";
    let public_url = section.required("public_url", help, text(urls::base));
    let token = section.optional("webhook_verify_token", |entry| machine.secret(entry));
    let public_url = public_url?;
    Some(Web {
        listen,
        logins: login::Settings {
            public_url: Some(public_url.clone()),
            ..logins.clone()
        },
        public_url,
        webhook_verify_token: token,
    })
}

fn listen(written: &str) -> Result<ListenAddress, String> {
    if let Some(path) = written.strip_prefix("unix:") {
        let path = paths::socket(path).map_err(|message| format!("unix: {message}"))?;
        return Ok(ListenAddress::Unix(path));
    }
    let address = written.parse().map_err(|_| NO_ADDRESS)?;
    Ok(ListenAddress::Tcp(address))
}

pub(super) fn deliveries(top: &mut Section<'_>, machine: &Machine) -> Vec<Delivery> {
    top.each("delivery", |section| delivery(section, machine))
}

fn delivery(mut section: Section<'_>, machine: &Machine) -> Option<Delivery> {
    section.warn("", NO_DELIVERY_YET);
    let help = "name the tokens, such as [\"acme-*\"]";
    let tokens = section.required("tokens", help, filled_list(text(names::tokens)));
    let named: Vec<&str> = KINDS.into_iter().filter(|kind| section.has(kind)).collect();
    if named.len() != 1 {
        section.reject("", "name exactly one of file, command and webhook");
    }
    let file = section.optional("file", file);
    let command = section.optional("command", filled_list(text(argument)));
    let command = command.and_then(|words| program(words, &section));
    let webhook = section.optional("webhook", |entry| webhook(entry, machine));
    Some(Delivery {
        tokens: tokens?,
        sink: file.or(command).or(webhook)?,
    })
}

fn file(entry: Entry<'_>) -> Option<Sink> {
    let mut section = entry.into_section()?;
    let help = "write where to, such as \"/run/perennial/tokens/{name}\"";
    let path = section.required("path", help, text(path_with_name));
    let owner = section.optional("owner", text(names::user));
    let mode = section.or("mode", defaults::FILE_MODE, text(mode));
    Some(Sink::File {
        path: path?,
        owner,
        mode,
    })
}

fn path_with_name(written: &str) -> Result<String, &'static str> {
    paths::absolute(written)?;
    let Some((before, after)) = written.split_once("{name}") else {
        return Err("must contain {name} once, or each token would overwrite the one before");
    };
    if before.contains(['{', '}']) || after.contains(['{', '}']) {
        return Err("may contain {name} once, and no other { }");
    }
    Ok(written.to_owned())
}

fn mode(written: &str) -> Result<u32, &'static str> {
    let is_octal = (3..=4).contains(&written.len()) && !written.starts_with('+');
    match u32::from_str_radix(written, 8) {
        Ok(mode) if is_octal && mode & 0o407 == 0o400 && mode <= 0o777 => Ok(mode),
        Ok(_) | Err(_) => Err(
            "is not a mode for a secret; write \"0400\", or \"0440\" for a group; others get nothing",
        ),
    }
}

fn program(words: Vec<String>, section: &Section<'_>) -> Option<Sink> {
    if !words.first()?.starts_with('/') {
        section.reject("command", "must begin with the absolute path of a program");
        return None;
    }
    Some(Sink::Command(words))
}

fn argument(written: &str) -> Result<String, &'static str> {
    if written.contains('\0') {
        return Err(paths::CONTROL);
    }
    Ok(written.to_owned())
}

fn webhook(entry: Entry<'_>, machine: &Machine) -> Option<Sink> {
    let mut section = entry.into_section()?;
    let url = section.required("url", "write where to", text(urls::endpoint));
    let help = "each call is signed with it; write { credential = \"name\" }";
    let secret = section.required("secret", help, |entry| machine.secret(entry));
    Some(Sink::Webhook {
        url: url?,
        secret: secret?,
    })
}
