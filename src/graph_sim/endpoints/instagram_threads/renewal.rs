//! The exchange of a short-lived token for a long-lived one, and the refresh of a long-lived one.

use super::caller::living_token;
use super::errors;
use crate::graph_sim::call_log::Endpoint;
use crate::graph_sim::endpoints::access_token::issued;
use crate::graph_sim::endpoints::answer::GraphError;
use crate::graph_sim::endpoints::request::{Method, Request};
use crate::graph_sim::platform::Platform;
use crate::graph_sim::world::{Lifetime, World};

/// The app is the one that issued the token; a wrong secret is answered like a wrong call, as people observed.
pub(super) fn exchange(
    world: &mut World,
    platform: Platform,
    request: &Request<'_>,
) -> Result<String, GraphError> {
    check_grant(platform, request, Some(platform.exchange_grant()))?;
    record_question(world, Endpoint::Exchange, request);
    let key = living_token(world, platform, request)?;
    let token = world.token(key);
    if request.params.get("client_secret") != Some(&world.app(token.app).secret) {
        return Err(errors::unsupported(platform, request));
    }
    if token.validity == Lifetime::Long {
        return Err(errors::not_short_lived(platform));
    }
    if !world.holds(key, platform.basic_scope()) {
        return Err(errors::permission_missing(platform));
    }
    let after = world.lengthen(key);
    Ok(issued(world, after))
}

/// Needs no secret.
pub(super) fn refresh(
    world: &mut World,
    platform: Platform,
    request: &Request<'_>,
) -> Result<String, GraphError> {
    check_grant(platform, request, platform.refresh_grant())?;
    record_question(world, Endpoint::Refresh, request);
    let key = living_token(world, platform, request)?;
    if world.token(key).validity == Lifetime::Short {
        return Err(errors::malformed_session(platform));
    }
    if let Some(refusal) = world.refresh_refusal(key) {
        return Err(errors::refused(platform, request, refusal));
    }
    let after = world.refresh(key);
    Ok(issued(world, after))
}

fn check_grant(
    platform: Platform,
    request: &Request<'_>,
    grant: Option<&str>,
) -> Result<(), GraphError> {
    let is_right = request.params.get("grant_type") == grant;
    if request.method() == Method::Get && is_right {
        return Ok(());
    }
    Err(errors::unsupported(platform, request))
}

fn record_question(world: &mut World, endpoint: Endpoint, request: &Request<'_>) {
    if let Some(token) = request.access_token() {
        world.call_log.record_question(endpoint, token);
    }
}
