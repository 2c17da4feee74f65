//! `oauth/access_token`: the one endpoint for every way to get a token.

use serde::Serialize;

use super::answer::{GraphError, json};
use super::request::Request;
use crate::graph_sim::call_log::Endpoint;
use crate::graph_sim::platform::Platform;
use crate::graph_sim::world::{AppKey, ExchangeError, Known, SystemUserValidity, TokenKey, World};

/// What the caller exchanges for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrantType {
    Token,
    AppItself,
    Code,
}

impl GrantType {
    pub(crate) fn of(request: &Request<'_>) -> Self {
        match request.params.get("grant_type") {
            Some("fb_exchange_token") => Self::Token,
            Some("client_credentials") => Self::AppItself,
            Some(_) | None => Self::Code,
        }
    }

    pub(crate) const fn endpoint(self) -> Endpoint {
        match self {
            Self::Token => Endpoint::Exchange,
            Self::AppItself => Endpoint::ClientCredentials,
            Self::Code => Endpoint::CodeExchange,
        }
    }
}

pub(crate) fn client_credentials(
    world: &World,
    request: &Request<'_>,
) -> Result<String, GraphError> {
    let app = authenticated_app(world, request)?;
    Ok(granted(&world.app(app).token(), None))
}

/// Returns the app that `client_id` names, if `client_secret` is right.
pub(crate) fn authenticated_app(
    world: &World,
    request: &Request<'_>,
) -> Result<AppKey, GraphError> {
    let app = named_app(world, request)?;
    if request.params.get("client_secret") == Some(&world.app(app).secret) {
        Ok(app)
    } else {
        Err(GraphError::oauth(1, "Error validating client secret."))
    }
}

pub(crate) fn named_app(world: &World, request: &Request<'_>) -> Result<AppKey, GraphError> {
    let Some(id) = request.params.get("client_id") else {
        return Err(GraphError::oauth(101, "Missing client_id parameter."));
    };
    world.app_at(Platform::Facebook, id).ok_or_else(|| {
        let message =
            "Error validating application. Cannot get application info due to a system error.";
        GraphError::oauth(101, message)
    })
}

pub(crate) fn exchange(world: &mut World, request: &Request<'_>) -> Result<String, GraphError> {
    let app = authenticated_app(world, request)?;
    let Some(text) = request.params.get("fb_exchange_token") else {
        return Err(GraphError::oauth(
            100,
            "fb_exchange_token parameter not specified",
        ));
    };
    world.call_log.record_question(Endpoint::Exchange, text);
    let Known::Issued(key) = world.identify(Platform::Facebook, text)? else {
        return Err(GraphError::oauth(
            100,
            "fb_exchange_token parameter not specified",
        ));
    };
    let validity = if request.params.is_on("set_token_expires_in_60_days") {
        SystemUserValidity::SixtyDays
    } else {
        SystemUserValidity::Never
    };
    let after = world
        .exchange(app, key, validity)
        .map_err(|rejection| explain(world, app, key, &rejection))?;
    Ok(issued(world, after))
}

fn explain(world: &World, app: AppKey, key: TokenKey, rejection: &ExchangeError) -> GraphError {
    match rejection {
        ExchangeError::Dead(death) => world.token_error(key, *death).into(),
        // Recorded with code 1 in the production code of several public repositories.
        ExchangeError::OtherApp => {
            let id = &world.app(app).id;
            let message = format!("The access token does not belong to application {id}");
            GraphError::oauth(1, message)
        }
    }
}

/// The answer with a new token. It has no `expires_in` if the token never expires.
pub(crate) fn issued(world: &World, key: TokenKey) -> String {
    let token = world.token(key);
    let left = token
        .expires_at
        .map(|end| end.as_second() - world.now().as_second());
    granted(&token.text, left)
}

#[derive(Serialize)]
struct Granted<'a> {
    access_token: &'a str,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<i64>,
}

fn granted(access_token: &str, expires_in: Option<i64>) -> String {
    json(&Granted {
        access_token,
        token_type: "bearer",
        expires_in,
    })
}
