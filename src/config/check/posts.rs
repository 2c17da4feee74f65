//! Reads `[[alerts.post]]`: the channels that incidents are posted to.

use std::collections::HashMap;

use crate::alerts::{Audience, PostChannel};
use crate::config::credentials::Machine;
use crate::config::diagnostic::quoting;
use crate::config::names;
use crate::config::readers::{filled_list, text, yes_or_no};
use crate::config::tree::Section;
use crate::outbox::http_post::{Address, Reach};
use crate::outbox::standard_webhooks::SigningSecret;
use crate::posts::{Channel, Format};
use crate::secret::Secret;

const FORMATS: &str = "is not a format; write slack, teams, pagerduty or webhook";
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

/// The keys that only one format has.
const OF_FORMAT: [(&str, Name); 2] = [("secret", Name::Webhook), ("routing_key", Name::PagerDuty)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Slack,
    Teams,
    PagerDuty,
    Webhook,
}

/// The channels as the alerts need them, and as the posts need them.
pub(super) fn posts(
    alerts: &mut Section<'_>,
    machine: &Machine,
) -> (Vec<PostChannel>, Vec<Channel>) {
    let mut lines = HashMap::new();
    let channels = alerts.each("post", |mut section| {
        let name = section.required(
            "name",
            "call it, such as \"ops-chat\"",
            text(names::channel),
        );
        refuse_second(&section, name.as_deref(), &mut lines);
        channel(section, name, machine)
    });
    channels.into_iter().unzip()
}

fn refuse_second(section: &Section<'_>, name: Option<&str>, lines: &mut HashMap<String, usize>) {
    let (Some(name), Some(line)) = (name, section.line_of("name")) else {
        return;
    };
    match lines.get(name) {
        Some(first) => section.reject(
            "name",
            format!("is the name of the channel on line {first}"),
        ),
        None => drop(lines.insert(name.to_owned(), line)),
    }
}

fn channel(
    mut section: Section<'_>,
    name: Option<String>,
    machine: &Machine,
) -> Option<(PostChannel, Channel)> {
    let help = "name the service: slack, teams, pagerduty or webhook";
    let format = section.required("format", help, text(format_name));
    let audience = section.or("to", Audience::default(), text(audience));
    let address = address(&mut section, format, machine);
    let secrets = section.optional("secret", |entry| machine.secrets(entry));
    let routing_key = section.optional("routing_key", |entry| machine.secret(entry));
    let events = section.or("events", [], filled_list(text(event)));
    let format = format?;
    check_keys(&section, format);
    let secrets = secrets.and_then(|secrets| signing(&section, &secrets));
    let channel = Channel {
        name: name?,
        address: address?,
        format: match format {
            Name::Slack => Format::Slack,
            Name::Teams => Format::Teams,
            Name::PagerDuty => Format::PagerDuty {
                routing_key: routing_key?,
            },
            Name::Webhook => Format::Webhook { secrets: secrets? },
        },
        posts_renewals: !events.is_empty(),
    };
    let name = channel.name.clone();
    Some((PostChannel { name, audience }, channel))
}

/// PagerDuty has the same URL for everyone.
fn address(section: &mut Section<'_>, format: Option<Name>, machine: &Machine) -> Option<Address> {
    let private = section.or("allow_private", false, yes_or_no());
    let reach = if private {
        Reach::Private
    } else {
        Reach::Public
    };
    let url = match (format, section.has("url")) {
        (Some(Name::PagerDuty), false) => Some(Secret::new(PAGERDUTY)),
        _ => {
            let help =
                "it contains the key of the channel, so write url = { credential = \"name\" }";
            section.required("url", help, |entry| machine.secret(entry))
        }
    };
    let checked = Address::parse(&url?, reach);
    checked
        .map_err(|error| section.reject("url", error.to_string()))
        .ok()
}

fn signing(section: &Section<'_>, secrets: &[Secret]) -> Option<Vec<SigningSecret>> {
    let secrets: Result<Vec<_>, _> = secrets.iter().map(SigningSecret::parse).collect();
    secrets
        .map_err(|error| section.reject("secret", error.to_string()))
        .ok()
}

/// Each format has its own keys, and what it cannot do is refused.
fn check_keys(section: &Section<'_>, format: Name) {
    for (key, of) in OF_FORMAT {
        match (section.has(key), format == of) {
            (true, false) => section.reject(key, "does not belong to this format"),
            (false, true) => {
                let message = format!("is missing; write {key} = {{ credential = \"name\" }}");
                section.reject(key, message);
            }
            (true, true) | (false, false) => {}
        }
    }
    if format == Name::PagerDuty && section.has("events") {
        section.reject(
            "events",
            "would page someone for a renewed token; use another format",
        );
    }
}

fn format_name(word: &str) -> Result<Name, String> {
    match word {
        "slack" => Ok(Name::Slack),
        "teams" => Ok(Name::Teams),
        "pagerduty" => Ok(Name::PagerDuty),
        "webhook" => Ok(Name::Webhook),
        other => Err(quoting(other, FORMATS)),
    }
}

fn audience(word: &str) -> Result<Audience, &'static str> {
    match word {
        "operators" => Ok(Audience::Operators),
        "all" => Ok(Audience::Everybody),
        _ => Err("must be \"operators\" or \"all\""),
    }
}

fn event(word: &str) -> Result<(), &'static str> {
    match word {
        "token.renewed" => Ok(()),
        _ => Err("must be \"token.renewed\"; incidents are posted in any case"),
    }
}
