//! perennial-api(8): the socket's calls, types and problems, generated from the OpenAPI document.

use serde_json::{Map, Value};

use super::roff::{entry, heading, paragraph};
use crate::api;
use crate::api::types::ProblemType;

const HEAD: &str = r#".SH NAME
perennial\-api \- the status socket of perennial
.SH SYNOPSIS
.B curl \-\-unix\-socket /run/perennial/perennial.sock http://localhost/v1/status
.SH DESCRIPTION
HTTP/1.1 and JSON on a Unix socket. Times are RFC 3339 in UTC, ids are strings, what is not known is null.
No call waits for Meta or for a person: an order is answered with 202, and the journal tells what came of it.
.PP
The mode of the socket lets in root and the members of the group perennial. What each of them may do is decided by
the user at the other end: see
.B viewers, operators
and
.B reader
in
.BR perennial.toml (5).
.PP
The same description for programs, as OpenAPI 3.1, is at
.BR /openapi.json .
"#;

const TAIL: &str = r".SH FILES
.TP
.I /run/perennial/perennial.sock
The socket, unless the configuration says otherwise.
.SH SEE ALSO
.BR perennial (1),
.BR perennial.toml (5)
";

pub(super) fn page() -> String {
    let document = api::description();
    let mut page = format!(
        ".TH perennial-api 8 \"\" \"perennial {}\" \"Perennial\"\n{HEAD}.SH CALLS\n",
        env!("CARGO_PKG_VERSION")
    );
    for (path, methods) in members(&document["paths"]) {
        for (method, call) in members(methods) {
            describe_call(
                &mut page,
                &format!("{} {path}", method.to_uppercase()),
                call,
            );
        }
    }
    page.push_str(".SH SHAPES\n");
    for (name, shape) in members(&document["components"]["schemas"]) {
        describe_shape(&mut page, name, shape);
    }
    page.push_str(".SH REFUSALS\nA refusal is a Problem (RFC 9457), and its type one of these.\n");
    for kind in ProblemType::ALL {
        let description = format!("{}, {}", kind.status(), kind.title());
        entry(&mut page, kind.urn(), &description);
    }
    page + TAIL
}

fn describe_call(page: &mut String, title: &str, call: &Value) {
    heading(page, title);
    paragraph(page, &text(&call["summary"]));
    paragraph(page, &text(&call["description"]));
    for parameter in call["parameters"].as_array().into_iter().flatten() {
        let kind = kind(&parameter["schema"]);
        let description = text(&parameter["description"]);
        entry(
            page,
            &text(&parameter["name"]),
            &sentence(&kind, &description),
        );
    }
    for (_, content) in members(&call["requestBody"]["content"]) {
        entry(page, "takes", &kind(&content["schema"]));
    }
    for (status, answer) in members(&call["responses"]) {
        let content = members(&answer["content"]).next();
        let kind = content.map_or_else(String::new, |(_, content)| kind(&content["schema"]));
        if status != "default" {
            entry(
                page,
                status,
                &sentence(&kind, &text(&answer["description"])),
            );
        }
    }
}

fn describe_shape(page: &mut String, name: &str, shape: &Value) {
    heading(page, name);
    paragraph(page, &text(&shape["description"]));
    let values = enum_values(shape);
    if !values.is_empty() {
        paragraph(page, &values.join(", "));
    }
    for (member, schema) in members(&shape["properties"]) {
        let description = text(&schema["description"]);
        entry(page, member, &sentence(&kind(schema), &description));
    }
}

/// Describes the type of a value.
fn kind(schema: &Value) -> String {
    if let Some(path) = schema["$ref"].as_str() {
        return path.rsplit('/').next().unwrap_or_default().to_owned();
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let kinds: Vec<String> = choices.iter().map(kind).collect();
            return kinds.join(" or ");
        }
    }
    let values = enum_values(schema);
    if !values.is_empty() {
        return values.join(", ");
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect(),
        kind => vec![text(kind)],
    };
    let named = kinds.iter().map(|name| match name.as_str() {
        "array" => format!("list of {}", kind(&schema["items"])),
        "string" if schema["format"] == "date-time" => "time".to_owned(),
        name => name.to_owned(),
    });
    named.collect::<Vec<String>>().join(" or ")
}

fn enum_values(schema: &Value) -> Vec<String> {
    let values = schema["enum"].as_array().into_iter().flatten();
    values.map(text).collect()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn sentence(kind: &str, description: &str) -> String {
    match (kind, description) {
        ("", only) | (only, "") => only.to_owned(),
        (kind, description) => format!("{kind}: {description}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_shape_and_refusal_has_its_place() {
        let page = page();
        for told in [
            ".SS \"POST /v1/tokens\"",
            ".SS \"GET /v1/tokens/{name}/secret\"",
            ".SS \"TokenView\"",
            ".B urn:perennial:problem:not\\-permitted\n403, Not permitted",
            ".B expires_at\ntime or null",
        ] {
            assert!(page.contains(told), "{told} is missing in\n{page}");
        }
    }
}
