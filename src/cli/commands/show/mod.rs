//! `perennial show NAME`: prints everything about one token, and who must act.

mod consumers;
pub(crate) mod next_step;

use anstyle::Style;
use clap::Args;
use jiff::Timestamp;

use crate::api::types::{EventView, SubscriptionView, TokenDetail, TokenView};
use crate::api_client::{Client, token_path};
use crate::cli::completion::token_names;
use crate::cli::terminal::bars::ClockFace;
use crate::cli::terminal::output::{Medium, Terminal, TerminalFormat};
use crate::cli::terminal::text::{self, count, wrapped};
use crate::cli::terminal::{event_text, style, time};
use crate::cli::{Answer, Result};
use crate::model::{Kind, Subscription, book};

/// Show everything about one token, and who must act
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The name of the token
    #[arg(add = token_names())]
    name: String,
    /// Print the daemon's JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: &Options, client: &Client, terminal: &mut Terminal) -> Result {
    if options.json {
        terminal.print(&client.text(&token_path(&options.name, "")).await?)?;
        return Ok(Answer::Yes);
    }
    let detail = client.token(&options.name).await?;
    let now = client.status().await?.now;
    terminal.print(&render(&detail, now, &terminal.format))?;
    Ok(Answer::Yes)
}

/// The most names in a list.
const NAMES_SHOWN: usize = 8;

const LABEL_WIDTH: usize = 13;

/// Longer lines are hard to read, however wide the terminal is.
const READABLE: usize = 100;

const NARROWEST: usize = 20;

pub(crate) fn render(detail: &TokenDetail, now: Timestamp, format: &TerminalFormat) -> String {
    let mut page = heading(&detail.token) + "\n\n";
    let step = next_step::of(detail, now, format);
    page.push_str(&entry("to do", &step.text, style::BOLD, format));
    if let Some(command) = step.command {
        page.push_str(&format!("{:LABEL_WIDTH$}{}\n", "", text::plain(&command)));
    }
    if let Some(cause) = detail.token.cause {
        // Not wrapped, so that it can be copied.
        let section = book::section_of_cause(cause);
        page.push_str(&format!("{:<LABEL_WIDTH$}{section}\n", "docs"));
    }
    page.push('\n');
    for (label, text) in facts(detail) {
        page.push_str(&entry(label, &text, style::PLAIN, format));
    }
    if let Some(calendar) = &detail.calendar {
        // Not wrapped, so that it can be copied.
        let address = text::plain(calendar);
        page.push_str(&format!("{:<LABEL_WIDTH$}{address}\n", "calendar"));
    }
    page.push_str(&clocks(&detail.token, now, format));
    for (label, text) in history(detail, now, format) {
        page.push_str(&entry(label, &text, style::PLAIN, format));
    }
    for line in consumers::lines(&detail.token, now, format) {
        page.push_str(&entry("consumer", &line, style::PLAIN, format));
    }
    if !detail.events.is_empty() {
        page.push_str("\nLatest events\n");
        page.extend(detail.events.iter().map(|event| self::event(event, format)));
    }
    page
}

fn heading(token: &TokenView) -> String {
    let name = style::paint(&text::plain(&token.name), style::BOLD);
    let state = style::paint(token.state.as_str(), style::of_state(token.state));
    match token.cause {
        Some(cause) => format!("{name} is {state}: {}", cause.describe()),
        None => format!("{name} is {state}"),
    }
}

/// A label, and beside it a text that is wrapped to the terminal's width.
fn entry(label: &str, text: &str, style: Style, format: &TerminalFormat) -> String {
    let label = format!("{label:<LABEL_WIDTH$}");
    let beside = text::width(&label);
    let width = match format.medium {
        Medium::Terminal { width } => width.min(READABLE).saturating_sub(beside).max(NARROWEST),
        Medium::Pipe => usize::MAX,
    };
    let lines = wrapped(&text::plain(text), width).into_iter();
    let lines: Vec<String> = lines.map(|line| style::paint(&line, style)).collect();
    let indent = format!("\n{}", " ".repeat(beside));
    format!("{label}{}\n", lines.join(&indent))
}

fn facts(detail: &TokenDetail) -> Vec<(&'static str, String)> {
    let token = &detail.token;
    let kind = token
        .kind
        .map_or("unknown until the first check", Kind::as_str);
    let mut facts = vec![("app", token.app.clone()), ("kind", kind.to_owned())];
    if let Some(subject) = &token.subject {
        let name = subject.name.as_ref().map(|name| format!("{name}, "));
        facts.push((
            "subject",
            format!("{}{}", name.unwrap_or_default(), subject.id),
        ));
    }
    if let Some(subscription_text) = &detail.webhook_subscription {
        facts.push(("webhooks", subscription_summary(token, subscription_text)));
    }
    if let Some(parent) = &token.parent {
        facts.push(("parent", parent.clone()));
    }
    if !detail.children.is_empty() {
        facts.push(("children", first_of(&detail.children)));
    }
    facts.push(("owners", owners(detail)));
    if !token.scopes.is_empty() {
        facts.push(("permissions", token.scopes.join(" ")));
    }
    if !token.missing_scopes.is_empty() {
        facts.push(("missing", token.missing_scopes.join(" ")));
    }
    let secret = format!(
        "version {}, fingerprint {}",
        token.version, token.fingerprint
    );
    facts.push(("secret", secret));
    facts
}

