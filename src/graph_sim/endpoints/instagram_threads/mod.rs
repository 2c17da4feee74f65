//! The endpoints of Instagram and Threads: codes, exchanges, refreshes, the profile of a token's person, and Threads' own
//! debugger. There are no batches, no lists of accounts and no tokens of apps.

mod caller;
mod codes;
mod debug_token;
mod errors;
mod profile;
mod renewal;
mod route;

#[cfg(test)]
mod tests;

pub(crate) use errors::unsupported;
pub(crate) use route::Route;

use serde_json::{Value, json};

use super::answer::GraphError;
use super::request::Request;
use super::versions;
use crate::graph_sim::platform::Platform;
use crate::graph_sim::world::{AnswerEnvelope, TokenKey, World};

/// The only version of Threads.
const THREADS_VERSION: &str = "v1.0";

pub(super) fn answer(
    world: &mut World,
    request: &Request<'_>,
    platform: Platform,
    route: Route<'_>,
) -> Result<String, GraphError> {
    if !has_version(platform, request) {
        return Err(unsupported(platform, request));
    }
    match route {
        Route::Code => codes::redeem(world, platform, request),
        Route::Exchange => renewal::exchange(world, platform, request),
        Route::Refresh => renewal::refresh(world, platform, request),
        Route::Profile(id) => profile::profile(world, platform, request, id),
        Route::DebugToken => debug_token::debug_token(world, platform, request),
        Route::Unknown => Err(unsupported(platform, request)),
    }
}

fn has_version(platform: Platform, request: &Request<'_>) -> bool {
    request.version.is_none_or(|version| match platform {
        Platform::Threads => version.to_string() == THREADS_VERSION,
        Platform::Facebook | Platform::Instagram => versions::is_released(version),
    })
}

/// Writes an answer of Instagram that may be the only entry of a list.
fn enveloped(world: &World, key: TokenKey, answer: &Value) -> String {
    let app = world.app(world.token(key).app);
    match (app.platform, app.answers.envelope) {
        (Platform::Instagram, AnswerEnvelope::DataList) => json!({ "data": [answer] }).to_string(),
        (Platform::Instagram, AnswerEnvelope::Plain)
        | (Platform::Facebook | Platform::Threads, _) => answer.to_string(),
    }
}
