//! Codes: each is exchanged for a token once. Clients without a secret can get one, too.

use serde_json::json;

use super::access_token::{authenticated_app, issued, named_app};
use super::answer::GraphError;
use super::caller::{self, Caller};
use super::request::Request;
use crate::graph_sim::call_log::Endpoint;
use crate::graph_sim::dialog::is_absolute;
use crate::graph_sim::world::{CodeError, Origin, World};

pub(crate) fn redeem(world: &mut World, request: &Request<'_>) -> Result<String, GraphError> {
    let code = request.params.get("code").unwrap_or_default();
    let for_client = world.is_client_code(code);
    let app = if for_client {
        named_app(world, request)
    } else {
        authenticated_app(world, request)
    }?;
    let redirect_uri = request.params.get("redirect_uri");
    if redirect_uri.is_some_and(|address| !is_absolute(address)) {
        let message = "redirect_uri isn't an absolute URI. Check RFC 3986.";
        return Err(GraphError::oauth(191, message));
    }
    world.call_log.record_question(Endpoint::CodeExchange, code);
    let key = world.redeem(app, code, redirect_uri).map_err(explain)?;
    let answer = issued(world, key);
    Ok(if for_client {
        with_machine(&answer, request)
    } else {
        answer
    })
}

fn explain(rejection: CodeError) -> GraphError {
    let (subcode, message) = match rejection {
        CodeError::Unknown => return GraphError::oauth(100, "Invalid verification code format."),
        CodeError::Used => (36009, "This authorization code has been used."),
        CodeError::Expired => (36007, "This authorization code has expired."),
        CodeError::OtherRedirect => (
            36008,
            "Error validating verification code. Please make sure your redirect_uri is identical \
             to the one you used in the OAuth dialog request",
        ),
    };
    GraphError::oauth(100, message).with_subcode(subcode)
}

/// Adds the machine id that Meta assigned to the client.
fn with_machine(answer: &str, request: &Request<'_>) -> String {
    let mut answer: serde_json::Value = serde_json::from_str(answer).unwrap_or_default();
    let machine = request
        .params
        .get("machine_id")
        .unwrap_or("QmFzZTY0TWFjaGluZUlk");
    answer["machine_id"] = machine.into();
    answer.to_string()
}

/// `oauth/client_code`: a server gets a code for its own client in exchange for a long-lived token.
pub(crate) fn client_code(world: &mut World, request: &Request<'_>) -> Result<String, GraphError> {
    let app = authenticated_app(world, request)?;
    let Caller::Token(key) = caller::identify(world, request)? else {
        return Err(caller::needs_active_token());
    };
    let person = world.token(key).subject;
    let redirect_uri = request
        .params
        .get("redirect_uri")
        .unwrap_or_default()
        .to_owned();
    let code = world.issue_code(app, person, Origin::Client { redirect_uri }, None);
    Ok(json!({ "code": code }).to_string())
}
