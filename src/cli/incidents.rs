//! `perennial incidents`: what people must do.

use clap::Args;
use jiff::Timestamp;

use super::arguments::one_of;
use super::screen::Look;
use super::table::{Cell, Column, Table};
use super::text::count;
use super::{Answer, Failure, Screen, bar, style, when, words};
use crate::status::client::{Client, with_query};
use crate::status::snapshot::{IncidentFilter, IncidentQuery, IncidentStatus, IncidentView};

/// What people must do: one line for each cause that needs one person
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

fn render(incidents: &[IncidentView], now: Timestamp, look: &Look) -> String {
    let mut table = Table::new([
        Column::number("ID"),
        Column::new("STATE"),
        Column::new("OPENED"),
        Column::new("APP").may_shrink_to(6),
        Column::new("WHO").may_shrink_to(12),
        Column::number("TOKENS"),
        Column::new("DEADLINE"),
        Column::new("TO DO"),
        Column::new("WHY").may_shrink_to(12),
    ]);
    let rows: Vec<_> = incidents
        .iter()
        .map(|incident| row(incident, now, look))
        .collect();
    table.page(&rows, look)
}

fn row(incident: &IncidentView, now: Timestamp, look: &Look) -> Vec<Cell> {
    let state = match incident.state {
        IncidentStatus::Open => style::BAD,
        IncidentStatus::Acknowledged => style::WARNING,
        IncidentStatus::Resolved => style::GOOD,
    };
    vec![
        Cell::new(&incident.id),
        Cell::styled(incident.state.word(), state),
        Cell::new(when::told(incident.opened_at, now, look)),
        Cell::new(&incident.app),
        Cell::new(who(incident)),
        Cell::new(count(incident.tokens_affected)),
        deadline(incident, now, look),
        Cell::styled(words::remedy(incident.remedy), style::BOLD),
        Cell::new(words::cause(incident.cause)),
    ]
}

fn who(incident: &IncidentView) -> &str {
    match &incident.subject {
        Some(subject) => subject.name.as_deref().unwrap_or(&subject.id),
        None => "operator",
    }
}

fn deadline(incident: &IncidentView, now: Timestamp, look: &Look) -> Cell {
    match incident.deadline {
        Some(at) => {
            let style = bar::urgency(at.duration_since(now));
            Cell::styled(when::told(at, now, look), style)
        }
        None => Cell::styled("none", style::FAINT),
    }
}
