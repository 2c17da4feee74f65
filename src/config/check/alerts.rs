//! Reads `[alerts]`: who is notified, when, and how emails are sent.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::posts::posts;
use super::routes::{language, routes};
use super::schedule::timezone;
use crate::alerts;
use crate::config::credentials::Machine;
use crate::config::file::read_at_most;
use crate::config::readers::{duration, filled_list, several, switched_on, text, yes_or_no};
use crate::config::smtp_url::{self, SmtpUrl};
use crate::config::tree::{Entry, Section};
use crate::config::{App, addresses, defaults, hours, paths};
use crate::email::mailer::{self, Authority, SmtpServer, Transport};
use crate::email::samples::{self, Sample};
use crate::email::text::Language;
use crate::email::{Sender, Templates};
use crate::posts::Channel;

const WAYS: [&str; 3] = ["smtp", "sendmail", "directory"];

const NO_WAY: &str = "no email can be sent: none of smtp, sendmail and directory is set, \
                      so nobody is notified when a token needs attention";

pub(super) fn alerts(
    mut section: Section<'_>,
    timezone: TimeZone,
    apps: &[App],
    machine: &Machine,
) -> (alerts::Rules, mailer::Settings, Vec<Channel>) {
    let help = "name the sender, such as \"Perennial <perennial@example.com>\"";
    let from = needed_to_send(&mut section, "from", help, text(addresses::mailbox));
    let from = from.unwrap_or_else(|| defaults::FROM.to_owned());
    let help = "name the recipients, such as [\"ops@example.com\"]";
    let operators = filled_list(text(addresses::address));
    let operators = needed_to_send(&mut section, "to", help, operators);
    let sender = sender(&mut section);
    let (post_channels, channels) = posts(&mut section, machine);
    let rules = alerts::Rules {
        warn_before: warn_before(&mut section),
        remind_every: section.or("remind_every", defaults::REMIND_EVERY, duration),
        plan_window: section.or("plan_window", defaults::PLAN_WINDOW, duration),
        operators: operators.unwrap_or_default(),
        copy_operators: section.or("copy_operators", false, yes_or_no()),
        escalate_after: section.optional("escalate_after", duration),
        escalate_to: several(&mut section, "escalate_to", addresses::address),
        quiet_hours: section.optional("quiet_hours", text(hours::quiet)),
        working_days: several(&mut section, "working_days", hours::day),
        routes: routes(&mut section, apps),
        channels: post_channels,
        apps: apps.iter().map(|app| app.name.clone()).collect(),
        message_domain: domain_of(&from),
        language: section.or("language", Language::default(), text(language)),
        templates: Arc::new(templates(&mut section).of_sender(sender)),
        timezone,
        login_links: None,
    };
    warn_of_nobody(&section, &rules);
    let transport = transport(&mut section, machine);
    (rules, mailer::Settings { from, transport }, channels)
}

/// Reads a key that is required if emails can be sent.
fn needed_to_send<'f, T>(
    section: &mut Section<'f>,
    key: &'static str,
    help: &str,
    read: impl FnOnce(Entry<'f>) -> Option<T>,
) -> Option<T> {
    if has_a_way(section) {
        section.required(key, help, read)
    } else {
        section.optional(key, read)
    }
}

/// Warns about `escalate_to` without `escalate_after`, because those people would never be notified.
fn warn_of_nobody(section: &Section<'_>, rules: &alerts::Rules) {
    let of_routes = rules.routes.iter().map(|route| route.escalate_after);
    let is_set = of_routes
        .chain([rules.escalate_after])
        .any(|after| after.is_some());
    if section.has("escalate_to") && !is_set {
        let message = "never gets an email; say after how long, such as escalate_after = \"2d\"";
        section.warn("escalate_to", message);
    }
}

/// Returns the domain of the sender, for message ids.
fn domain_of(mailbox: &str) -> String {
    let domain = mailbox.rsplit('@').next().unwrap_or_default();
    domain.trim_end_matches('>').to_owned()
}

