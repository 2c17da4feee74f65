//! socket.md: every call of the status socket, every type and every problem, from its OpenAPI document.

use perennial::api;
use perennial::api::types::ProblemType;
use serde_json::Value;

use super::shapes::{description, fields, items, kind, members, values};
use super::{code, page, paragraph, prose, table};

const INTRO: &str = "The status socket is `/run/perennial/perennial.sock`. The same description for programs, as OpenAPI 3.1, is at
`/openapi.json`, and `perennial man api` shows it as a manual page. Every command of [Commands](commands.md) that asks the
daemon uses these calls.";

const PROBLEMS: &str = "An error is `application/problem+json` (RFC 9457): a [Problem](#problem). Its `type` is
`urn:perennial:problem:` and one of these words. Programs can rely on them: new ones may be added, none changes.";

pub fn text() -> String {
    let document = api::description();
    let mut page = page("The socket", "the OpenAPI document of the program");
    paragraph(&mut page, INTRO);
    paragraph(&mut page, &description(&document["info"]));
    page.push_str("\n## Calls\n");
    for (path, methods) in members(&document["paths"]) {
        for (method, call) in members(methods) {
            page.push_str(&format!("\n### {} {path}\n", method.to_uppercase()));
            describe_call(&mut page, call);
        }
    }
    page.push_str("\n## Types\n");
    for (name, shape) in members(&document["components"]["schemas"]) {
        page.push_str(&format!("\n### {name}\n"));
        describe_shape(&mut page, &document, shape);
    }
    page.push_str("\n## Problems\n");
    paragraph(&mut page, PROBLEMS);
    for problem in ProblemType::ALL {
        page.push_str(&format!("\n### {}\n", problem.word()));
        let status = format!("*Status {}, \"{}\".*", problem.status(), problem.title());
        paragraph(&mut page, &status);
        paragraph(&mut page, &prose(problem.meaning()));
    }
    page
}

fn describe_call(page: &mut String, call: &Value) {
    for text in [&call["summary"], &call["description"]] {
        paragraph(page, &prose(text.as_str().unwrap_or_default()));
    }
    let parameters = items(&call["parameters"]).map(|parameter| {
        let name = parameter["name"].as_str().unwrap_or_default();
        vec![
            code(name),
            kind(&parameter["schema"]),
            description(parameter),
        ]
    });
    table(
        page,
        &["parameter", "type", "meaning"],
        &parameters.collect::<Vec<_>>(),
    );
    for (_, content) in members(&call["requestBody"]["content"]) {
        paragraph(page, &format!("Takes {}.", kind(&content["schema"])));
    }
    let answers = members(&call["responses"]).filter(|(status, _)| *status != "default");
    let answers = answers.map(|(status, answer)| {
        let content = members(&answer["content"]).next();
        let content = content.map_or_else(String::new, |(_, content)| kind(&content["schema"]));
        vec![status.clone(), content, description(answer)]
    });
    table(
        page,
        &["status", "answer", "meaning"],
        &answers.collect::<Vec<_>>(),
    );
}

fn describe_shape(page: &mut String, document: &Value, shape: &Value) {
    paragraph(page, &description(shape));
    let values = values(shape);
    if !values.is_empty() {
        paragraph(page, &format!("One of {}.", values.join(", ")));
    }
    if shape["type"] == "string" && values.is_empty() {
        paragraph(page, "Text.");
    }
    if items(&shape["oneOf"]).any(|choice| choice["properties"]["kind"]["enum"].is_array()) {
        paragraph(page, "One of the kinds in [Events](events.md).");
        return;
    }
    table(
        page,
        &["field", "type", "meaning"],
        &fields(document, shape),
    );
    let choices: Vec<&Value> = items(&shape["oneOf"]).collect();
    if !choices.is_empty() {
        let kinds: Vec<String> = choices.iter().map(|choice| kind(choice)).collect();
        let named = kinds.iter().all(|kind| kind != "object");
        let list = if named {
            kinds.join(", ")
        } else {
            "these objects".to_owned()
        };
        paragraph(page, &format!("One of {list}."));
    }
    for choice in choices {
        table(
            page,
            &["field", "type", "meaning"],
            &fields(document, choice),
        );
    }
}
