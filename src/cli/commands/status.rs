//! `perennial status`: a summary of the daemon and its tokens, on one screen.

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::api::types::{AppReport, NodeView, StatusReport, TokenCounts};
use crate::api_client::Client;
use crate::cli::terminal::output::{Terminal, TerminalFormat};
use crate::cli::terminal::table::{Cell, Column, Table};
use crate::cli::terminal::text::{self, count, counted};
use crate::cli::terminal::{bars, style, time};
use crate::cli::{Answer, Result};

/// Show a summary of the daemon and its tokens
///
/// Exit code 1 when the daemon is not ready or has problems of its own. Tokens that need a person do not change the
/// exit code: people are notified by email, and `perennial incidents` lists them.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Print the daemon's JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: &Options, client: &Client, terminal: &mut Terminal) -> Result {
    let report = if options.json {
        let text = client.text("/v1/status").await?;
        terminal.print(&text)?;
        serde_json::from_str(&text).ok()
    } else {
        let report = client.status().await?;
        terminal.print(&render(&report, &terminal.format))?;
        Some(report)
    };
    Ok(match report {
        Some(report) if is_well(&report) => Answer::Yes,
        Some(_) | None => Answer::No,
    })
}

fn is_well(report: &StatusReport) -> bool {
    report.ready && report.problems.is_empty()
}

pub(crate) fn render(report: &StatusReport, format: &TerminalFormat) -> String {
    let mut page = headline(report) + "\n\n";
    for (label, text) in figures(report, format) {
        page.push_str(&format!("{label:<11} {text}\n"));
    }
    if !report.apps.is_empty() {
        page.push('\n');
        page.push_str(&apps(&report.apps, report.now, format));
    }
    if report.nodes.len() > 1 {
        page.push('\n');
        page.push_str(&nodes(&report.nodes, report.now, format));
    }
    if !report.problems.is_empty() {
        page.push_str("\nProblems\n");
        for problem in &report.problems {
            page.push_str(&format!(
                "  {}\n",
                style::paint(&text::plain(problem), style::BAD)
            ));
        }
    }
    page
}

fn headline(report: &StatusReport) -> String {
    let tokens = report.tokens;
    let style = if !report.ready || tokens.dead > 0 {
        style::BAD
    } else if tokens.failing > 0 {
        style::TROUBLE
    } else if tokens.expiring > 0 {
        style::WARNING
    } else {
        style::GOOD
    };
    let mut sentence = about_tokens(tokens);
    if !report.ready {
        sentence = format!("The daemon is not ready. {sentence}");
    }
    style::paint(&sentence, style.bold())
}

fn about_tokens(tokens: TokenCounts) -> String {
    let TokenCounts {
        total,
        unverified,
        failing,
        expiring,
        dead,
        ..
    } = tokens;
    let of_all = |some: u64, one: &str, many: &str| {
        let verb = if some == 1 { one } else { many };
        format!("{} of {} {verb}", count(some), counted(total, "token"))
    };
    let person = dead + expiring;
    let mut sentences = Vec::new();
    if total == 0 {
        return "No tokens yet. Add the first one: perennial import".to_owned();
    }
    if person > 0 {
        sentences.push(of_all(person, "needs a person.", "need a person."));
    }
    if failing > 0 {
        let many = "are failing: see perennial tokens --state failing.";
        let one = "is failing: see perennial tokens --state failing.";
        sentences.push(of_all(failing, one, many));
    }
    if unverified > 0 {
        sentences.push(of_all(
            unverified,
            "waits for its first check.",
            "wait for their first check.",
        ));
    }
    match (sentences.is_empty(), total) {
        (true, 1) => "The only token is healthy.".to_owned(),
        (true, _) => format!("All {} are healthy.", counted(total, "token")),
        (false, _) => sentences.join(" "),
    }
}

fn figures(report: &StatusReport, format: &TerminalFormat) -> Vec<(&'static str, String)> {
    let mut figures = vec![
        ("tokens", counts(report.tokens)),
        ("next end", next_end(report, format)),
        ("sweep", sweep(report, format)),
        ("incidents", incidents(report)),
        ("mail", mail(report, format)),
    ];
    if report.deliveries != Default::default() {
        figures.push(("deliveries", deliveries(report)));
    }
    let up = time::describe(report.started_at, report.now, format);
    figures.push((
        "daemon",
        format!("version {}, started {up}", text::plain(&report.version)),
    ));
    figures
}

fn counts(tokens: TokenCounts) -> String {
    let by_state = [
        (tokens.healthy, "healthy", style::GOOD),
        (tokens.expiring, "expiring", style::WARNING),
        (tokens.failing, "failing", style::TROUBLE),
        (tokens.dead, "dead", style::BAD),
        (tokens.unverified, "unverified", style::FAINT),
    ];
    let shown = by_state.into_iter().filter(|(number, ..)| *number > 0);
    let shown = shown
        .map(|(number, word, style)| style::paint(&format!("{} {word}", count(number)), style));
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() {
        "none".to_owned()
    } else {
        shown.join(", ")
    }
}

