//! The apps that receive a page's webhooks.

use serde_json::{Value, json};

use super::answer::GraphError;
use super::caller::{self, Caller};
use super::node::{self, Object};
use super::request::Request;
use super::revoke::SUCCESS;
use crate::graph_sim::world::{AppKey, Id, World};

const MANAGE_METADATA: &str = "pages_manage_metadata";

pub(crate) fn subscribe(
    world: &mut World,
    request: &Request<'_>,
    id: &str,
) -> Result<String, GraphError> {
    let (app, page) = named_page(world, request, id)?;
    world.subscribe(page, app, request.params.list("subscribed_fields"));
    Ok(SUCCESS.to_owned())
}

pub(crate) fn unsubscribe(
    world: &mut World,
    request: &Request<'_>,
    id: &str,
) -> Result<String, GraphError> {
    let (app, page) = named_page(world, request, id)?;
    world.unsubscribe(page, app);
    Ok(SUCCESS.to_owned())
}

fn named_page(world: &World, request: &Request<'_>, id: &str) -> Result<(AppKey, Id), GraphError> {
    let caller = caller::identify(world, request)?;
    let object = node::at(world, request, caller, id)?;
    acting_page(world, caller, object)
}

/// Needs the page's own token, with the permission to change the page's settings.
pub(super) fn acting_page(
    world: &World,
    caller: Caller,
    object: Object,
) -> Result<(AppKey, Id), GraphError> {
    let Caller::Token(key) = caller else {
        return Err(caller::needs_active_token());
    };
    let token = world.token(key);
    let page = token.subject();
    if page == token.subject || object != Object::Page(page) {
        let message = "(#210) A page access token is required to request this resource.";
        return Err(GraphError::oauth(210, message).with_status(403));
    }
    if world.holds(key, MANAGE_METADATA) {
        return Ok((token.app, page));
    }
    let message = format!("(#200) Requires {MANAGE_METADATA} permission to manage the object");
    Err(GraphError::oauth(200, message).with_status(403))
}

pub(super) fn subscriptions(world: &World, page: Id) -> Vec<Value> {
    let subscriptions = world.subscriptions(page);
    let apps = subscriptions.map(|(app, fields)| {
        let app = world.app(app);
        json!({"id": app.id, "name": app.name, "subscribed_fields": fields})
    });
    apps.collect()
}
