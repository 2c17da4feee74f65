//! `/{user}/permissions`: what the person granted and declined.

use serde_json::{Value, json};

use super::request::Request;
use crate::graph_sim::world::{AppKey, Id, World};

pub(crate) fn permissions(world: &World, request: &Request<'_>, app: AppKey, person: Id) -> String {
    let asked = |name, value: &str| {
        let wanted = request.params.get(name);
        wanted.is_none_or(|wanted| wanted == value)
    };
    let answered = world
        .grant(app, person)
        .into_iter()
        .flat_map(|grant| &grant.permissions);
    let data: Vec<Value> = answered
        .filter(|(scope, answered)| {
            asked("permission", scope) && asked("status", answered.as_str())
        })
        .map(|(scope, answered)| json!({"permission": scope, "status": answered.as_str()}))
        .collect();
    json!({ "data": data }).to_string()
}
