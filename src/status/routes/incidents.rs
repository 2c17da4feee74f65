//! The incidents: what people must do, and asking for no more reminders.

use axum::Json;
use axum::extract::State;

use crate::inventory::{Error, Incident, IncidentState, View, Which};
use crate::status::reception::Here;
use crate::status::request::{Asked, Id, Operator, Sent, Viewer, no_such_incident};
use crate::status::snapshot::{
    AcknowledgeRequest, IncidentFilter, IncidentList, IncidentQuery, IncidentView, Problem,
    ProblemType,
};

const MOST_INCIDENTS: usize = 500;
const FIRST_TOKENS: usize = 20;

/// What people must do, newest first.
#[utoipa::path(
    get, path = "/v1/incidents", params(IncidentQuery), responses((status = 200, body = IncidentList))
)]
pub(in crate::status) async fn list(
    viewer: Viewer,
    State(reception): Here,
    Asked(query): Asked<IncidentQuery>,
) -> Result<Json<IncidentList>, Problem> {
    let which = query.state.map_or(Which::Unresolved, Which::from);
    let incidents = reception
        .read_at_length(viewer.rank, move |view| {
            let found = view.incidents(which, MOST_INCIDENTS)?;
            found
                .into_iter()
                .map(|incident| with_tokens(view, incident))
                .collect()
        })
        .await?;
    Ok(Json(IncidentList { incidents }))
}

impl From<IncidentFilter> for Which {
    fn from(filter: IncidentFilter) -> Self {
        match filter {
            IncidentFilter::Open => Self::Open,
            IncidentFilter::Acknowledged => Self::Acknowledged,
            IncidentFilter::Unresolved => Self::Unresolved,
            IncidentFilter::Resolved => Self::Resolved,
            IncidentFilter::All => Self::All,
        }
    }
}

fn with_tokens(view: &View<'_>, incident: Incident) -> Result<IncidentView, Error> {
    let first = view.members(&incident, FIRST_TOKENS)?;
    let names = first.into_iter().map(|token| token.name).collect();
    Ok(IncidentView::from((incident, names)))
}

/// No reminders until then. The incident stays open, and its end is told.
#[utoipa::path(
    post, path = "/v1/incidents/{id}/acknowledge", params(("id" = String, Path)),
    request_body = AcknowledgeRequest, responses((status = 200, body = IncidentView))
)]
pub(in crate::status) async fn acknowledge(
    Operator(asked_by): Operator,
    State(reception): Here,
    Id(id): Id,
    Sent(request): Sent<AcknowledgeRequest>,
) -> Result<Json<IncidentView>, Problem> {
    let now = reception.now();
    if request.until <= now {
        return Err(Problem::new(
            ProblemType::Invalid,
            "until must be a time that is still to come",
        ));
    }
    let acknowledged = reception.write(move |tx| {
        let Some(incident) = tx.incident(id)? else {
            return Ok(Err(no_such_incident()));
        };
        if let IncidentState::Resolved { at } = incident.state {
            return Ok(Err(already_resolved(&at.to_string())));
        }
        tx.acknowledge(&incident, request.until, &asked_by, now)?;
        let Some(incident) = tx.incident(id)? else {
            return Ok(Err(no_such_incident()));
        };
        with_tokens(tx, incident).map(Ok)
    });
    acknowledged.await.map(Json)
}

fn already_resolved(at: &str) -> Problem {
    Problem::new(
        ProblemType::AlreadyResolved,
        format!("this incident was resolved at {at}; nobody is reminded of it any more"),
    )
}
