//! The OpenAPI document of the socket, generated from the handlers and types that answer.

use std::sync::LazyLock;

use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{
    ContentBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder, Schema,
};
use utoipa::{Modify, OpenApi};

use super::optional_parts::OptionalParts;
use super::problem_response::PROBLEM_JSON;
use super::routes::{
    calendars, caller, consumers, corrections, daemon, deliveries, events, forecast, health,
    import_many, imports, incidents, login_codes, logins, metrics, orders, posts, secrets, status,
    tokens,
};
use super::types::{Duration, Problem, Sort, Supposition};
use crate::model::{Cause, EventDetail};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Perennial's status socket",
        description = "HTTP/1.1 on a Unix socket. Times are RFC 3339 in UTC, ids are strings. The peer's user and \
                       groups decide what it may do. An unknown query parameter is refused with 400; one with an empty \
                       value counts as left out. A user may hold \
                       20 connections and follow the journal 4 times; any further connection is answered with 503 and \
                       Retry-After, and closed. A request that this document allows is never answered with 400 or 422: \
                       404 and 409 say that what it names does not exist, or is not in a state for it."
    ),
    servers((url = "http://localhost", description = "curl --unix-socket /run/perennial/perennial.sock")),
    paths(
        document,
        health::healthz,
        health::readyz,
        metrics::metrics,
        caller::caller,
        status::status,
        tokens::list,
        imports::import,
        import_many::import_many,
        tokens::show,
        corrections::correct,
        tokens::forget,
        secrets::read,
        secrets::add_candidate,
        orders::check,
        orders::rotate,
        orders::rollback,
        consumers::in_use,
        consumers::retire,
        deliveries::list,
        deliveries::retry,
        deliveries::test,
        forecast::forecast,
        incidents::list,
        incidents::acknowledge,
        logins::open,
        login_codes::redeem,
        logins::show,
        logins::complete,
        calendars::list,
        calendars::revoke,
        events::events,
        daemon::reload,
        daemon::mail_test,
        posts::post_test,
    ),
    components(schemas(Problem, EventDetail, Sort, Duration, Supposition)),
    modifiers(&Calls, &Schemas, &OptionalParts)
)]
struct Api;

/// The OpenAPI document: all calls of the socket and their answers.
pub fn description() -> serde_json::Value {
    serde_json::to_value(Api::openapi()).unwrap_or_default()
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, body = Object)))]
pub(super) async fn document() -> impl IntoResponse {
    static TEXT: LazyLock<String> = LazyLock::new(|| Api::openapi().to_json().unwrap_or_default());
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str())
}

/// Gives every call a unique operation id, a description for each part of its path and for each answer, and the problem
/// as default answer.
struct Calls;

impl Modify for Calls {
    fn modify(&self, document: &mut Document) {
        for call in document.paths.paths.values_mut().flat_map(calls) {
            let subject = call.tags.iter().flatten().next();
            if let (Some(subject), Some(name)) = (subject, &call.operation_id) {
                call.operation_id = Some(format!("{subject}_{name}"));
            }
            for parameter in call.parameters.iter_mut().flatten() {
                let RefOr::T(parameter) = parameter else {
                    continue;
                };
                let known = parameter.description.take();
                parameter.description = known.or_else(|| part_of_path(&parameter.name));
            }
            let answers = &mut call.responses.responses;
            for (status, answer) in answers.iter_mut() {
                describe(status, answer);
            }
            answers.insert("default".to_owned(), problem_response());
        }
    }
}

fn calls(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut path.get,
        &mut path.put,
        &mut path.post,
        &mut path.patch,
        &mut path.delete,
    ]
    .into_iter()
    .flatten()
}

fn part_of_path(name: &str) -> Option<String> {
    let meaning = match name {
        "name" => "The name of the token.",
        "id" => "The id of the incident or login.",
        "person" => "The id of the person at Meta, the person's name, or `operators`.",
        "consumer" => "The name of the consumer.",
        _ => return None,
    };
    Some(meaning.to_owned())
}

fn describe(status: &str, answer: &mut RefOr<Response>) {
    let RefOr::T(answer) = answer else { return };
    if answer.description.is_empty() {
        let status: Option<StatusCode> = status.parse().ok();
        let reason = status.and_then(|status| status.canonical_reason());
        answer.description = reason.unwrap_or_default().to_owned();
    }
}

fn problem_response() -> RefOr<Response> {
    let problem = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(problem)).build();
    let answer = ResponseBuilder::new().description("A problem: what is wrong, and what to do");
    RefOr::T(answer.content(PROBLEM_JSON, content).build())
}

/// Marks every member of an answer as required (it is null when unknown), because only requests and the details of events
/// may omit members; and lists each cause with its remedy and the people who are notified.
struct Schemas;

impl Modify for Schemas {
    fn modify(&self, document: &mut Document) {
        let components = document.components.iter_mut();
        for (name, schema) in components.flat_map(|components| &mut components.schemas) {
            let RefOr::T(Schema::Object(object)) = schema else {
                continue;
            };
            if !may_omit_members(name) {
                object.required = object.properties.keys().cloned().collect();
            }
            if name == "Cause" {
                let known = object.description.take().unwrap_or_default();
                let lines: String = Cause::ALL.iter().copied().map(explained).collect();
                object.description = Some(format!("{known}\n{lines}"));
            }
        }
    }
}

fn may_omit_members(name: &str) -> bool {
    let is_of_events = name.starts_with("Event") && name != "EventView";
    is_of_events || name.ends_with("Request") || name == "Problem"
}

fn explained(cause: Cause) -> String {
    let notified = match cause.concerns_operator() {
        true => "operators",
        false => "owners",
    };
    format!(
        "\n- `{cause}`: remedy `{}`, notifies {notified}",
        cause.remedy()
    )
}
