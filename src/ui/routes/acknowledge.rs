//! Pauses the reminders of an incident, after a page that asks until when.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use crate::api::types::AcknowledgeRequest;
use crate::model::Span;
use crate::ui::failure::Failure;
use crate::ui::form::Confirmed;
use crate::ui::page::{Choice, Confirmation, Page};
use crate::ui::state::{Ui, UiState};

const CHOICES: [(&str, &str); 5] = [
    ("1d", "for 1 day"),
    ("3d", "for 3 days"),
    ("7d", "for 7 days"),
    ("14d", "for 14 days"),
    ("30d", "for 30 days"),
];

pub(super) async fn ask(Ui(ui): Ui, Path(id): Path<String>) -> Result<Response, Failure> {
    let visit = ui.visit_of_operator().await?;
    let choice = |(value, text)| Choice { value, text };
    let body = Confirmation {
        action: acknowledge_page(&ui, &id),
        text: "Nobody is reminded of this incident for as long as you choose. It stays open, and people are told when \
               it is over."
            .to_owned(),
        button: "Acknowledge",
        cancel: ui.path("/incidents"),
        token: None,
        choices: CHOICES.map(choice).to_vec(),
    };
    let page = Page::new(
        "confirm.html",
        "incidents",
        format!("Acknowledge incident {id}?"),
        body,
    );
    Ok(ui.render(&visit, &page))
}

pub(super) async fn acknowledge(
    Ui(ui): Ui,
    Path(id): Path<String>,
    form: Confirmed,
) -> Result<Response, Failure> {
    let chosen = form.field("until").and_then(|text| text.parse().ok());
    let span: Span = chosen.ok_or_else(no_time)?;
    let now = ui.client.status().await?.now;
    let until = now.checked_add(span.duration()).map_err(|_| no_time())?;
    let request = AcknowledgeRequest { until };
    ui.client.acknowledge(&id, &request).await?;
    Ok(super::see_other(&ui.path("/incidents")))
}

fn no_time() -> Failure {
    let text = "Go back, and choose for how long nobody is reminded.";
    Failure::new(StatusCode::BAD_REQUEST, "No time was chosen", text)
}

fn acknowledge_page(ui: &UiState, id: &str) -> String {
    let id = crate::api_client::escaped(id);
    ui.path(&format!("/incident/{id}/acknowledge"))
}
