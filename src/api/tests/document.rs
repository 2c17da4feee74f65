//! The OpenAPI document and the routes agree: every path is in both, and every answer is as described.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::forecast::forecast;
use super::world::{World, eve, root};
use crate::api::peer::Peer;
use crate::api::routes;
use crate::model::Cause;

const METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "PATCH"];

async fn document(world: &World) -> Value {
    world.get("/openapi.json").await.json()
}

/// Each documented pair of path and method.
fn described(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let pairs = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(move |method| (path.clone(), method.to_uppercase()))
    });
    pairs.collect()
}

#[tokio::test]
async fn every_route_is_in_the_document_and_everything_in_it_is_a_route() {
    let world = World::new();
    let document = document(&world).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let described = described(&document);
    // No daemon is running that could answer a reload.
    world.reloads.lock().await.close();
    world.mail_tests.lock().await.close();
    world.forecast_orders.lock().await.close();
    let mut routed = BTreeSet::new();
    for (path, _) in routes::table() {
        let concrete = path.replace("{name}", "nobody").replace("{id}", "1");
        for method in METHODS {
            let reply = world.ask_as(root(), method, &concrete, Body::empty()).await;
            if reply.status != 405 {
                routed.insert((path.to_owned(), method.to_owned()));
            }
        }
    }
    assert_eq!(routed, described);
}