/// Renders the sample emails with the configured templates, even if other keys are invalid.
pub(in crate::config) fn sample_emails(
    mut top: Section<'_>,
    machine: &Machine,
    now: Timestamp,
) -> Vec<Sample> {
    let timezone = timezone(&mut top, machine);
    let mut section = top.section("alerts");
    let sender = sender(&mut section);
    let templates = templates(&mut section).of_sender(sender);
    samples::emails(&templates, &timezone, now)
}

/// Reads who writes, and whom to ask.
fn sender(section: &mut Section<'_>) -> Sender {
    Sender {
        company: section.or("company", String::new(), text(addresses::line)),
        contact: section.or("contact", String::new(), text(addresses::line)),
    }
}

/// Loads the templates. A template that fails causes a warning, and the built-in one replaces it.
fn templates(section: &mut Section<'_>) -> Templates {
    let of_folder = |path: &str| -> Result<Templates, String> {
        let path = paths::absolute(path)?;
        Templates::of_folder(&path).map_err(|error| error.to_string())
    };
    let templates = section.or("templates", Templates::default(), text(of_folder));
    for error in samples::template_errors(&templates) {
        section.warn("templates", error);
    }
    templates
}

fn warn_before(section: &mut Section<'_>) -> Vec<SignedDuration> {
    let usual = defaults::WARN_BEFORE;
    let mut steps: Vec<_> = section.or("warn_before", usual, filled_list(duration));
    steps.sort_unstable_by_key(|step| Reverse(*step));
    steps.dedup();
    steps
}

fn has_a_way(section: &Section<'_>) -> bool {
    WAYS.iter().any(|way| section.has(way))
}

fn transport(section: &mut Section<'_>, machine: &Machine) -> Transport {
    refuse_second_way(section);
    let smtp = section.optional("smtp", |entry| smtp(entry, machine));
    let sendmail = section.optional("sendmail", switched_on());
    let directory = section.optional("directory", text(paths::absolute));
    if !has_a_way(section) {
        section.warn("", NO_WAY);
    }
    smtp.or_else(|| sendmail.map(|()| Transport::Sendmail))
        .or_else(|| directory.map(Transport::Directory))
        .unwrap_or(Transport::Nowhere)
}

fn refuse_second_way(section: &Section<'_>) {
    let mut named: Vec<_> = WAYS
        .into_iter()
        .filter_map(|way| Some((section.line_of(way)?, way)))
        .collect();
    named.sort_unstable();
    let [(line, first), others @ ..] = named.as_slice() else {
        return;
    };
    for (_, other) in others {
        let message =
            format!("emails can be sent in only one way, and {first} is on line {line}; keep one");
        section.reject(other, message);
    }
}

fn smtp(entry: Entry<'_>, machine: &Machine) -> Option<Transport> {
    let mut section = entry.into_section()?;
    let help = "name the mail server, such as \"smtps://user@smtp.example.com:465\"";
    let relay = section.required("url", help, text(smtp_url::parse));
    let password = section.optional("password", |entry| machine.secret(entry));
    let ca = section.optional("ca", text(authority));
    let relay = relay?;
    check_login(&section, &relay);
    Some(Transport::Smtp(SmtpServer {
        host: relay.host,
        port: relay.port,
        security: relay.security,
        user: relay.user,
        password,
        ca,
    }))
}

fn authority(path: &str) -> Result<Authority, String> {
    /// More than all root certificates of a machine.
    const LARGEST: u64 = 1 << 20;
    let path = paths::absolute(path)?;
    let pem = read_at_most(LARGEST, &path).map_err(|error| format!("cannot be read: {error}"))?;
    Authority::from_pem(pem).map_err(|error| error.to_string())
}

fn check_login(section: &Section<'_>, relay: &SmtpUrl) {
    match (&relay.user, section.has("password")) {
        (Some(_), true) | (None, false) => {}
        (Some(_), false) => {
            let message = "names a user without a password; add password = { credential = … }";
            section.reject("url", message);
        }
        (None, true) => {
            section.reject("password", "needs a user; write the user into the url");
        }
    }
}
