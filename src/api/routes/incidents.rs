//! The incidents: lists them, and pauses their reminders.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;

use crate::api::request::{Asked, Id, Operator, PathId, Sent, Viewer};
use crate::api::state::SharedAppState;
use crate::api::types::{
    AcknowledgeRequest, IncidentFilter, IncidentList, IncidentQuery, IncidentView, Problem,
    ProblemType,
};
use crate::inventory::{Error, View};
use crate::model::{Incident, IncidentId, IncidentSort, IncidentState, SinkTokens};

const MOST_INCIDENTS: usize = 500;
const FIRST_TOKENS: usize = 20;

/// The incidents, newest first or in another order.
#[utoipa::path(
    get, path = "/v1/incidents", params(IncidentQuery), responses((status = 200, body = IncidentList))
)]
pub(in crate::api) async fn list(
    viewer: Viewer,
    State(app_state): SharedAppState,
    Asked(query): Asked<IncidentQuery>,
) -> Result<Json<IncidentList>, Problem> {
    let which = query.state.unwrap_or(IncidentFilter::Unresolved);
    let sort = query.sort.unwrap_or(IncidentSort::Newest);
    let limit = limit(&query)?;
    let (sinks, now) = (app_state.backend.inventory.sinks(), app_state.now());
    let incidents = app_state
        .read_at_length(viewer.rank, move |view| {
            let found = view.incidents_sorted(which, sort, limit)?;
            found
                .into_iter()
                .map(|incident| with_tokens(view, incident, &sinks, now))
                .collect()
        })
        .await?;
    Ok(Json(IncidentList { incidents }))
}

fn limit(query: &IncidentQuery) -> Result<usize, Problem> {
    let limit = query.limit.unwrap_or(MOST_INCIDENTS);
    if (1..=MOST_INCIDENTS).contains(&limit) {
        return Ok(limit);
    }
    let detail = format!("limit: expected a number from 1 to {MOST_INCIDENTS}");
    Err(Problem::new(ProblemType::Malformed, detail))
}

fn with_tokens(
    view: &View<'_>,
    incident: Incident,
    sinks: &[SinkTokens],
    now: Timestamp,
) -> Result<IncidentView, Error> {
    if let Some(report) = view.sink_report(&incident.incident_key, sinks, FIRST_TOKENS, now)? {
        let names = report.tokens.into_iter().map(|token| token.name);
        let affected = Incident {
            affected: report.count,
            ..incident
        };
        return Ok(IncidentView::from((affected, names.collect())));
    }
    let first = view.tokens_of_incident(&incident, FIRST_TOKENS)?;
    let names = first.into_iter().map(|token| token.name).collect();
    Ok(IncidentView::from((incident, names)))
}

/// Pauses the reminders of an incident until a date. It stays open, and people are notified when it is resolved. An
/// incident with the cause `commits_lost` is resolved by this instead.
#[utoipa::path(
    post, path = "/v1/incidents/{id}/acknowledge", params(("id" = String, Path)),
    request_body = AcknowledgeRequest, responses((status = 200, body = IncidentView))
)]
pub(in crate::api) async fn acknowledge(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    Id(id): Id<IncidentId>,
    Sent(request): Sent<AcknowledgeRequest>,
) -> Result<Json<IncidentView>, Problem> {
    let now = app_state.now();
    if request.until <= now {
        return Err(Problem::new(
            ProblemType::InThePast,
            "until must be in the future",
        ));
    }
    let acknowledged = app_state.order(move |tx| {
        let incident = tx.incident(id)?.ok_or_else(IncidentId::missing)?;
        if let IncidentState::Resolved { at } = incident.state {
            return Err(already_resolved(at).into());
        }
        tx.acknowledge(&incident, request.until, &asked_by, now)?;
        let acknowledged = tx.incident(id)?.ok_or_else(IncidentId::missing)?;
        Ok(with_tokens(tx, acknowledged, &tx.sinks(), now)?)
    });
    acknowledged.await.map(Json)
}

fn already_resolved(at: Timestamp) -> Problem {
    Problem::new(
        ProblemType::AlreadyResolved,
        format!("this incident was resolved at {at}; there are no more reminders of it"),
    )
}
