//! The first page: who must do what by when, person by person.

use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;

use crate::api::types::{IncidentQuery, IncidentView, TokenCounts};
use crate::model::{Deadline, IncidentSort, Remedy};
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
    /// Two people may have the same name.
    #[serde(skip)]
    key: Option<(String, String)>,
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
    let query = IncidentQuery {
        sort: Some(IncidentSort::Urgency),
        limit: Some(MOST_TASKS),
        ..IncidentQuery::default()
    };
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

/// In the order of each person's first task. Returns how many tasks there are as well.
fn by_person(incidents: Vec<IncidentView>, now: Timestamp) -> (Vec<Person>, u64) {
    let shown = incidents.len() as u64;
    let mut people: Vec<Person> = Vec::new();
    for incident in incidents {
        let key = key(&incident);
        let place = people.iter().position(|known| known.key == key);
        let place = place.unwrap_or_else(|| {
            people.push(Person {
                name: name(&incident),
                is_operators: key.is_none(),
                key,
                tasks: Vec::new(),
            });
            people.len() - 1
        });
        if let Some(person) = people.get_mut(place) {
            person.tasks.push(task(incident, now));
        }
    }
    (people, shown)
}

/// The app and the id of the person who must act; `None` if that is the operators.
fn key(incident: &IncidentView) -> Option<(String, String)> {
    let subject = incident.subject.as_ref();
    let person = subject.filter(|_| !incident.cause.concerns_operator())?;
    Some((incident.app.clone(), person.id.clone()))
}

fn name(incident: &IncidentView) -> String {
    let subject = incident.subject.as_ref();
    match subject.filter(|_| !incident.cause.concerns_operator()) {
        None => "The operators".to_owned(),
        Some(person) => match &person.name {
            Some(name) => name.clone(),
            None => format!("The person with the id {}", person.id),
        },
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_of_the_same_name_stay_apart() {
        let incident = |number: u32, app: &str, person: &str, cause: &str| {
            let incident = json!({
                "id": number.to_string(), "app": app, "cause": cause, "remedy": "login",
                "subject": {"id": person, "name": "Maria Schmidt"}, "state": "open",
                "opened_at": "2026-11-22T09:00:00Z", "deadline": null, "tokens_affected": 1,
                "tokens": ["maria"], "told": [], "next_reminder_at": null, "resolved_at": null,
            });
            serde_json::from_value::<IncidentView>(incident).unwrap()
        };
        let incidents = vec![
            incident(1, "acme", "1", "password_changed"),
            incident(2, "acme", "2", "password_changed"),
            incident(3, "acme", "1", "permission_missing"),
            incident(4, "shop", "1", "password_changed"),
            incident(5, "acme", "1", "app_secret_wrong"),
        ];
        let now = "2026-11-22T09:00:00Z".parse().unwrap();
        let (people, shown) = by_person(incidents, now);
        let tasks = people
            .iter()
            .map(|person| (person.name.as_str(), person.tasks.len()));
        assert_eq!(
            tasks.collect::<Vec<_>>(),
            [
                ("Maria Schmidt", 2),
                ("Maria Schmidt", 1),
                ("Maria Schmidt", 1),
                ("The operators", 1)
            ]
        );
        assert_eq!(shown, 5);
    }
}
