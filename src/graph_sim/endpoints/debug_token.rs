//! `debug_token`: describes a token. Answers 200 for a dead token, and 400 if the caller may not inspect it.

use super::answer::GraphError;
use super::caller::{self, Caller};
use super::description::Data;
use super::request::{Method, Request};
use crate::graph_sim::call_log::Endpoint;
use crate::graph_sim::platform::Platform;
use crate::graph_sim::world::{AppKey, Known, Nature, TokenKey, World, missing_object};

pub(crate) fn debug_token(world: &mut World, request: &Request<'_>) -> Result<String, GraphError> {
    let method = request.method();
    if method != Method::Get {
        let message = missing_object("debug_token", method.as_str());
        return Err(GraphError::method(100, message).with_subcode(33));
    }
    let viewer = viewing_app(world, request)?;
    let Some(input) = request.params.get("input_token") else {
        return Err(GraphError::oauth(
            100,
            "(#100) The parameter input_token is required",
        ));
    };
    world.call_log.record_question(Endpoint::DebugToken, input);
    match world.identify(Platform::Facebook, input) {
        Err(unreadable) => Ok(Data::unreadable(unreadable).json()),
        Ok(Known::App(app)) => {
            same_app(app, viewer)?;
            Ok(Data::app(world, app).json())
        }
        Ok(Known::Issued(key)) => {
            same_app(world.token(key).app, viewer)?;
            Ok(Data::token(world, key).json())
        }
    }
}

fn viewing_app(world: &World, request: &Request<'_>) -> Result<AppKey, GraphError> {
    let caller = caller::identify(world, request)?;
    match caller {
        Caller::App(app) => Ok(app),
        Caller::Token(key) if is_developers(world, key) => Ok(world.token(key).app),
        Caller::Token(_) => Err(GraphError::oauth(
            100,
            "(#100) You must provide an app access token, or a user access token that is an owner \
             or developer of the app",
        )),
    }
}

fn is_developers(world: &World, key: TokenKey) -> bool {
    let token = world.token(key);
    world.person(token.subject).nature == Nature::Human
        && token.subject() == token.subject
        && world.app(token.app).developers.contains(&token.subject)
}

fn same_app(input: AppKey, viewer: AppKey) -> Result<(), GraphError> {
    if input == viewer {
        return Ok(());
    }
    let message = "(#100) The App_id in the input_token did not match the Viewing App";
    Err(GraphError::oauth(100, message))
}
