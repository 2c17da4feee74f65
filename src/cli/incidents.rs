//! `perennial incidents`: what people must do.

use clap::Args;
use jiff::Timestamp;

use super::arguments::one_of;
use super::screen::{Look, Medium};
use super::table::{Cell, Column, Table};
use super::text::{count, counted, plain, wrapped};
use super::{Answer, Failure, Screen, bar, style, when, words};
use crate::status::client::{Client, with_query};
use crate::status::snapshot::{IncidentFilter, IncidentQuery, IncidentStatus, IncidentView};

/// What people must do: each cause that needs one person
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Which ones [default: unresolved]
    #[arg(long, value_parser = one_of(IncidentFilter::ALL, IncidentFilter::word))]
    state: Option<IncidentFilter>,
    /// Print the daemon's own JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(
    options: &Options,
    client: &Client,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    let query = IncidentQuery {
        state: options.state,
    };
    if options.json {
        screen.say(&client.text(&with_query("/v1/incidents", &query)).await?)?;
        return Ok(Answer::Yes);
    }
    let incidents = client.incidents(&query).await?.incidents;
    if incidents.is_empty() {
        screen.note("There is nothing that anybody has to do.");
        return Ok(Answer::Yes);
    }
    let now = client.status().await?.now;
    screen.say(&render(&incidents, now, &screen.look))?;
    if incidents
        .iter()
        .any(|incident| incident.state == IncidentStatus::Open)
    {
        screen.note("To stop the reminders of one: perennial acknowledge ID --until 3d");
    }
    Ok(Answer::Yes)
}

pub(super) fn render(incidents: &[IncidentView], now: Timestamp, look: &Look) -> String {
    match look.medium {
        Medium::Pipe => table(incidents, look),
        Medium::Terminal { width } => {
            let paragraphs = incidents
                .iter()
                .map(|incident| paragraph(incident, width, now, look));
            paragraphs.collect::<Vec<_>>().join("\n")
        }
    }
}

const INDENT: &str = "     ";

/// Lines wider than this are hard to read, however wide the terminal is.
const READABLE: usize = 100;

fn paragraph(incident: &IncidentView, width: usize, now: Timestamp, look: &Look) -> String {
    let width = width.min(READABLE).saturating_sub(INDENT.len());
    let mut lines = vec![heading(incident, now)];
    lines.extend(wrapped(
        &format!("Why: {}", words::cause(incident.cause)),
        width,
    ));
    if incident.state != IncidentStatus::Resolved {
        let to_do = style::paint(words::remedy(incident.remedy), style::BOLD);
        lines.push(format!("To do: {to_do}{}", deadline(incident, now)));
    }
    lines.extend(wrapped(&tokens(incident, look), width));
    lines.extend(wrapped(&told(incident, now), width));
    let number = format!("{:<width$}", incident.id, width = INDENT.len());
    number + &lines.join(&format!("\n{INDENT}")) + "\n"
}

/// `open for 3 h, app acme, Paul Example`
fn heading(incident: &IncidentView, now: Timestamp) -> String {
    let open_for = when::span(now.duration_since(incident.opened_at));
    let (state, style) = match incident.state {
        IncidentStatus::Open => (format!("open for {open_for}"), style::BAD),
        IncidentStatus::Acknowledged => {
            (format!("acknowledged, open for {open_for}"), style::WARNING)
        }
        IncidentStatus::Resolved => {
            let at = incident.resolved_at.unwrap_or(incident.opened_at);
            (format!("resolved {}", when::relative(at, now)), style::GOOD)
        }
    };
    let (app, who) = (plain(&incident.app), plain(who(incident)));
    format!("{}, app {app}, {who}", style::paint(&state, style))
}

fn deadline(incident: &IncidentView, now: Timestamp) -> String {
    let Some(at) = incident.deadline else {
        return String::new();
    };
    let style = bar::urgency(at.duration_since(now));
    let end = style::paint(&when::relative(at, now), style);
    format!("; the first token ends {end}")
}

fn tokens(incident: &IncidentView, look: &Look) -> String {
    let all = counted(incident.tokens_affected, "token");
    if incident.tokens.is_empty() {
        return all;
    }
    let left = incident
        .tokens_affected
        .saturating_sub(incident.tokens.len() as u64);
    let more = match left {
        0 => String::new(),
        left => format!(" {} and {} more", look.glyphs.ellipsis(), count(left)),
    };
    format!("{all}: {}{more}", plain(&incident.tokens.join(", ")))
}

fn told(incident: &IncidentView, now: Timestamp) -> String {
    let told = match incident.told.as_slice() {
        [] => "Nobody was written to yet".to_owned(),
        told => format!("Told: {}", plain(&told.join(", "))),
    };
    match incident.next_reminder_at {
        Some(at) => format!("{told}; next reminder {}", when::relative(at, now)),
        None => told,
    }
}

fn who(incident: &IncidentView) -> &str {
    match &incident.subject {
        Some(subject) => subject.name.as_deref().unwrap_or(&subject.id),
        None => "the operator",
    }
}

fn table(incidents: &[IncidentView], look: &Look) -> String {
    let titles = [
        "ID", "STATE", "OPENED", "APP", "WHO", "CAUSE", "REMEDY", "TOKENS", "DEADLINE",
    ];
    let row = |incident: &IncidentView| {
        let deadline = incident
            .deadline
            .map_or_else(|| "none".to_owned(), |at| at.to_string());
        vec![
            Cell::new(&incident.id),
            Cell::new(incident.state.word()),
            Cell::new(incident.opened_at.to_string()),
            Cell::new(&incident.app),
            Cell::new(who(incident)),
            Cell::new(incident.cause.word()),
            Cell::new(incident.remedy.word()),
            Cell::new(incident.tokens_affected.to_string()),
            Cell::new(deadline),
        ]
    };
    let rows: Vec<_> = incidents.iter().map(row).collect();
    Table::new(titles.map(Column::new)).page(&rows, look)
}
