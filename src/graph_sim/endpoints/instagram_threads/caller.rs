//! Identifies the living token that makes a call.

use super::errors;
use crate::graph_sim::endpoints::answer::GraphError;
use crate::graph_sim::endpoints::caller::{Caller, identify_at};
use crate::graph_sim::endpoints::request::Request;
use crate::graph_sim::platform::Platform;
use crate::graph_sim::world::{TokenKey, Unreadable, World};

pub(super) fn living_token(
    world: &World,
    platform: Platform,
    request: &Request<'_>,
) -> Result<TokenKey, GraphError> {
    let caller = identify_at(world, platform, request);
    match caller.map_err(|error| errors::of_platform(platform, error))? {
        Caller::Token(key) => Ok(key),
        Caller::App(_) => Err(errors::of_platform(
            platform,
            Unreadable::CannotParse.into(),
        )),
    }
}
