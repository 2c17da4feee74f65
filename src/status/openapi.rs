//! The document of the socket, made from the very handlers and shapes that answer.

use std::sync::OnceLock;

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, ResponseBuilder, Schema};
use utoipa::{Modify, OpenApi};

use super::answer::PROBLEM_JSON;
use super::routes::{daemon, events, health, incidents, metrics, orders, report, secrets, tokens};
use super::snapshot::Problem;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Perennial's status socket",
        description = "HTTP/1.1 on a Unix socket. Times are RFC 3339 in UTC, ids are strings. Who may do what is \
                       decided by the peer's user and groups."
    ),
    paths(
        document,
        health::healthz,
        health::readyz,
        metrics::metrics,
        report::status,
        tokens::list,
        tokens::import,
        tokens::show,
        tokens::forget,
        secrets::read,
        secrets::offer,
        orders::check,
        orders::rotate,
        orders::rollback,
        incidents::list,
        incidents::acknowledge,
        events::events,
        daemon::reload,
        daemon::mail_test,
    ),
    components(schemas(Problem)),
    modifiers(&Refusals, &Completeness)
)]
struct Api;

/// This document.
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, body = Object)))]
pub(super) async fn document() -> impl IntoResponse {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| Api::openapi().to_json().unwrap_or_default());
    ([(header::CONTENT_TYPE, "application/json")], text.as_str())
}

/// Any call may be refused, and a refusal is always a problem.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut Document) {
        for operation in document.paths.paths.values_mut().flat_map(operations) {
            let schema = Ref::from_schema_name("Problem");
            let refusal = ResponseBuilder::new()
                .description("Refused, and why")
                .content(
                    PROBLEM_JSON,
                    ContentBuilder::new().schema(Some(schema)).build(),
                );
            let refusal = RefOr::T(refusal.build());
            operation
                .responses
                .responses
                .insert("default".to_owned(), refusal);
        }
    }
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut utoipa::openapi::path::Operation> {
    [
        &mut path.get,
        &mut path.put,
        &mut path.post,
        &mut path.delete,
    ]
    .into_iter()
    .flatten()
}

/// In an answer every member is there, null where nothing is known; only in a request may one be left out.
struct Completeness;

impl Modify for Completeness {
    fn modify(&self, document: &mut Document) {
        let schemas = document
            .components
            .iter_mut()
            .flat_map(|components| &mut components.schemas);
        for (name, schema) in schemas {
            let is_answer = !name.ends_with("Request") && name != "Problem";
            if let RefOr::T(Schema::Object(object)) = schema
                && is_answer
            {
                object.required = object.properties.keys().cloned().collect();
            }
        }
    }
}
