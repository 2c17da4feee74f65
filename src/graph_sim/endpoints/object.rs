//! Things by their id: people, pages, apps; and `me`, whoever the caller is.

use serde_json::{Map, Value};

use super::answer::{GraphError, json};
use super::caller::{self, Caller};
use super::request::Request;
use crate::graph_sim::world::{AppKey, Id, TokenKey, World, missing_object};

/// What stands behind an id, for this caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    App(AppKey),
    Person(Id),
    Page(Id),
}

pub(crate) fn me(world: &mut World, request: &Request<'_>) -> Result<String, GraphError> {
    let caller = caller::identify(world, request)?;
    let Caller::Token(key) = caller else {
        return Err(needs_active_token());
    };
    let token = world.token(key);
    let object = if token.subject() == token.holder {
        Object::Person(token.holder)
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
    let message = missing_object(id, request.method().word());
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
    let fields = request.params.get("fields").unwrap_or("id,name");
    fields_of(world, caller, object, fields).map(|answer| json(&answer))
}

/// The fields that were asked for, and the id in any case.
pub(crate) fn fields_of(
    world: &mut World,
    caller: Caller,
    object: Object,
    fields: &str,
) -> Result<Map<String, Value>, GraphError> {
    let mut answer = Map::new();
    for field in fields.split(',').map(str::trim) {
        let value = field_of(world, caller, object, field)?;
        answer.extend(value.map(|value| (field.to_owned(), value)));
    }
    answer
        .entry("id")
        .or_insert_with(|| id_of(world, object).into());
    Ok(answer)
}

fn id_of(world: &World, object: Object) -> String {
    match object {
        Object::App(app) => world.app(app).id.clone(),
        Object::Person(id) | Object::Page(id) => id.to_string(),
    }
}

/// `None`: the field is left out of a 200, which is how Meta withholds a page's token.
fn field_of(
    world: &mut World,
    caller: Caller,
    object: Object,
    field: &str,
) -> Result<Option<Value>, GraphError> {
    let found = match (object, field) {
        (_, "id") => Some(id_of(world, object).into()),
        (Object::App(app), "name") => Some(world.app(app).name.clone().into()),
        (Object::Person(person), "name") => Some(world.person(person).name.clone().into()),
        (Object::Person(person), "email") => email(world, caller, person),
        (Object::Page(page), "name") => world.page(page).map(|page| page.name.clone().into()),
        (Object::Page(_), "category") => Some("Local business".into()),
        (Object::Page(page), "tasks") => tasks(world, caller, page),
        (Object::Page(page), "access_token") => page_token(world, caller, page),
        (Object::App(_) | Object::Person(_) | Object::Page(_), unknown) => {
            let message = format!("(#100) Tried accessing nonexisting field ({unknown})");
            return Err(GraphError::oauth(100, message));
        }
    };
    Ok(found)
}

fn page_token(world: &mut World, caller: Caller, page: Id) -> Option<Value> {
    let Caller::Token(key) = caller else {
        return None;
    };
    let token = world.token(key);
    let key = if token.subject() == page {
        key
    } else {
        world.derive(key, page)?
    };
    Some(world.token(key).text.as_ref().into())
}

fn tasks(world: &World, caller: Caller, page: Id) -> Option<Value> {
    let Caller::Token(key) = caller else {
        return None;
    };
    world
        .person(world.token(key).holder)
        .roles
        .get(&page)
        .map(|tasks| (*tasks).into())
}

/// A person's data: needs its scope and a data access that has not lapsed.
fn email(world: &World, caller: Caller, person: Id) -> Option<Value> {
    let Caller::Token(key) = caller else {
        return None;
    };
    (holds(world, key, "email") && has_data_access(world, key))
        .then(|| format!("{person}@example.com").into())
}

pub(crate) fn holds(world: &World, key: TokenKey, scope: &str) -> bool {
    let token = world.token(key);
    let grant = world.grant(token.app, token.holder);
    grant.is_some_and(|grant| token.live_scopes(grant).any(|held| held == scope))
}

fn has_data_access(world: &World, key: TokenKey) -> bool {
    let token = world.token(key);
    let grant = world.grant(token.app, token.holder);
    let end = grant.and_then(|grant| grant.data_access_expires_at);
    end.is_none_or(|end| world.now() < end)
}
