//! Identifies the caller: an app or a living token, with a valid proof.

use super::answer::GraphError;
use super::request::Request;
use crate::graph_sim::platform::Platform;
use crate::graph_sim::signature;
use crate::graph_sim::world::{AppKey, Known, ProofRule, TokenKey, TokenUse, World};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    App(AppKey),
    Token(TokenKey),
}

impl Caller {
    pub(crate) fn app(self, world: &World) -> AppKey {
        match self {
            Self::App(app) => app,
            Self::Token(key) => world.token(key).app,
        }
    }
}

pub(crate) fn needs_active_token() -> GraphError {
    let message =
        "An active access token must be used to query information about the current user.";
    GraphError::oauth(2500, message)
}

/// Identifies a caller of Facebook.
pub(crate) fn identify(world: &World, request: &Request<'_>) -> Result<Caller, GraphError> {
    identify_at(world, Platform::Facebook, request)
}

pub(crate) fn identify_at(
    world: &World,
    platform: Platform,
    request: &Request<'_>,
) -> Result<Caller, GraphError> {
    let Some(text) = request.access_token() else {
        return Err(GraphError::oauth(
            104,
            "An access token is required to request this resource.",
        ));
    };
    let caller = match world.identify(platform, text)? {
        Known::App(app) => Caller::App(app),
        Known::Issued(key) => living_token(world, key)?,
    };
    check_proof(world, request, text, caller.app(world))?;
    Ok(caller)
}

fn living_token(world: &World, key: TokenKey) -> Result<Caller, GraphError> {
    world
        .liveness(key)
        .map_err(|death| world.token_error(key, death))?;
    match world.token(key).usable_for {
        TokenUse::Calls => Ok(Caller::Token(key)),
        TokenUse::DebugOnly => Err(GraphError::oauth(
            190,
            "Invalid OAuth access token - Debug only access token",
        )),
    }
}

/// If this fails, the token itself is still valid; the error's type says so.
fn check_proof(
    world: &World,
    request: &Request<'_>,
    token: &str,
    app: AppKey,
) -> Result<(), GraphError> {
    let app = world.app(app);
    match (request.params.get("appsecret_proof"), app.proof) {
        (None, ProofRule::Optional) => Ok(()),
        (None, ProofRule::Required) => Err(GraphError::method(
            100,
            "API calls from the server require an appsecret_proof argument",
        )),
        (Some(proof), ProofRule::Optional | ProofRule::Required) => {
            let time = request.params.get("appsecret_time");
            let fits = signature::proof(&app.secret, token, time) == proof;
            if fits && time.is_none_or(|time| is_recent(world, time)) {
                return Ok(());
            }
            Err(GraphError::method(
                100,
                "Invalid appsecret_proof provided in the API argument",
            ))
        }
    }
}

/// A proof with a time is valid for five minutes.
fn is_recent(world: &World, time: &str) -> bool {
    let signed_at: Option<i64> = time.parse().ok();
    signed_at.is_some_and(|at| (world.now().as_second() - at).abs() <= 300)
}