fn first_of(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMES_SHOWN).map(String::as_str).collect();
    let more = names.len().saturating_sub(NAMES_SHOWN) as u64;
    let more = match more {
        0 => String::new(),
        more => format!(" and {} more", count(more)),
    };
    format!("{}{more}", shown.join(", "))
}

/// Who is notified: the token's own owners, its parent's, or the operators.
fn owners(detail: &TokenDetail) -> String {
    let token = &detail.token;
    if !token.owners.is_empty() {
        return token.owners.join(", ");
    }
    match &token.parent {
        Some(parent) if !detail.inherited_owners.is_empty() => {
            format!(
                "{}, from its parent {parent}",
                detail.inherited_owners.join(", ")
            )
        }
        Some(_) | None => "none; the operators are notified".to_owned(),
    }
}

/// Which events the page sends to the app and, if some are missing, the call that changes it.
fn subscription_summary(token: &TokenView, subscription_text: &SubscriptionView) -> String {
    let page = token.subject.as_ref().map_or("PAGE", |page| &page.id);
    match subscription_text.subscription {
        Subscription::Subscribed => "the app receives the page's webhooks".to_owned(),
        Subscription::Unknown => "Meta does not say which webhooks the app receives".to_owned(),
        Subscription::Missing => format!(
            "the app does not receive {}. Subscribe the app with the page's own token, naming all fields that it \
             needs: POST /{page}/subscribed_apps?subscribed_fields={}",
            text::all_of(&subscription_text.missing),
            subscription_text.missing.join(",")
        ),
    }
}

fn clocks(token: &TokenView, now: Timestamp, format: &TerminalFormat) -> String {
    let clock_faces = [
        ("expires", ClockFace::of_expiry(token), token.expires_at),
        (
            "data access",
            ClockFace::of_data_access(token),
            token.data_access_expires_at,
        ),
    ];
    let mut lines = String::new();
    for (label, clock_face, end) in clock_faces {
        let cell = clock_face.cell(now, format).painted();
        let at = match end.filter(|_| !format.is_pipe()) {
            Some(end) => format!(", {}", time::absolute(end, format)),
            None => String::new(),
        };
        lines.push_str(&format!("{label:<LABEL_WIDTH$}{cell}{at}\n"));
    }
    lines
}

fn history(
    detail: &TokenDetail,
    now: Timestamp,
    format: &TerminalFormat,
) -> Vec<(&'static str, String)> {
    let token = &detail.token;
    let at = |at: Timestamp| instant(at, now, format);
    let never = || "never".to_owned();
    let last = token
        .last_rotation
        .map(|last| format!("{}: {}", at(last.at), last.outcome.describe()));
    let next = token
        .next
        .map(|next| format!("{} {}", next.action.describe(), at(next.at)));
    let order = detail.last_order.map(|last| {
        let end = last.ended.map_or("pending", |end| end.outcome.describe());
        format!("{} {}: {end}", last.order, at(last.requested_at))
    });
    let mut history = vec![
        ("imported", at(token.imported_at)),
        ("last check", token.checked_at.map_or_else(never, at)),
        ("last attempt", last.unwrap_or_else(never)),
        (
            "renewed",
            renewed(detail).map_or_else(never, |(when, how)| at(when) + how),
        ),
        (
            "next",
            next.unwrap_or_else(|| "nothing, until someone acts".to_owned()),
        ),
    ];
    history.extend(order.map(|order| ("last order", order)));
    history
}

/// A login renews a token, too: it replaces the secret.
fn renewed(detail: &TokenDetail) -> Option<(Timestamp, &'static str)> {
    let rotated_at = detail.token.rotated_at;
    match detail.replaced_at.filter(|at| Some(*at) > rotated_at) {
        Some(at) => Some((at, ", replaced by a new token")),
        None => rotated_at.map(|at| (at, "")),
    }
}

/// `3 h ago, 2026-12-14 03:12:05 CET`
fn instant(at: Timestamp, now: Timestamp, format: &TerminalFormat) -> String {
    if format.is_pipe() {
        return at.to_string();
    }
    format!(
        "{}, {}",
        time::relative(at, now),
        time::absolute(at, format)
    )
}

fn event(event: &EventView, format: &TerminalFormat) -> String {
    let sentence = event_text::sentence(event);
    let at = time::absolute(event.at, format);
    entry(&format!("{at}  "), &sentence.text, sentence.style, format)
}
