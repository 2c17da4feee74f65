//! `perennial incidents`: lists what people must do.

use clap::Args;
use jiff::Timestamp;

use crate::api::types::{IncidentFilter, IncidentQuery, IncidentStatus, IncidentView};
use crate::api_client::{Client, with_query};
use crate::cli::parse::one_of;
use crate::cli::terminal::output::{Medium, TerminalFormat};
use crate::cli::terminal::table::{Cell, Column, Table};
use crate::cli::terminal::text::{count, counted, plain, wrapped};
use crate::cli::terminal::{bars, style, time};
use crate::cli::{Answer, Result, Terminal};
use crate::model::book;

/// List the incidents: causes that need a person
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Which incidents [default: unresolved]
    #[arg(long, value_parser = one_of(IncidentFilter::ALL, IncidentFilter::as_str))]
    state: Option<IncidentFilter>,
    /// Print the daemon's JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: &Options, client: &Client, terminal: &mut Terminal) -> Result {
    let query = IncidentQuery {
        state: options.state,
        ..IncidentQuery::default()
    };
    if options.json {
        terminal.print(&client.text(&with_query("/v1/incidents", &query)).await?)?;
        return Ok(Answer::Yes);
    }
    let incidents = client.incidents(&query).await?.incidents;
    if incidents.is_empty() {
        terminal.warn("There are no incidents to show.");
        return Ok(Answer::Yes);
    }
    let now = client.status().await?.now;
    terminal.print(&render(&incidents, now, &terminal.format))?;
    if incidents
        .iter()
        .any(|incident| incident.state == IncidentStatus::Open)
    {
        terminal.warn("To stop the reminders of one: perennial acknowledge ID --until 3d");
    }
    Ok(Answer::Yes)
}

pub(crate) fn render(
    incidents: &[IncidentView],
    now: Timestamp,
    format: &TerminalFormat,
) -> String {
    match format.medium {
        Medium::Pipe => table(incidents, format),
        Medium::Terminal { width } => {
            let paragraphs = incidents
                .iter()
                .map(|incident| paragraph(incident, width, now, format));
            paragraphs.collect::<Vec<_>>().join("\n")
        }
    }
}

const INDENT: &str = "     ";

/// Longer lines are hard to read, however wide the terminal is.
const READABLE: usize = 100;

fn paragraph(
    incident: &IncidentView,
    width: usize,
    now: Timestamp,
    format: &TerminalFormat,
) -> String {
    let width = width.min(READABLE).saturating_sub(INDENT.len());
    let mut lines = vec![heading(incident, now)];
    lines.extend(wrapped(
        &format!("Why: {}", incident.cause.describe()),
        width,
    ));
    if incident.state != IncidentStatus::Resolved {
        let to_do = style::paint(incident.remedy.describe(), style::BOLD);
        lines.push(format!("To do: {to_do}{}", deadline(incident, now)));
    }
    if !incident.cause.is_about_database() {
        lines.extend(wrapped(&tokens(incident, format), width));
    }
    lines.extend(wrapped(&told(incident, now), width));
    if incident.state != IncidentStatus::Resolved {
        // Not wrapped, so that it can be copied.
        lines.push(format!("Docs: {}", book::section_of_cause(incident.cause)));
    }
    let number = format!("{:<width$}", incident.id, width = INDENT.len());
    number + &lines.join(&format!("\n{INDENT}")) + "\n"
}

/// `open for 3 h, app acme, Paul Example`
fn heading(incident: &IncidentView, now: Timestamp) -> String {
    let open_for = time::span(now.duration_since(incident.opened_at));
    let (state, style) = match incident.state {
        IncidentStatus::Open => (format!("open for {open_for}"), style::BAD),
        IncidentStatus::Acknowledged => {
            (format!("acknowledged, open for {open_for}"), style::WARNING)
        }
        IncidentStatus::Resolved => {
            let at = incident.resolved_at.unwrap_or(incident.opened_at);
            (format!("resolved {}", time::relative(at, now)), style::GOOD)
        }
    };
    let state = style::paint(&state, style);
    let (app, who) = (plain(&incident.app), plain(who(incident)));
    match app.is_empty() {
        true if incident.cause.is_about_database() => format!("{state}, the database"),
        true => format!("{state}, delivery to {who}"),
        false => format!("{state}, app {app}, {who}"),
    }
}

fn deadline(incident: &IncidentView, now: Timestamp) -> String {
    let Some(at) = incident.deadline else {
        return String::new();
    };
    let style = bars::urgency(at.duration_since(now));
    let end = style::paint(&time::relative(at, now), style);
    format!("; the first token ends {end}")
}

fn tokens(incident: &IncidentView, format: &TerminalFormat) -> String {
    let all = counted(incident.tokens_affected, "token");
    if incident.tokens.is_empty() {
        return all;
    }
    let left = incident
        .tokens_affected
        .saturating_sub(incident.tokens.len() as u64);
    let more = match left {
        0 => String::new(),
        left => format!(" {} and {} more", format.glyphs.ellipsis(), count(left)),
    };
    format!("{all}: {}{more}", plain(&incident.tokens.join(", ")))
}

fn told(incident: &IncidentView, now: Timestamp) -> String {
    let told = match incident.told.as_slice() {
        [] => "No one has been notified yet".to_owned(),
        told => format!("Notified: {}", plain(&told.join(", "))),
    };
    match incident.next_reminder_at {
        Some(at) => format!("{told}; next reminder {}", time::relative(at, now)),
        None => told,
    }
}

fn who(incident: &IncidentView) -> &str {
    match &incident.subject {
        Some(subject) => subject.name.as_deref().unwrap_or(&subject.id),
        None => "the operator",
    }
}

fn table(incidents: &[IncidentView], format: &TerminalFormat) -> String {
    let titles = [
        "ID", "STATE", "OPENED", "APP", "WHO", "CAUSE", "REMEDY", "TOKENS", "DEADLINE",
    ];
    let row = |incident: &IncidentView| {
        let deadline = incident
            .deadline
            .map_or_else(|| "none".to_owned(), |at| at.to_string());
        vec![
            Cell::new(&incident.id),
            Cell::new(incident.state.as_str()),
            Cell::new(incident.opened_at.to_string()),
            Cell::new(&incident.app),
            Cell::new(who(incident)),
            Cell::new(incident.cause.as_str()),
            Cell::new(incident.remedy.as_str()),
            Cell::new(incident.tokens_affected.to_string()),
            Cell::new(deadline),
        ]
    };
    let rows: Vec<_> = incidents.iter().map(row).collect();
    Table::new(titles.map(Column::new)).page(&rows, format)
}
