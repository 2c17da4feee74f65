//! A login's code is exchanged for a short-lived token once.

use serde_json::{Value, json};

use super::enveloped;
use super::errors::{bad_code, unsupported};
use super::profile::scoped_id;
use crate::graph_sim::call_log::Endpoint;
use crate::graph_sim::endpoints::answer::GraphError;
use crate::graph_sim::endpoints::request::{Method, Request};
use crate::graph_sim::platform::Platform;
use crate::graph_sim::world::{AppKey, CodeError, PermissionsFormat, TokenKey, World};

pub(super) fn redeem(
    world: &mut World,
    platform: Platform,
    request: &Request<'_>,
) -> Result<String, GraphError> {
    let is_versioned = platform == Platform::Instagram && request.version.is_some();
    if request.method() != Method::Post || is_versioned {
        return Err(unsupported(platform, request));
    }
    if request.params.get("grant_type") != Some("authorization_code") {
        return Err(bad_code("Invalid grant_type"));
    }
    let app = authenticated_app(world, platform, request)?;
    let code = request.params.get("code").unwrap_or_default();
    world.call_log.record_question(Endpoint::CodeExchange, code);
    let redeemed = world.redeem(app, code, request.params.get("redirect_uri"));
    let key = redeemed.map_err(|error| bad_code(explanation(error)))?;
    Ok(granted(world, platform, key))
}

fn authenticated_app(
    world: &World,
    platform: Platform,
    request: &Request<'_>,
) -> Result<AppKey, GraphError> {
    let id = request.params.get("client_id").unwrap_or_default();
    let Some(app) = world.app_at(platform, id) else {
        return Err(bad_code("Invalid platform app"));
    };
    if request.params.get("client_secret") == Some(&world.app(app).secret) {
        Ok(app)
    } else {
        Err(bad_code("Error validating client secret."))
    }
}

const fn explanation(error: CodeError) -> &'static str {
    match error {
        CodeError::Unknown | CodeError::Used => "Matching code was not found or was already used",
        CodeError::Expired => "This authorization code has expired.",
        CodeError::OtherRedirect => {
            "Error validating verification code. Please make sure your redirect_uri is identical \
             to the one you used in the OAuth dialog request"
        }
    }
}

fn granted(world: &World, platform: Platform, key: TokenKey) -> String {
    let token = world.token(key);
    let mut answer = json!({ "access_token": token.text.as_ref() });
    match platform {
        Platform::Threads => answer["user_id"] = token.subject.number().into(),
        Platform::Facebook | Platform::Instagram => {
            answer["user_id"] = scoped_id(world, token.app, token.subject).into();
            answer["permissions"] = permissions(world, key);
        }
    }
    enveloped(world, key, &answer)
}

fn permissions(world: &World, key: TokenKey) -> Value {
    let token = world.token(key);
    let grant = world.grant(token.app, token.subject);
    let held = grant.map(|grant| token.live_scopes(grant).collect::<Vec<_>>());
    let held = held.unwrap_or_default();
    match world.app(token.app).answers.permissions {
        PermissionsFormat::List => held.into(),
        PermissionsFormat::Text => held.join(",").into(),
    }
}
