//! Login links: a page that asks, and a page with the link and how the login goes on.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::api::types::{LoginLink, LoginRequest, LoginView};
use crate::ui::failure::Failure;
use crate::ui::form::Confirmed;
use crate::ui::page::{Confirmation, Page};
use crate::ui::state::Ui;

#[derive(Serialize)]
struct Body {
    login: LoginView,
    link: Option<LoginLink>,
}

pub(super) async fn ask(
    State(ui): Ui,
    Query(fields): Query<HashMap<String, String>>,
) -> Result<Response, Failure> {
    let name = fields.get("token").cloned().ok_or_else(no_token)?;
    let (visit, token) = ui.visit_of_operator_with(ui.client.token(&name)).await?;
    let token = token.token;
    let person = match token.subject {
        Some(subject) if token.parent.is_none() => subject.name.unwrap_or(subject.id),
        Some(_) | None => format!(
            "the person of {}",
            token.parent.as_ref().unwrap_or(&token.name)
        ),
    };
    // One login of the person replaces the parent's token and those of its pages.
    let of = token.parent.unwrap_or(token.name);
    let body = Confirmation {
        action: ui.path("/login"),
        text: format!(
            "Perennial makes a link for {person}. Send it to that person only. It can be used once."
        ),
        button: "Make a login link",
        cancel: ui.path("/"),
        token: Some(of),
        choices: Vec::new(),
    };
    let page = Page::new("confirm.html", "", "Make a login link?".to_owned(), body);
    Ok(ui.render(&visit, &page))
}

pub(super) async fn open(State(ui): Ui, form: Confirmed) -> Result<Response, Failure> {
    let request = LoginRequest {
        token: Some(form.field("token").ok_or_else(no_token)?),
        ..LoginRequest::default()
    };
    let link = ui.client.open_login(&request).await?;
    let page = ui.path(&format!("/login/{}", crate::api_client::escaped(&link.id)));
    ui.keep_link(link);
    Ok(super::see_other(&page))
}

pub(super) async fn show(State(ui): Ui, Path(id): Path<String>) -> Result<Response, Failure> {
    let (visit, login) = ui.visit_of_operator_with(ui.client.login(&id)).await?;
    let page = Page::new(
        "login.html",
        "",
        "Login link".to_owned(),
        Body {
            link: ui.link(&id),
            login,
        },
    );
    Ok(ui.render(&visit, &page))
}

fn no_token() -> Failure {
    let text = "Begin at a token or at something to do, and choose \"Login link\" there.";
    Failure::new(StatusCode::BAD_REQUEST, "No token was named", text)
}
