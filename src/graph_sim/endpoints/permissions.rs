//! `/{user}/permissions`: what the person granted and declined.

use serde_json::{Value, json};

use super::request::Request;
use crate::graph_sim::world::{AppKey, Id, World};

pub(crate) fn permissions(world: &World, request: &Request<'_>, app: AppKey, person: Id) -> String {
    let asked = |name, value: &str| {
        let wanted = request.params.get(name);
        wanted.is_none_or(|wanted| wanted == value)
    };
    let said = world
        .grant(app, person)
        .into_iter()
        .flat_map(|grant| &grant.permissions);
    let data: Vec<Value> = said
        .filter(|(scope, said)| asked("permission", scope) && asked("status", said.as_str()))
        .map(|(scope, said)| json!({"permission": scope, "status": said.as_str()}))
        .collect();
    json!({ "data": data }).to_string()
}
