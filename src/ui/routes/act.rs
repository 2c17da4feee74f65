//! The first page: who must do what by when, person by person.

use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;

use crate::api::types::{IncidentQuery, IncidentStatus, IncidentView, TokenCounts};
use crate::model::{Deadline, Remedy};
use crate::ui::failure::Failure;
use crate::ui::page::Page;
use crate::ui::state::Ui;

/// More would make the page longer than a person reads, and than 50 kB.
const MOST_TASKS: usize = 30;
const FIRST_TOKENS: usize = 3;

#[derive(Serialize)]
struct Body {
    counts: TokenCounts,
    next_deadline: Option<Deadline>,
    problems: Vec<String>,
    people: Vec<Person>,
    left_out: u64,
}

/// What one person, or the operators, must do.
#[derive(Serialize)]
struct Person {
    name: String,
    is_operators: bool,
    tasks: Vec<Task>,
}

#[derive(Serialize)]
struct Task {
    incident: IncidentView,
    /// The first of the incident's tokens.
    tokens: Vec<String>,
    more_tokens: u64,
    has_ended: bool,
    /// A token for which a login link helps.
    login_token: Option<String>,
}

pub(super) async fn show(Ui(ui): Ui) -> Result<Response, Failure> {
    let query = IncidentQuery::default();
    let (visit, incidents) = ui.visit_with(ui.client.incidents(&query)).await?;
    let incidents = incidents.incidents;
    let open = visit.status.incidents.open;
    let (people, shown) = by_person(incidents, visit.now());
    let body = Body {
        counts: visit.status.tokens,
        next_deadline: visit.status.next_deadline.clone(),
        problems: visit.status.problems.clone(),
        people,
        left_out: open.saturating_sub(shown),
    };
    let title = match open {
        0 => "Nobody needs to act".to_owned(),
        1 => "One thing to do".to_owned(),
        open => format!("{open} things to do"),
    };
    let page = Page::new("act.html", "", title, body);
    Ok(ui.render(&visit, &page))
}

/// What does not work comes first, then the earliest deadline. Returns how many tasks there are as well.
fn by_person(mut incidents: Vec<IncidentView>, now: Timestamp) -> (Vec<Person>, u64) {
    incidents.sort_by_key(|incident| {
        (
            incident.state == IncidentStatus::Acknowledged,
            incident.cause.is_upcoming(),
            incident.deadline.unwrap_or(Timestamp::MAX),
        )
    });
    incidents.truncate(MOST_TASKS);
    let shown = incidents.len() as u64;
    let mut people: Vec<Person> = Vec::new();
    for incident in incidents {
        let (name, is_operators) = person(&incident);
        let task = task(incident, now);
        match people.iter_mut().find(|known| known.name == name) {
            Some(known) => known.tasks.push(task),
            None => people.push(Person {
                name,
                is_operators,
                tasks: vec![task],
            }),
        }
    }
    (people, shown)
}

fn person(incident: &IncidentView) -> (String, bool) {
    if incident.cause.concerns_operator() {
        return ("The operators".to_owned(), true);
    }
    let name = match &incident.subject {
        None => "The operators".to_owned(),
        Some(subject) => match &subject.name {
            Some(name) => name.clone(),
            None => format!("The person with the id {}", subject.id),
        },
    };
    (name, incident.subject.is_none())
}

fn task(incident: IncidentView, now: Timestamp) -> Task {
    let mut tokens = incident.tokens.clone();
    tokens.truncate(FIRST_TOKENS);
    Task {
        more_tokens: incident.tokens_affected.saturating_sub(tokens.len() as u64),
        has_ended: incident.deadline.is_some_and(|at| at <= now),
        login_token: login_token(&incident),
        tokens,
        incident,
    }
}

fn login_token(incident: &IncidentView) -> Option<String> {
    let helps = match incident.remedy {
        Remedy::Login | Remedy::Reauthorize | Remedy::GrantPermissions => {
            !incident.cause.concerns_operator()
        }
        Remedy::RestorePageRole
        | Remedy::ClearCheckpoint
        | Remedy::FixApp
        | Remedy::FixDelivery
        | Remedy::UpdateConsumer
        | Remedy::FixDatabase
        | Remedy::Wait => false,
    };
    incident.tokens.first().filter(|_| helps).cloned()
}
