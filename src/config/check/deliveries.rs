//! Reads `[[delivery]]`: which tokens go where.

use std::path::Path;

use jiff::SignedDuration;

use crate::config::credentials::Machine;
use crate::config::readers::{filled_list, list, text, yes_or_no};
use crate::config::tree::{Entry, Section};
use crate::config::{durations, names, paths};
use crate::delivery::{Account, FileFormat, FileSink, Sink, Target, WebhookBody, WebhookSink};
use crate::model::OnDead;
use crate::outbox::http_post::{Address, Reach};
use crate::outbox::standard_webhooks::SigningSecret;
use crate::secret::Secret;

/// In bytes. A name adds up to 100, and an index of PostgreSQL takes no more than 2,700 at once.
const LONGEST_PATH: usize = 2_000;

const KINDS: [&str; 3] = ["file", "command", "webhook"];

/// Reads all of them. Two with one name, or with one path, would overwrite what the other did.
pub(super) fn deliveries(top: &mut Section<'_>, machine: &Machine) -> Vec<Sink> {
    let mut known: Vec<Sink> = Vec::new();
    top.each("delivery", |section| {
        let sink = delivery(section, machine, &known)?;
        known.push(sink.clone());
        Some(sink)
    })
}

fn delivery(mut section: Section<'_>, machine: &Machine, known: &[Sink]) -> Option<Sink> {
    let help = "name it after who uses the tokens, such as \"chatbot\"";
    let name = section.required("name", help, text(names::app));
    let help = "name the tokens, such as [\"acme-*\"]";
    let tokens = section.required("tokens", help, filled_list(text(names::tokens)));
    let named: Vec<&str> = KINDS.into_iter().filter(|kind| section.has(kind)).collect();
    if named.len() != 1 {
        section.reject("", "name exactly one of file, command and webhook");
    }
    let on_dead = section.or("on_dead", OnDead::Keep, text(on_dead));
    let grace = section.optional("grace", text(grace)).flatten();
    let file = section.optional("file", file);
    let command = section.optional("command", filled_list(text(argument)));
    let command = command.and_then(|words| program(words, &section));
    let webhook = section.optional("webhook", |entry| webhook(entry, machine));
    let sink = Sink {
        name: name?,
        tokens: tokens?,
        target: file.or(command).or(webhook)?,
        on_dead,
        grace,
    };
    reject_twins(&section, &sink, known);
    Some(sink)
}

fn reject_twins(section: &Section<'_>, sink: &Sink, known: &[Sink]) {
    if known.iter().any(|other| other.name == sink.name) {
        section.reject(
            "name",
            "is the name of another [[delivery]]; choose another one",
        );
    }
    let path = sink.path_of("");
    let same_path = |other: &&Sink| path.is_some() && other.path_of("") == path;
    if let Some(other) = known.iter().find(same_path) {
        let message = format!("has the path of {}; each needs its own", other.name);
        section.reject("file", message);
    }
}

fn on_dead(written: &str) -> Result<OnDead, &'static str> {
    OnDead::from_name(written).ok_or("must be \"keep\" or \"remove\"")
}

/// Nothing in quotes turns it off, as leaving it out does.
fn grace(written: &str) -> Result<Option<SignedDuration>, String> {
    match written {
        "" => Ok(None),
        span => durations::parse(span).map(Some),
    }
}

fn file(entry: Entry<'_>) -> Option<Target> {
    let mut section = entry.into_section()?;
    let help = "write where to, such as \"/run/perennial/tokens/{name}\"";
    let path = section.required("path", help, text(path_with_name));
    let readers = section.or("readers", [], list(text(account)));
    let format = section.or("format", FileFormat::Raw, text(format));
    for gone in ["owner", "mode"] {
        if section.has(gone) {
            let message = "is no longer supported: the daemon has no right to give files away. Write readers = [\"user\"]";
            section.optional(gone, |entry| entry.reject::<()>(message));
        }
    }
    Some(Target::File(FileSink {
        path: path?,
        readers,
        format,
    }))
}

fn account(written: &str) -> Result<Account, String> {
    let name = names::peer(written)?;
    if name == names::EVERYBODY {
        return Err("cannot be everybody: name users or \"@group\"".to_owned());
    }
    Ok(Account::parse(&name))
}

fn format(written: &str) -> Result<FileFormat, &'static str> {
    match written {
        "raw" => Ok(FileFormat::Raw),
        "env" => Ok(FileFormat::Env),
        "json" => Ok(FileFormat::Json),
        _ => Err("must be \"raw\", \"env\" or \"json\""),
    }
}

fn path_with_name(written: &str) -> Result<String, &'static str> {
    let path = paths::absolute(written)?;
    if written.len() > LONGEST_PATH {
        return Err("is too long: write at most 2000 bytes");
    }
    let Some((before, after)) = written.split_once("{name}") else {
        return Err("must contain {name} once, or each token would overwrite the one before");
    };
    if before.contains(['{', '}']) || after.contains(['{', '}']) {
        return Err("may contain {name} once, and no other { }");
    }
    if leaves_its_folder(&path) || written.ends_with('/') {
        return Err("must lead to a file, without . and .. on the way");
    }
    Ok(written.to_owned())
}

fn leaves_its_folder(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.split('/').any(|part| matches!(part, "." | ".."))
}

fn program(words: Vec<String>, section: &Section<'_>) -> Option<Target> {
    if !words.first()?.starts_with('/') {
        section.reject("command", "must begin with the absolute path of a program");
        return None;
    }
    Some(Target::Command(words))
}

fn argument(written: &str) -> Result<String, &'static str> {
    if written.contains('\0') {
        return Err(paths::CONTROL);
    }
    Ok(written.to_owned())
}

fn webhook(entry: Entry<'_>, machine: &Machine) -> Option<Target> {
    let mut section = entry.into_section()?;
    let allow_private = section.or("allow_private", false, yes_or_no());
    let reach = if allow_private {
        Reach::Private
    } else {
        Reach::Public
    };
    let parse = |url: &str| Address::parse(&Secret::new(url), reach);
    let address = section.required("url", "write where to", text(parse));
    let help = "each message is signed with it; write { credential = \"name\" }";
    let secrets = section.required("secret", help, |entry| machine.secrets(entry));
    let secrets = secrets.and_then(|secrets| signing(&section, &secrets));
    let body = section.or("body", WebhookBody::Thin, text(body));
    Some(Target::Webhook(WebhookSink {
        address: address?,
        secrets: secrets?,
        body,
    }))
}

fn signing(section: &Section<'_>, secrets: &[Secret]) -> Option<Vec<SigningSecret>> {
    let parsed: Result<Vec<_>, _> = secrets.iter().map(SigningSecret::parse).collect();
    let rejected = |error: &crate::outbox::standard_webhooks::SecretError| {
        section.reject("secret", error.to_string());
    };
    parsed.inspect_err(rejected).ok()
}

fn body(written: &str) -> Result<WebhookBody, &'static str> {
    match written {
        "thin" => Ok(WebhookBody::Thin),
        "full" => Ok(WebhookBody::Full),
        _ => Err("must be \"thin\" or \"full\""),
    }
}
