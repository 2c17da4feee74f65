//! Adds people, pages, apps and tokens to the world, and shows the true state of tokens.

use axum::extract::State;
use axum::response::Json as JsonAnswer;
use serde::Deserialize;
use serde_json::json;

use super::extract::{Json, Query};
use super::{Answer, done};
use crate::graph_sim::world::{
    AppSpec, EmbeddedSignup, PageSelection, SystemUserValidity, World, WorldError,
};
use crate::graph_sim::{Simulator, endpoints};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    name: String,
    /// For people only: pages of which the person becomes an administrator.
    #[serde(default)]
    pages: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSystemUser {
    app: String,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWhatsAppAccount {
    business: String,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBusiness {
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum NewToken {
    ShortLived {
        app: String,
        person: String,
        scopes: Vec<String>,
    },
    LongLived {
        app: String,
        person: String,
        scopes: Vec<String>,
        pages: Option<Vec<String>>,
    },
    Page {
        user_token: String,
        page: String,
    },
    SystemUser {
        app: String,
        system_user: String,
        scopes: Vec<String>,
        validity: SystemUserValidity,
    },
    DebugOnly {
        token: String,
    },
}

#[derive(Debug, Deserialize)]
pub(super) struct Question {
    token: String,
}

pub(super) async fn app(State(simulator): State<Simulator>, Json(spec): Json<AppSpec>) -> Answer {
    simulator.world().add_app(spec);
    done()
}

pub(super) async fn person(State(simulator): State<Simulator>, Json(new): Json<Named>) -> Answer {
    let mut world = simulator.world();
    let id = world.add_person(&new.name);
    for page in &new.pages {
        world.give_role(&id, page)?;
    }
    Ok(JsonAnswer(json!({ "id": id })))
}

pub(super) async fn page(State(simulator): State<Simulator>, Json(new): Json<Named>) -> Answer {
    let id = simulator.world().add_page(&new.name);
    Ok(JsonAnswer(json!({ "id": id })))
}

pub(super) async fn system_user(
    State(simulator): State<Simulator>,
    Json(new): Json<NewSystemUser>,
) -> Answer {
    let id = simulator.world().add_system_user(&new.app, &new.name)?;
    Ok(JsonAnswer(json!({ "id": id })))
}

pub(super) async fn business(
    State(simulator): State<Simulator>,
    Json(new): Json<NewBusiness>,
) -> Answer {
    let id = simulator.world().add_business(&new.name);
    Ok(JsonAnswer(json!({ "id": id })))
}

pub(super) async fn whatsapp_account(
    State(simulator): State<Simulator>,
    Json(new): Json<NewWhatsAppAccount>,
) -> Answer {
    let mut world = simulator.world();
    let id = world.add_whatsapp_account(&new.business, &new.name)?;
    Ok(JsonAnswer(json!({ "id": id })))
}

/// Completes an embedded signup, and answers with the code that its JavaScript gets.
pub(super) async fn code(
    State(simulator): State<Simulator>,
    Json(signup): Json<EmbeddedSignup>,
) -> Answer {
    let code = simulator.world().embedded_signup(&signup)?;
    Ok(JsonAnswer(json!({ "code": code })))
}

pub(super) async fn token(
    State(simulator): State<Simulator>,
    Json(order): Json<NewToken>,
) -> Answer {
    let token = make_token(&mut simulator.world(), order)?;
    Ok(JsonAnswer(json!({ "access_token": token })))
}

fn make_token(world: &mut World, order: NewToken) -> Result<String, WorldError> {
    match order {
        NewToken::ShortLived {
            app,
            person,
            scopes,
        } => world.issue_short_lived(&app, &person, &borrowed(&scopes)),
        NewToken::LongLived {
            app,
            person,
            scopes,
            pages,
        } => {
            let pages = pages.map_or(PageSelection::All, PageSelection::only);
            world.log_in(&app, &person, &borrowed(&scopes), pages)
        }
        NewToken::Page { user_token, page } => world
            .page_token(&user_token, &page)
            .ok_or(WorldError::Withheld),
        NewToken::SystemUser {
            app,
            system_user,
            scopes,
            validity,
        } => world.system_user_token(&app, &system_user, &borrowed(&scopes), validity),
        NewToken::DebugOnly { token } => world.debug_only_token(&token),
    }
}

fn borrowed(scopes: &[String]) -> Vec<&str> {
    scopes.iter().map(String::as_str).collect()
}

pub(super) async fn truth(
    State(simulator): State<Simulator>,
    Query(question): Query<Question>,
) -> Answer {
    let truth = simulator
        .world()
        .truth(&question.token)
        .ok_or(WorldError::UnknownToken)?;
    Ok(JsonAnswer(json!(truth)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewFleet {
    app: String,
    tokens: usize,
}

pub(super) async fn fleet(
    State(simulator): State<Simulator>,
    Json(order): Json<NewFleet>,
) -> Answer {
    let tokens = simulator.world().add_fleet(&order.app, order.tokens)?;
    Ok(JsonAnswer(json!({ "tokens": tokens.len() })))
}

/// Lists all living tokens as JSON lines, ready for `perennial import`.
pub(super) async fn importables(State(simulator): State<Simulator>) -> String {
    let world = simulator.world();
    world.importables().fold(String::new(), |mut lines, token| {
        lines.push_str(&endpoints::json(&token));
        lines.push('\n');
        lines
    })
}
