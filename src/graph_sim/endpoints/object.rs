//! Objects by their id: people, pages, apps; and `me`, the caller.

use serde_json::Map;

use super::answer::{GraphError, json};
use super::caller::{self, Caller};
use super::fields::{self, Object};
use super::request::Request;
use crate::graph_sim::world::{World, missing_object};

const FIELDS: &str = "id,name";

pub(crate) fn me(world: &mut World, request: &Request<'_>) -> Result<String, GraphError> {
    let caller = caller::identify(world, request)?;
    let Caller::Token(key) = caller else {
        return Err(needs_active_token());
    };
    let token = world.token(key);
    let object = if token.subject() == token.subject {
        Object::Person(token.subject)
    } else {
        Object::Page(token.subject())
    };
    describe(world, request, caller, object)
}

pub(crate) fn object(
    world: &mut World,
    request: &Request<'_>,
    id: &str,
) -> Result<String, GraphError> {
    let caller = caller::identify(world, request)?;
    let found = find(world, id).ok_or_else(|| missing(id, request))?;
    describe(world, request, caller, found)
}

/// Returns all of `ids`, or an error.
pub(crate) fn objects(world: &mut World, request: &Request<'_>) -> Result<String, GraphError> {
    let caller = caller::identify(world, request)?;
    let wanted = request.params.get("fields").unwrap_or(FIELDS);
    let mut answer = Map::new();
    for id in request.params.list("ids") {
        let found = find(world, &id).ok_or_else(|| no_alias(&id))?;
        let described = fields::of(world, caller, found, wanted)?;
        answer.insert(id, described.into());
    }
    Ok(json(&answer))
}

fn no_alias(id: &str) -> GraphError {
    let message = format!("(#803) Some of the aliases you requested do not exist: {id}");
    GraphError::oauth(803, message)
}

pub(crate) fn find(world: &World, id: &str) -> Option<Object> {
    if let Ok(app) = world.app_key(id) {
        return Some(Object::App(app));
    }
    if let Ok(person) = world.person_id(id) {
        return Some(Object::Person(person));
    }
    let page = world.page_id(id).ok()?;
    world.page(page).map(|_| Object::Page(page))
}

pub(crate) fn missing(id: &str, request: &Request<'_>) -> GraphError {
    let message = missing_object(id, request.method().as_str());
    GraphError::method(100, message).with_subcode(33)
}

pub(crate) fn needs_active_token() -> GraphError {
    let message =
        "An active access token must be used to query information about the current user.";
    GraphError::oauth(2500, message)
}

fn describe(
    world: &mut World,
    request: &Request<'_>,
    caller: Caller,
    object: Object,
) -> Result<String, GraphError> {
    let wanted = request.params.get("fields").unwrap_or(FIELDS);
    fields::of(world, caller, object, wanted).map(|answer| json(&answer))
}
