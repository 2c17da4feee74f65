//! Rejects unknown query parameters, so that a misspelled filter does not silently match everything. The OpenAPI
//! document says which parameters a call takes.

use std::sync::LazyLock;

use axum::extract::{Query, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::openapi;
use super::request::is_plain;
use super::types::{Problem, ProblemType};

/// One call of the OpenAPI document: its path, its method, and the names of its query parameters.
struct Call {
    path: String,
    method: Method,
    parameters: Vec<String>,
}

pub(super) async fn only_known(request: Request, next: Next) -> Response {
    match mismatch(&request) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn mismatch(request: &Request) -> Option<Problem> {
    request.uri().query().filter(|query| !query.is_empty())?;
    let call = CALLS.iter().find(|call| call.is_asked(request))?;
    let given = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    let Ok(Query(given)) = given else {
        return Some(malformed("the query cannot be read".to_owned()));
    };
    let names = given.into_iter().map(|(name, _)| name);
    let unknown = names
        .filter(|name| !name.is_empty())
        .find(|name| !call.parameters.contains(name))?;
    Some(unknown_parameter(&unknown, &call.parameters))
}

impl Call {
    fn is_asked(&self, request: &Request) -> bool {
        let is_same = |(part, given): (&str, &str)| part.starts_with('{') || part == given;
        let (path, asked) = (&self.path, request.uri().path());
        let is_head_of_get = self.method == Method::GET && request.method() == Method::HEAD;
        (self.method == request.method() || is_head_of_get)
            && path.split('/').count() == asked.split('/').count()
            && path.split('/').zip(asked.split('/')).all(is_same)
    }
}

/// The answer does not repeat a name that may be a secret.
fn unknown_parameter(unknown: &str, known: &[String]) -> Problem {
    let place = if is_plain(unknown) {
        unknown
    } else {
        "the query"
    };
    malformed(match known {
        [] => format!("{place}: unknown parameter; this call takes none"),
        known => format!(
            "{place}: unknown parameter; this call takes {}",
            known.join(", ")
        ),
    })
}

fn malformed(detail: String) -> Problem {
    Problem::new(ProblemType::Malformed, detail)
}

static CALLS: LazyLock<Vec<Call>> = LazyLock::new(|| {
    let document = openapi::description();
    let paths = document["paths"].as_object().into_iter().flatten();
    let calls = paths.flat_map(|(path, calls)| {
        let calls = calls.as_object().into_iter().flatten();
        calls.filter_map(move |(method, call)| {
            Some(Call {
                path: path.clone(),
                method: method.to_uppercase().parse().ok()?,
                parameters: names(call),
            })
        })
    });
    calls.collect()
});

fn names(call: &Value) -> Vec<String> {
    let parameters = call["parameters"].as_array().into_iter().flatten();
    parameters
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
        .collect()
}