#[tokio::test]
async fn every_call_has_a_name_of_its_own_and_every_answer_a_description() {
    let document = document(&World::new()).await;
    let mut names = BTreeSet::new();
    for call in document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(calls)
    {
        let name = call["operationId"].as_str().unwrap();
        assert!(names.insert(name), "{name} is there twice");
        for (status, answer) in call["responses"].as_object().unwrap() {
            let description = answer["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty(), "{name} {status}");
        }
    }
}

#[tokio::test]
async fn every_cause_is_in_the_document_with_its_remedy() {
    let document = document(&World::new()).await;
    let schema = &document["components"]["schemas"]["Cause"];
    let words = schema["enum"].as_array().unwrap();
    let described = schema["description"].as_str().unwrap();
    assert_eq!(words.len(), Cause::ALL.len());
    for cause in Cause::ALL {
        assert!(words.contains(&json!(cause.as_str())), "{cause}");
        let line = format!("`{cause}`: remedy `{}`", cause.remedy());
        assert!(described.contains(&line), "{line}");
    }
}

/// `{"kind": "changed"}` has Meta's code, or has not.
#[tokio::test]
async fn members_that_come_together_may_be_absent_together() {
    let document = document(&World::new()).await;
    for part in parts(&document["components"]) {
        let is_null = |choice: &Value| choice["type"] == "null";
        let choices = part["oneOf"].as_array().into_iter().flatten();
        assert_eq!(
            choices.filter(|choice| is_null(choice)).count(),
            0,
            "{part}"
        );
    }
}

/// Whatever is in an `allOf`.
fn parts(value: &Value) -> Vec<&Value> {
    let of_all = value["allOf"].as_array().into_iter().flatten();
    let inner: Vec<&Value> = match value {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    of_all.chain(inner.into_iter().flat_map(parts)).collect()
}

fn calls(path: &Value) -> impl Iterator<Item = &Value> {
    path.as_object().unwrap().values()
}

#[tokio::test]
async fn an_address_that_is_none_is_a_problem_and_so_is_a_wrong_method() {
    let world = World::new();
    let reply = world.get("/v2/status").await;
    assert_eq!(
        (reply.status.as_u16(), reply.problem().as_str()),
        (404, "no-such-route")
    );
    let reply = world
        .ask_as(root(), "DELETE", "/v1/status", Body::empty())
        .await;
    assert_eq!(
        (reply.status.as_u16(), reply.problem().as_str()),
        (405, "method-not-allowed")
    );
    assert_eq!(reply.headers["allow"], "GET,HEAD");
}

/// Requests of every kind: peer, method, path as documented, value for its placeholder, body.
fn questions() -> Vec<(Peer, &'static str, &'static str, &'static str, Value)> {
    let second = json!({"app": "acme", "access_token": "EAAtwo", "owners": ["ada@example.com"]});
    let third = json!({"app": "acme", "access_token": "EAAthird"});
    let offered = json!({"access_token": "EAAthree"});
    let owned = json!({"owners": ["ada@example.com"]});
    let mut questions = vec![
        (eve(), "GET", "/healthz", "", Value::Null),
        (eve(), "GET", "/readyz", "", Value::Null),
        (eve(), "GET", "/v1/caller", "", Value::Null),
        (eve(), "GET", "/v1/status", "", Value::Null),
        (root(), "POST", "/v1/tokens", "", second.clone()),
        (root(), "POST", "/v1/tokens", "", second),
        (root(), "POST", "/v1/tokens", "", json!({})),
        (
            root(),
            "POST",
            "/v1/imports",
            "",
            json!({"tokens": [third, third, {}]}),
        ),
        (root(), "POST", "/v1/imports", "", json!({})),
        (eve(), "GET", "/v1/tokens", "", Value::Null),
        (eve(), "GET", "/v1/tokens/{name}", "acme-1", Value::Null),
        (eve(), "GET", "/v1/tokens/{name}", "nobody", Value::Null),
        (root(), "PATCH", "/v1/tokens/{name}", "acme-1", owned),
        (root(), "PUT", "/v1/tokens/{name}/secret", "acme-1", offered),
        (
            root(),
            "GET",
            "/v1/tokens/{name}/secret",
            "acme-1",
            Value::Null,
        ),
        (
            eve(),
            "GET",
            "/v1/tokens/{name}/secret",
            "acme-1",
            Value::Null,
        ),
        (eve(), "GET", "/v1/incidents", "", Value::Null),
    ];
    let orders = [
        "/v1/tokens/{name}/check",
        "/v1/tokens/{name}/rotate",
        "/v1/tokens/{name}/rollback",
    ];
    let order = |path| (root(), "POST", path, "acme-1", Value::Null);
    questions.extend(orders.map(order));
    questions
}

#[tokio::test]
async fn what_is_answered_is_what_was_described() {
    let world = World::new();
    world
        .import_healthy("acme-1", "EAAone", SignedDuration::from_hours(48))
        .await;
    let document = document(&world).await;
    for (peer, method, path, name, body) in questions() {
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        let reply = world
            .ask_as(peer, method, &path.replace("{name}", name), body)
            .await;
        let responses = &document["paths"][path][method.to_lowercase()]["responses"];
        let described = match &responses[reply.status.as_str()] {
            Value::Null => &responses["default"],
            described => described,
        };
        let kind = reply.headers["content-type"].to_str().unwrap();
        let schema = &described["content"][kind]["schema"];
        assert!(
            schema.is_object(),
            "{method} {path} {}: {described}",
            reply.status
        );
        let errors = errors(&document, schema, &reply.json(), path);
        assert!(errors.is_empty(), "{errors:#?}\n{}", reply.text);
    }
}

#[tokio::test]
async fn a_forecast_is_what_was_described() {
    let world = World::new();
    let document = document(&world).await;
    let schema = json!({"$ref": "#/components/schemas/Forecast"});
    let mut forecast = forecast(world.now());
    for _ in 0..2 {
        let shown = serde_json::to_value(&forecast).unwrap();
        let errors = errors(&document, &schema, &shown, "forecast");
        assert!(errors.is_empty(), "{errors:#?}");
        forecast.summary.busiest_day = None;
        forecast.logins[0].name = None;
    }
}

#[tokio::test]
async fn each_event_is_what_was_described() {
    let world = World::new();
    world.import("acme-1", "EAAone").await;
    let document = document(&world).await;
    let schema = json!({"$ref": "#/components/schemas/EventView"});
    let detail_schema = json!({"$ref": "#/components/schemas/Event"});
    for event in world.journal().await {
        let mut faults = errors(&document, &schema, &event, "event");
        let detail = json!({"kind": event["kind"], "detail": event["detail"]});
        faults.extend(errors(&document, &detail_schema, &detail, "detail"));
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

/// Lists where `value` does not match `schema`. Supports the part of JSON Schema that the document uses.
fn errors(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let schema = resolved(document, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |choice| errors(document, choice, value, at).is_empty();
        return match choices.iter().filter(|choice| fits(choice)).count() {
            1 => Vec::new(),
            many => vec![format!("{at}: {value} fits {many} of {choices:?}")],
        };
    }
    let mut found: Vec<String> = type_fault(schema, value, at).into_iter().collect();
    if let Some(members) = value.as_object() {
        found.extend(member_faults(document, schema, members, at));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(errors(
            document,
            &schema["items"],
            item,
            &format!("{at}/{index}"),
        ));
    }
    found
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let Some(name) = schema["$ref"].as_str() else {
        return schema;
    };
    let target = document.pointer(name.trim_start_matches('#'));
    target.unwrap_or_else(|| panic!("{name} leads nowhere"))
}

fn type_fault(schema: &Value, value: &Value, at: &str) -> Option<String> {
    let word = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let typed = match &schema["type"] {
        Value::String(only) => only == word,
        Value::Array(several) => several.iter().any(|one| one == word),
        _ => true,
    };
    let listed = schema["enum"]
        .as_array()
        .is_none_or(|words| words.contains(value));
    (!typed || !listed).then(|| format!("{at}: {value} is not {schema}"))
}

fn member_faults(
    document: &Value,
    schema: &Value,
    members: &Map<String, Value>,
    at: &str,
) -> Vec<String> {
    let (described, required) = described_members(document, schema);
    let missing = required.iter().filter(|name| !members.contains_key(**name));
    let mut found: Vec<String> = missing
        .map(|name| format!("{at}: {name} is missing"))
        .collect();
    if described.is_empty() {
        return found;
    }
    for (name, member) in members {
        match described.get(name.as_str()) {
            Some(schema) => found.extend(errors(document, schema, member, &format!("{at}/{name}"))),
            None => found.push(format!("{at}: {name} is not described")),
        }
    }
    found
}

type Described<'a> = (BTreeMap<&'a str, &'a Value>, BTreeSet<&'a str>);

/// The members of an object and the required ones, from all its parts.
fn described_members<'a>(document: &'a Value, schema: &'a Value) -> Described<'a> {
    let schema = resolved(document, schema);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let (mut members, mut required) = Described::default();
    for (more, needed) in parts.map(|part| described_members(document, part)) {
        members.extend(more);
        required.extend(needed);
    }
    let own = schema["properties"].as_object().into_iter().flatten();
    members.extend(own.map(|(name, schema)| (name.as_str(), schema)));
    let needed = schema["required"].as_array().into_iter().flatten();
    required.extend(needed.filter_map(Value::as_str));
    (members, required)
}

#[tokio::test]
async fn a_parameter_that_no_call_takes_is_refused_and_the_answer_names_those_it_takes() {
    let world = World::new();
    world.import("acme-1", "EAAone").await;
    for (path, _) in routes::table() {
        let concrete = path.replace("{name}", "acme-1").replace("{id}", "1");
        for method in METHODS {
            let reply = world
                .ask_as(
                    root(),
                    method,
                    &format!("{concrete}?colour=red"),
                    Body::empty(),
                )
                .await;
            if reply.status == 405 {
                continue;
            }
            assert_eq!(
                (reply.status.as_u16(), reply.problem().as_str()),
                (400, "malformed"),
                "{method} {path}"
            );
            let detail = reply.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.starts_with("colour: unknown parameter"), "{detail}");
        }
    }
    let detail = |reply: super::world::Reply| reply.json()["detail"].as_str().unwrap().to_owned();
    let events = detail(world.get("/v1/events?colour=red").await);
    assert!(events.ends_with("takes after, token, follow"), "{events}");
    let secret = detail(world.get("/v1/tokens?EAAcanary0123456789=1").await);
    assert!(!secret.contains("EAAcanary"), "{secret}");
}

#[tokio::test]
async fn a_limit_out_of_its_range_is_refused() {
    let world = World::new();
    for (limit, status) in [
        ("0", 400),
        ("1", 200),
        ("1000", 200),
        ("1001", 400),
        ("-1", 400),
    ] {
        let reply = world.get(&format!("/v1/tokens?limit={limit}")).await;
        assert_eq!(reply.status, status, "{limit}");
        if status == 400 {
            assert!(reply.json()["detail"].as_str().unwrap().contains("limit"));
        }
    }
}

/// Where a text is missing in the reference.
fn undescribed(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for parameter in calls(methods).flat_map(|call| call["parameters"].as_array()) {
            let unsaid = parameter.iter().filter(|it| !has_text(it));
            found.extend(unsaid.map(|it| format!("{path} {}", it["name"])));
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let parts = schema["allOf"].as_array().into_iter().flatten();
        for part in parts.chain([schema]) {
            let fields = part["properties"].as_object().into_iter().flatten();
            let unsaid = fields.filter(|(_, field)| !has_text(field));
            found.extend(unsaid.map(|(field, _)| format!("{name} {field}")));
        }
    }
    found
}

/// Itself or, if it may be null, what it is otherwise.
fn has_text(schema: &Value) -> bool {
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    [schema]
        .into_iter()
        .chain(choices)
        .any(|part| part["description"].is_string())
}

#[tokio::test]
async fn every_parameter_and_every_field_is_described() {
    let found = undescribed(&document(&World::new()).await);
    assert!(found.is_empty(), "{}", found.join("\n"));
}
