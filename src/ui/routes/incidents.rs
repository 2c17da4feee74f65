//! The incidents: causes that need a person, newest first.

use std::collections::HashMap;

use axum::extract::Query;
use axum::response::Response;
use serde::Serialize;

use crate::api::types::{IncidentFilter, IncidentQuery, IncidentView};
use crate::ui::failure::Failure;
use crate::ui::page::Page;
use crate::ui::state::Ui;

/// As many rows as fit into 50 kB.
const ROWS: usize = 50;

#[derive(Serialize)]
struct Body {
    incidents: Vec<IncidentView>,
    filters: Vec<&'static str>,
    chosen: &'static str,
    are_more: bool,
}

pub(super) async fn show(
    Ui(ui): Ui,
    Query(fields): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let chosen = fields.get("state");
    let chosen = chosen.and_then(|name| IncidentFilter::from_name(name));
    let query = IncidentQuery {
        state: chosen,
        limit: Some(ROWS + 1),
        ..IncidentQuery::default()
    };
    let (visit, incidents) = ui.visit_with(ui.client.incidents(&query)).await?;
    let mut incidents = incidents.incidents;
    let are_more = incidents.len() > ROWS;
    incidents.truncate(ROWS);
    let body = Body {
        incidents,
        filters: IncidentFilter::ALL
            .iter()
            .map(|filter| filter.as_str())
            .collect(),
        chosen: chosen.unwrap_or(IncidentFilter::Unresolved).as_str(),
        are_more,
    };
    let page = Page::new("incidents.html", "incidents", "Incidents".to_owned(), body);
    Ok(ui.render(&visit, &page))
}
