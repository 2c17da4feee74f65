//! Types of the OpenAPI document, in words.

use serde_json::{Map, Value};

use super::{code, prose};

/// The fields of an object: name, type, meaning. Objects that consist of several have the fields of all.
pub fn fields(document: &Value, schema: &Value) -> Vec<Vec<String>> {
    let schema = resolved(document, schema);
    let mut rows = Vec::new();
    let required: Vec<&str> = items(&schema["required"])
        .filter_map(Value::as_str)
        .collect();
    for (name, field) in members(&schema["properties"]) {
        let optional = match required.contains(&name.as_str()) {
            true => "",
            false => " Optional.",
        };
        let meaning = description(field) + optional;
        rows.push(vec![code(name), kind(field), meaning.trim().to_owned()]);
    }
    for part in items(&schema["allOf"]) {
        rows.extend(fields(document, part));
    }
    rows
}

/// The type of a value, with a link to its section.
pub fn kind(schema: &Value) -> String {
    if let Some(path) = schema["$ref"].as_str() {
        let name = path.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](socket.md#{})", name.to_lowercase());
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if schema[choice].is_array() {
            let kinds: Vec<String> = items(&schema[choice]).map(kind).collect();
            return kinds.join(" or ");
        }
    }
    let values = values(schema);
    if !values.is_empty() {
        return values.join(", ");
    }
    let names = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        name => Vec::from_iter(name.as_str()),
    };
    let named = names.into_iter().map(|name| match name {
        "array" => format!("list of {}", kind(&schema["items"])),
        "string" if schema["format"] == "date-time" => "time".to_owned(),
        "string" => "text".to_owned(),
        "integer" | "number" => "number".to_owned(),
        "boolean" => "true or false".to_owned(),
        name => name.to_owned(),
    });
    named.collect::<Vec<String>>().join(" or ")
}

pub fn values(schema: &Value) -> Vec<String> {
    items(&schema["enum"])
        .filter_map(Value::as_str)
        .map(code)
        .collect()
}

/// Of the schema itself or, if it may be null, of what it is otherwise.
pub fn description(schema: &Value) -> String {
    let inner = items(&schema["oneOf"]).map(|choice| &choice["description"]);
    let found = [&schema["description"]].into_iter().chain(inner);
    prose(found.filter_map(Value::as_str).next().unwrap_or_default())
}

pub fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let path = schema["$ref"]
        .as_str()
        .map(|path| path.trim_start_matches('#'));
    path.and_then(|path| document.pointer(path))
        .unwrap_or(schema)
}

pub fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

pub fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
