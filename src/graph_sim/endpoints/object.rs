//! Objects by their id, several at once, and the lists that belong to one.

use serde_json::{Map, Value};

use super::answer::{GraphError, Success, json};
use super::caller;
use super::edges::{self, Edge};
use super::field_syntax;
use super::node;
use super::reader::Reader;
use super::request::Request;
use super::values;
use crate::graph_sim::world::World;

const FIELDS: &str = "id,name";

/// `me`, or the object with this id.
pub(crate) fn object(
    world: &mut World,
    request: &Request<'_>,
    id: &str,
) -> Result<String, GraphError> {
    let caller = caller::identify(world, request)?;
    let object = node::at(world, request, caller, id)?;
    let fields = field_syntax::parse(request.params.get("fields").unwrap_or(FIELDS))?;
    let answer = Reader::new(request, caller).read(world, object, &fields);
    answer.map(|answer| json(&answer))
}

/// Returns all of `ids`, or an error.
pub(crate) fn objects(world: &mut World, request: &Request<'_>) -> Result<String, GraphError> {
    let caller = caller::identify(world, request)?;
    let fields = field_syntax::parse(request.params.get("fields").unwrap_or(FIELDS))?;
    let mut reader = Reader::new(request, caller);
    let mut answer = Map::new();
    for id in request.params.list("ids") {
        let found = node::find(world, caller, &id).ok_or_else(|| no_alias(&id))?;
        let described = reader.read(world, found, &fields)?;
        answer.insert(id, described.into());
    }
    Ok(json(&answer))
}

fn no_alias(id: &str) -> GraphError {
    let message = format!("(#803) Some of the aliases you requested do not exist: {id}");
    GraphError::oauth(803, message)
}

/// A list of the object with this id, such as `me/accounts`.
pub(crate) fn edge(
    world: &mut World,
    request: &Request<'_>,
    id: &str,
    name: &str,
) -> Result<String, GraphError> {
    let caller = caller::identify(world, request)?;
    let object = node::at(world, request, caller, id)?;
    let Some(edge) = Edge::of(object, name) else {
        return Err(object.nonexisting_field(name));
    };
    let field = edges::field_of(request, name)?;
    let answer = Reader::new(request, caller).list(world, edge, &field);
    answer.map(|answer| json(&answer))
}

/// `/{id}/picture`: sends the caller to the file or, with `redirect=0`, says where it is. Recorded in koala's
/// `spec/fixtures/mock_facebook_responses.yml`.
pub(super) fn picture(
    world: &mut World,
    request: &Request<'_>,
    id: &str,
) -> Result<Success, GraphError> {
    let caller = caller::identify(world, request)?;
    let object = node::at(world, request, caller, id)?;
    let field = edges::field_of(request, "picture")?;
    let found = values::of(world, caller, object, &field)?.unwrap_or_default();
    if matches!(request.params.get("redirect"), Some("0" | "false")) {
        return Ok(Success::Body(json(&found)));
    }
    let address = found.pointer("/data/url").and_then(Value::as_str);
    Ok(Success::Elsewhere(address.unwrap_or_default().to_owned()))
}
