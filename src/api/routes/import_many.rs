//! Imports many tokens in one transaction. A token that cannot be imported does not affect the others.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::imports::{Entry, import_token};
use crate::api::problem_response::JobError;
use crate::api::request::{Element, Operator, Sent};
use crate::api::state::SharedAppState;
use crate::api::types::{
    ImportElement, ImportRequest, ImportResult, ImportResults, LARGEST_IMPORT, MOST_IMPORTS,
    Problem, ProblemType,
};
use crate::inventory::Tx;

/// `POST /v1/imports`
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ImportManyRequest {
    /// At most 500, as for `POST /v1/tokens`.
    #[schema(value_type = Vec<ImportElement>, max_items = 500)]
    tokens: Vec<Element<ImportRequest>>,
}

/// Imports up to 500 tokens. Each has a result of its own, in the order of the request, like that of a single import.
#[utoipa::path(
    post, path = "/v1/imports", request_body = ImportManyRequest,
    responses((status = 200, body = ImportResults))
)]
pub(in crate::api) async fn import_many(
    Operator(asked_by): Operator,
    State(app_state): SharedAppState,
    Sent(request): Sent<ImportManyRequest, LARGEST_IMPORT>,
) -> Result<Json<ImportResults>, Problem> {
    if request.tokens.len() > MOST_IMPORTS {
        return Err(Problem::new(
            ProblemType::Invalid,
            "tokens may be at most 500. Send several requests",
        ));
    }
    let tokens = request.tokens.into_iter();
    let entries: Vec<Result<Entry, Problem>> = tokens
        .map(|Element(request)| Entry::new(request?, &app_state))
        .collect();
    let now = app_state.now();
    let results = app_state
        .order_many(move |tx| {
            let entries = entries.into_iter();
            entries
                .map(|entry| result(tx, entry, &asked_by, now))
                .collect()
        })
        .await?;
    Ok(Json(ImportResults { results }))
}

/// A problem is about this entry only; an error of the inventory ends the whole transaction.
fn result(
    tx: &Tx<'_>,
    entry: Result<Entry, Problem>,
    asked_by: &str,
    now: Timestamp,
) -> Result<ImportResult, JobError> {
    let imported = entry
        .map_err(JobError::from)
        .and_then(|entry| import_token(tx, &entry, asked_by, now));
    match imported {
        Ok(stored) => Ok(ImportResult {
            status: stored.status.as_u16(),
            name: Some(stored.name),
            problem: None,
        }),
        Err(JobError::Problem(problem)) => Ok(problem.into()),
        Err(error @ JobError::Inventory(_)) => Err(error),
    }
}
