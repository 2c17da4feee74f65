//! The debugger of Threads. Only the user token of one of the app's testers may ask.

use super::caller::living_token;
use super::errors;
use crate::graph_sim::call_log::Endpoint;
use crate::graph_sim::endpoints::answer::GraphError;
use crate::graph_sim::endpoints::description::Data;
use crate::graph_sim::endpoints::request::{Method, Request};
use crate::graph_sim::platform::Platform;
use crate::graph_sim::world::{Known, World};

pub(super) fn debug_token(
    world: &mut World,
    platform: Platform,
    request: &Request<'_>,
) -> Result<String, GraphError> {
    if request.method() != Method::Get {
        return Err(errors::unsupported(platform, request));
    }
    let caller = living_token(world, platform, request)?;
    let (app, person) = (world.token(caller).app, world.token(caller).subject);
    if !world.app(app).developers.contains(&person) {
        return Err(errors::permission_missing(platform));
    }
    let Some(input) = request.params.get("input_token") else {
        let message = "The parameter input_token is required";
        return Err(errors::api(platform, 100, message));
    };
    world.call_log.record_question(Endpoint::DebugToken, input);
    match world.identify(platform, input) {
        Ok(Known::Issued(key)) if world.token(key).app == app => {
            Ok(Data::threads_token(world, key).json())
        }
        Ok(Known::Issued(_) | Known::App(_)) => {
            let message = "The App_id in the input_token did not match the Viewing App";
            Err(errors::api(platform, 100, message))
        }
        Err(unreadable) => Ok(Data::unreadable(unreadable).json()),
    }
}