fn next_end(report: &StatusReport, format: &TerminalFormat) -> String {
    let Some(deadline) = &report.next_deadline else {
        return "none known".to_owned();
    };
    let style = bars::urgency(deadline.at.duration_since(report.now));
    let at = style::paint(&time::describe(deadline.at, report.now, format), style);
    format!("{} {at}", text::plain(&deadline.token))
}

fn sweep(report: &StatusReport, format: &TerminalFormat) -> String {
    let relative = |at: Timestamp| time::describe(at, report.now, format);
    let last = match report.sweep.last_finished_at {
        Some(at) => format!("finished {}", relative(at)),
        None => "none has finished yet".to_owned(),
    };
    let next = report
        .sweep
        .next_at
        .map(|at| format!(", next {}", relative(at)));
    let overdue = match report.sweep.overdue {
        0 => String::new(),
        late => style::paint(&format!(", {} overdue", count(late)), style::BAD),
    };
    let due = count(report.sweep.due);
    format!("{last}{}; {due} due{overdue}", next.unwrap_or_default())
}

fn incidents(report: &StatusReport) -> String {
    let incidents = report.incidents;
    if incidents.open == 0 {
        return "none open".to_owned();
    }
    let acknowledged = incidents.open.saturating_sub(incidents.unacknowledged);
    let quiet = match (acknowledged, incidents.unacknowledged) {
        (0, _) => String::new(),
        (1, 0) => ", and it is acknowledged".to_owned(),
        (_, 0) => ", all of them acknowledged".to_owned(),
        (some, _) => format!(", {} of them acknowledged", count(some)),
    };
    let open = style::paint(&format!("{} open", count(incidents.open)), style::WARNING);
    format!("{open}{quiet}: perennial incidents")
}

fn mail(report: &StatusReport, format: &TerminalFormat) -> String {
    let mail = &report.mail;
    let waiting = match mail.queued {
        0 => "nothing waits".to_owned(),
        some => format!("{} waiting", counted(some, "email")),
    };
    let oldest = mail
        .oldest_queued_at
        .map(|at| time::describe(at, report.now, format));
    let oldest = oldest.map_or_else(String::new, |at| format!(", the oldest written {at}"));
    let error = mail.last_error.as_deref().map(text::plain);
    let error = error.map_or_else(String::new, |error| {
        style::paint(&format!("; {error}"), style::TROUBLE)
    });
    format!("{waiting}{oldest}{error}")
}

fn deliveries(report: &StatusReport) -> String {
    let failed = match report.deliveries.failed {
        0 => String::new(),
        some => style::paint(&format!(", {} failed", count(some)), style::BAD),
    };
    format!("{} pending{failed}", count(report.deliveries.pending))
}

fn apps(apps: &[AppReport], now: Timestamp, format: &TerminalFormat) -> String {
    let mut table = Table::new([
        Column::new("APP"),
        Column::new("ID"),
        Column::new("GRAPH VERSION"),
        Column::number("CALLS/H"),
        Column::new("LIMIT USED"),
        Column::new("META"),
    ]);
    let rows: Vec<_> = apps.iter().map(|app| app_row(app, now, format)).collect();
    table.page(&rows, format)
}

pub(super) fn nodes(nodes: &[NodeView], now: Timestamp, format: &TerminalFormat) -> String {
    let mut table = Table::new([
        Column::new("NODE"),
        Column::new("VERSION"),
        Column::new("SEEN"),
        Column::new("DUTIES"),
    ]);
    let row = |node: &NodeView| {
        let duties = match node.duties.is_empty() {
            true => "none".to_owned(),
            false => node.duties.join(", "),
        };
        vec![
            Cell::new(&node.name),
            Cell::new(&node.version),
            Cell::new(time::describe(node.seen_at, now, format)),
            Cell::new(duties),
        ]
    };
    let rows: Vec<_> = nodes.iter().map(row).collect();
    table.page(&rows, format)
}

/// Says when the version ends, and whether that is its end in the Marketing API.
fn version_end(app: &AppReport, day: Date, now: Timestamp) -> String {
    let is_over = day < now.to_zoned(TimeZone::UTC).date();
    let ends = if is_over { "ended" } else { "ends" };
    let of_ads = if app.uses_ads { " for ads" } else { "" };
    format!(", {ends}{of_ads} {day}")
}

fn app_row(app: &AppReport, now: Timestamp, format: &TerminalFormat) -> Vec<Cell> {
    let ends = app
        .graph_version_ends_on
        .map(|day| version_end(app, day, now));
    let calls = match app.throttled_until.filter(|until| *until > now) {
        Some(until) => Cell::styled(
            format!("limits us, again {}", time::describe(until, now, format)),
            style::TROUBLE,
        ),
        None => Cell::new("open"),
    };
    vec![
        Cell::new(&app.name),
        Cell::new(&app.id),
        Cell::new(format!("{}{}", app.graph_version, ends.unwrap_or_default())),
        Cell::new(count(app.calls_last_hour)),
        bars::usage(app.usage_percent, format),
        calls,
    ]
}
