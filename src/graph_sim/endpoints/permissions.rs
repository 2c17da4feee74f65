//! `/{user}/permissions`: what the person granted and declined.

use serde_json::{Value, json};

use crate::graph_sim::world::{AppKey, Id, World};

pub(crate) fn permissions(world: &World, app: AppKey, person: Id) -> String {
    let said = world
        .grant(app, person)
        .into_iter()
        .flat_map(|grant| &grant.permissions);
    let data: Vec<Value> = said
        .map(|(scope, said)| json!({"permission": scope, "status": said.word()}))
        .collect();
    json!({ "data": data }).to_string()
}
