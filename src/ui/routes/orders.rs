//! Orders for one token: each is confirmed on a page of its own, and becomes an order on the socket.

use axum::extract::Path;
use axum::response::Response;

use crate::ui::failure::Failure;
use crate::ui::form::Confirmed;
use crate::ui::page::{Confirmation, Page};
use crate::ui::state::{Ui, UiState};

pub(super) async fn ask_check(Ui(ui): Ui, Path(name): Path<String>) -> Result<Response, Failure> {
    let text =
        "Perennial asks Meta whether the token works. This takes one call of the app's budget.";
    let title = format!("Check {name} now?");
    ask(&ui, &name, "check", (title, text, "Check now")).await
}

pub(super) async fn ask_rotate(Ui(ui): Ui, Path(name): Path<String>) -> Result<Response, Failure> {
    let text = "Perennial exchanges the token for a new one, and keeps the old one until the new one is confirmed. It \
                does so at most once in 24 hours, and only if the token can be renewed.";
    let title = format!("Renew {name} now?");
    ask(&ui, &name, "rotate", (title, text, "Renew now")).await
}

async fn ask(
    ui: &UiState,
    name: &str,
    order: &str,
    (title, text, button): (String, &str, &'static str),
) -> Result<Response, Failure> {
    let (visit, _) = ui.visit_of_operator_with(ui.client.token(name)).await?;
    let cancel = token_page(ui, name);
    let body = Confirmation {
        action: format!("{cancel}/{order}"),
        text: text.to_owned(),
        button,
        cancel,
        token: None,
        choices: Vec::new(),
    };
    let page = Page::new("confirm.html", "tokens", title, body);
    Ok(ui.render(&visit, &page))
}

pub(super) async fn check(
    Ui(ui): Ui,
    Path(name): Path<String>,
    _: Confirmed,
) -> Result<Response, Failure> {
    ui.client.check(&name).await?;
    Ok(ordered(&ui, &name, "check"))
}

pub(super) async fn rotate(
    Ui(ui): Ui,
    Path(name): Path<String>,
    _: Confirmed,
) -> Result<Response, Failure> {
    ui.client.rotate(&name).await?;
    Ok(ordered(&ui, &name, "rotate"))
}

fn ordered(ui: &UiState, name: &str, order: &str) -> Response {
    super::see_other(&format!("{}?ordered={order}", token_page(ui, name)))
}

fn token_page(ui: &UiState, name: &str) -> String {
    ui.path(&format!("/token/{}", crate::api_client::escaped(name)))
}
