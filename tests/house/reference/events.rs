//! events.md: every kind of event with its fields and an example.

use std::collections::{BTreeMap, BTreeSet};

use perennial::api;
use perennial::model::Event;
use serde_json::{Map, Value};

use super::event_examples::{Example, examples};
use super::shapes::{description, fields, items, resolved};
use super::{Result, page, paragraph, table};

const INTRO: &str = "What the journal keeps: `perennial events`, and [`GET /v1/events`](socket.md#get-v1events), one JSON object in a
line. `token` and `app` say what the event is about, and are null if it is about neither. An event that an order led to has the
id of that order's event in `detail.order`. An optional field is left out, or null, if
there is nothing to say. More kinds and more fields may be added. An event never contains a secret.";

/// The schema of each kind's details.
fn kinds(document: &Value) -> BTreeMap<&str, &Value> {
    let kinds = items(&document["components"]["schemas"]["Event"]["oneOf"]);
    kinds
        .filter_map(|kind| Some((kind["properties"]["kind"]["enum"][0].as_str()?, kind)))
        .collect()
}

pub fn text() -> Result<String> {
    let document = api::description();
    let kinds = kinds(&document);
    let examples = examples()?;
    let mut page = page("Events", "the types of events in the program");
    paragraph(&mut page, INTRO);
    for (kind, example) in &examples {
        let schema = kinds
            .get(kind.as_str())
            .ok_or_else(|| format!("no kind {kind}"))?;
        let detail = &schema["properties"]["detail"];
        page.push_str(&format!("\n## {kind}\n"));
        paragraph(&mut page, &description(schema));
        table(
            &mut page,
            &["field", "type", "meaning"],
            &all_fields(&document, detail),
        );
        let line = line(kind, example)?;
        paragraph(&mut page, &format!("```json\n{line}\n```"));
    }
    Ok(page)
}

/// As the socket writes it.
fn line(kind: &str, example: &Example) -> serde_json::Result<String> {
    let [token, app] = [&example.token, &example.app].map(serde_json::to_string);
    let detail = serde_json::to_string(&example.detail)?;
    Ok(format!(
        r#"{{"id":"42","at":"2026-11-30T09:00:00Z","kind":"{kind}","token":{},"app":{},"detail":{detail}}}"#,
        token?, app?
    ))
}

/// Of objects, and of those that consist of several or of one of several.
fn all_fields(document: &Value, schema: &Value) -> Vec<Vec<String>> {
    let schema = resolved(document, schema);
    let mut rows = fields(document, schema);
    let choices = items(&schema["oneOf"]).chain(items(&schema["anyOf"]));
    let parts = items(&schema["allOf"]).map(|part| resolved(document, part));
    let inner = parts.filter(|part| part["oneOf"].is_array() || part["anyOf"].is_array());
    for choice in choices.chain(inner) {
        rows.extend(all_fields(document, choice));
    }
    let mut rows = merged(rows);
    for row in rows.iter_mut().filter(|row| row[2].ends_with("Optional.")) {
        row[1] = row[1].replace(" or null", "");
    }
    rows
}

/// One row for a field that occurs in several choices.
fn merged(rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let mut merged: Vec<Vec<String>> = Vec::new();
    for row in rows {
        match merged.iter_mut().find(|known| known[0] == row[0]) {
            Some(known) if !known[1].contains(&row[1]) => {
                known[1] = format!("{} or {}", known[1], row[1]);
            }
            Some(_) => {}
            None => merged.push(row),
        }
    }
    // The field that tells the choices apart.
    for row in merged.iter_mut().filter(|row| row[2].is_empty()) {
        row[2] = "One of these, which decides the other fields.".to_owned();
    }
    merged
}

#[test]
fn every_kind_has_an_example_and_every_example_is_a_kind() -> Result {
    let document = api::description();
    let examples = examples()?;
    let described: BTreeSet<&str> = kinds(&document).into_keys().collect();
    let shown: BTreeSet<&str> = examples.keys().map(String::as_str).collect();
    assert_eq!(shown, described);
    let listed = items(&document["components"]["schemas"]["EventKind"]["enum"]);
    let listed: BTreeSet<&str> = listed.filter_map(Value::as_str).collect();
    assert_eq!(listed, described);
    assert!(shown.len() > 40, "{shown:?}");
    Ok(())
}

/// An example that this version would not read as it stands in the journal would be none.
#[test]
fn every_example_is_an_event_with_described_fields() -> Result {
    let document = api::description();
    let kinds = kinds(&document);
    for (kind, example) in examples()? {
        let event = Event::from_parts(&kind, example.detail.clone());
        assert!(
            event.kind().is_some(),
            "{kind} is not read: {:?}",
            example.detail
        );
        let (_, written) = event.parts(None);
        assert_eq!(written, example.detail, "{kind}");
        check_fields(&document, &kind, kinds[kind.as_str()], &example.detail);
    }
    Ok(())
}

fn check_fields(document: &Value, kind: &str, schema: &Value, example: &Map<String, Value>) {
    let rows = all_fields(document, &schema["properties"]["detail"]);
    let described: BTreeSet<String> = rows.iter().map(|row| row[0].replace('`', "")).collect();
    for row in &rows {
        assert!(
            !row[2].replace("Optional.", "").trim().is_empty(),
            "{kind}: {row:?}"
        );
    }
    for name in example.keys() {
        assert!(described.contains(name), "{kind} {name}: {described:?}");
    }
}
