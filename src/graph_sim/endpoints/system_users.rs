//! `/{system-user}/access_tokens`: a business issues a token for its system user.

use serde_json::json;

use super::answer::GraphError;
use super::caller;
use super::node;
use super::request::Request;
use crate::graph_sim::world::{Nature, SystemUserRule, SystemUserValidity, World};

pub(crate) fn access_tokens(
    world: &mut World,
    request: &Request<'_>,
    id: &str,
) -> Result<String, GraphError> {
    caller::identify(world, request)?;
    let person = world
        .person_id(id)
        .map_err(|_| node::missing(id, request))?;
    if world.person(person).nature == Nature::Human {
        return Err(node::missing(id, request));
    }
    let Some(app) = request.params.get("business_app") else {
        return Err(GraphError::oauth(
            100,
            "(#100) The parameter business_app is required",
        ));
    };
    let app = world
        .app_key(app)
        .map_err(|_| node::missing(app, request))?;
    if request.params.get("appsecret_proof").is_none() {
        return Err(GraphError::oauth(
            100,
            "(#100) The parameter appsecret_proof is required",
        ));
    }
    let validity = validity(world.app(app).system_users, request)?;
    let scopes = request.params.list("scope");
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let key = world.issue_system_user_token(app, person, &scopes, validity);
    Ok(json!({ "access_token": world.token(key).text.as_ref() }).to_string())
}

fn validity(rule: SystemUserRule, request: &Request<'_>) -> Result<SystemUserValidity, GraphError> {
    match (rule, request.params.is_on("set_token_expires_in_60_days")) {
        (SystemUserRule::MayLastForever | SystemUserRule::MustExpire, true) => {
            Ok(SystemUserValidity::SixtyDays)
        }
        (SystemUserRule::MayLastForever, false) => Ok(SystemUserValidity::Never),
        (SystemUserRule::MustExpire, false) => Err(GraphError::oauth(
            100,
            "(#100) This business can only generate access tokens that expire in 60 days",
        )),
    }
}
