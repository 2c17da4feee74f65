//! Reads objects with the fields that a caller asks for, and the lists among them.

use serde_json::{Map, Value};

use super::answer::GraphError;
use super::caller::Caller;
use super::edges::{Edge, Rows};
use super::field_syntax::{self, Field};
use super::node::Object;
use super::paging::{Links, Part};
use super::request::Request;
use super::values;
use crate::graph_sim::world::{TokenKey, World};

/// Meta publishes no number, but refuses calls that ask for too much.
const MOST_OBJECTS: usize = 2_000;

pub(super) struct Reader<'a> {
    request: &'a Request<'a>,
    caller: Caller,
    /// How many objects the answer has so far.
    objects: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(request: &'a Request<'a>, caller: Caller) -> Self {
        Self {
            request,
            caller,
            objects: 0,
        }
    }

    /// Returns these fields, and always the id.
    pub(super) fn read(
        &mut self,
        world: &mut World,
        object: Object,
        fields: &[Field],
    ) -> Result<Map<String, Value>, GraphError> {
        self.objects += 1;
        if self.objects > MOST_OBJECTS {
            return Err(GraphError::too_much_data());
        }
        let mut answer = Map::new();
        for field in fields {
            let name = field.modifier("as").unwrap_or(&field.name);
            let value = self.value(world, object, field)?;
            answer.extend(value.map(|value| (name.to_owned(), value)));
        }
        answer
            .entry("id")
            .or_insert_with(|| object.id(world).into());
        Ok(answer)
    }

    fn value(
        &mut self,
        world: &mut World,
        object: Object,
        field: &Field,
    ) -> Result<Option<Value>, GraphError> {
        if field.name == "id" {
            return Ok(Some(object.id(world).into()));
        }
        if let Some(edge) = Edge::of(object, &field.name) {
            let list = self.list(world, edge, field)?;
            let is_empty = list
                .get("data")
                .and_then(Value::as_array)
                .is_none_or(Vec::is_empty);
            return Ok((!is_empty).then(|| list.into()));
        }
        let value = values::of(world, self.caller, object, field)?;
        Ok(value.map(|value| selected(value, &field.inner)))
    }

    pub(super) fn list(
        &mut self,
        world: &mut World,
        edge: Edge,
        field: &Field,
    ) -> Result<Map<String, Value>, GraphError> {
        match edge.rows(world, self.request, self.caller, field)? {
            Rows::Values(values) => Ok(Map::from_iter([("data".to_owned(), values.into())])),
            Rows::Objects(key, part) => self.objects(world, edge, field, key, &part),
        }
    }

    fn objects(
        &mut self,
        world: &mut World,
        edge: Edge,
        field: &Field,
        key: TokenKey,
        part: &Part,
    ) -> Result<Map<String, Value>, GraphError> {
        let defaults;
        let fields = match field.inner.as_slice() {
            [] => {
                defaults = field_syntax::parse(edge.default_fields())?;
                &defaults
            }
            inner => inner,
        };
        let mut rows = Vec::with_capacity(part.ids.len());
        for id in &part.ids {
            rows.push(self.read(world, edge.row(*id), fields)?.into());
        }
        let mut answer = Map::from_iter([("data".to_owned(), Value::Array(rows))]);
        let links = Links {
            world,
            request: self.request,
            key,
            node: edge.node(),
            field,
        };
        part.describe(&mut answer, &links);
        Ok(answer)
    }
}

/// Keeps those parts of a value that the field names in braces.
fn selected(value: Value, fields: &[Field]) -> Value {
    match value {
        Value::Object(mut parts) => {
            if let Some(data) = parts.remove("data") {
                parts.insert("data".to_owned(), selected(data, fields));
            } else if !fields.is_empty() {
                parts.retain(|name, _| fields.iter().any(|field| field.name == *name));
            }
            Value::Object(parts)
        }
        Value::Array(items) => items
            .into_iter()
            .map(|item| selected(item, fields))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}
