//! Revokes one token, one permission, or a person's whole authorization.

use super::access_token::authenticated_app;
use super::answer::GraphError;
use super::caller;
use super::node;
use super::request::Request;
use crate::graph_sim::call_log::Endpoint;
use crate::graph_sim::platform::Platform;
use crate::graph_sim::world::{AppKey, Id, Known, World, WorldError};

/// The documented answer spells the success as a string.
const STRING_SUCCESS: &str = r#"{"success":"true"}"#;
pub(crate) const SUCCESS: &str = r#"{"success":true}"#;

/// App, secret, caller and revoked token must belong together.
pub(crate) fn revoke(world: &mut World, request: &Request<'_>) -> Result<String, GraphError> {
    let app = authenticated_app(world, request)?;
    let caller = caller::identify(world, request)?;
    let text = request.params.get("revoke_token").unwrap_or_default();
    world.call_log.record_question(Endpoint::Revoke, text);
    let known = world.identify(Platform::Facebook, text)?;
    let belongs = |of: AppKey| of == app && caller.app(world) == app;
    match known {
        Known::Issued(key) if belongs(world.token(key).app) => {
            let ended = world.revoke(text);
            ended
                .map(|()| STRING_SUCCESS.to_owned())
                .map_err(|rejection| refused(&rejection))
        }
        Known::Issued(_) | Known::App(_) => Err(GraphError::oauth(
            100,
            "(#100) The token to revoke belongs to another app",
        )),
    }
}

pub(crate) fn deauthorize(
    world: &mut World,
    app: AppKey,
    person: Id,
) -> Result<String, GraphError> {
    let app = world.app(app).id.clone();
    let removed = world.remove_app(&person.to_string(), &app);
    removed
        .map(|()| SUCCESS.to_owned())
        .map_err(|rejection| refused(&rejection))
}

pub(crate) fn drop_permission(
    world: &mut World,
    app: AppKey,
    person: Id,
    scope: &str,
) -> Result<String, GraphError> {
    let app = world.app(app).id.clone();
    let removed = world.remove_permission(&person.to_string(), &app, scope);
    removed
        .map(|()| SUCCESS.to_owned())
        .map_err(|rejection| refused(&rejection))
}

/// `DELETE /{system-user}/access_tokens`: revokes all of them.
pub(crate) fn drop_access_tokens(
    world: &mut World,
    request: &Request<'_>,
    id: &str,
) -> Result<String, GraphError> {
    caller::identify(world, request)?;
    world
        .revoke_all(id)
        .map_err(|_| node::missing(id, request))?;
    Ok(SUCCESS.to_owned())
}

fn refused(rejection: &WorldError) -> GraphError {
    GraphError::oauth(100, format!("(#100) {rejection}"))
}
