//! The daemon itself: apps and their budgets, nodes, emails, deliveries, the backup, and what is wrong.

use axum::response::Response;
use serde::Serialize;

use crate::api::types::{DeliveryQuery, DeliveryView, StatusReport};
use crate::model::DeliveryState;
use crate::ui::failure::Failure;
use crate::ui::page::Page;
use crate::ui::state::Ui;

const MOST_DELIVERIES: usize = 20;

#[derive(Serialize)]
struct Body {
    status: StatusReport,
    failed: Vec<DeliveryView>,
}

pub(super) async fn show(Ui(ui): Ui) -> Result<Response, Failure> {
    let query = DeliveryQuery {
        state: Some(DeliveryState::Failed),
        limit: Some(MOST_DELIVERIES),
    };
    let (visit, failed) = ui.visit_with(ui.client.deliveries(&query)).await?;
    let failed = failed.deliveries;
    let body = Body {
        status: visit.status.clone(),
        failed,
    };
    let page = Page::new("system.html", "system", "System".to_owned(), body);
    Ok(ui.render(&visit, &page))
}
