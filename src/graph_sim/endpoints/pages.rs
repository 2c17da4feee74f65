//! Pages as apps and businesses see them: subscriptions and ownership.

use serde_json::{Value, json};

use super::answer::GraphError;
use super::caller::{self, Caller};
use super::fields::{self, Object};
use super::object;
use super::request::{Method, Request};
use super::revoke::SUCCESS;
use crate::graph_sim::world::{Id, Tenure, TokenKey, World};

const MANAGE_METADATA: &str = "pages_manage_metadata";

/// Needs the page's own token, with the permission to change the page's settings.
pub(crate) fn subscribed_apps(
    world: &mut World,
    request: &Request<'_>,
    id: &str,
) -> Result<String, GraphError> {
    let (key, page) = acting_page(world, request, id)?;
    let app = world.token(key).app;
    match request.method() {
        Method::Get => Ok(subscriptions(world, page)),
        Method::Post => {
            world.subscribe(page, app, request.params.list("subscribed_fields"));
            Ok(SUCCESS.to_owned())
        }
        Method::Delete => {
            world.unsubscribe(page, app);
            Ok(SUCCESS.to_owned())
        }
    }
}

fn acting_page(
    world: &World,
    request: &Request<'_>,
    id: &str,
) -> Result<(TokenKey, Id), GraphError> {
    let Caller::Token(key) = caller::identify(world, request)? else {
        return Err(object::needs_active_token());
    };
    let token = world.token(key);
    let page = token.subject();
    let is_page_itself = page != token.subject && (id == "me" || id == page.to_string());
    if !is_page_itself {
        let message = "(#210) A page access token is required to request this resource.";
        return Err(GraphError::oauth(210, message).with_status(403));
    }
    if world.holds(key, MANAGE_METADATA) {
        return Ok((key, page));
    }
    let message = format!("(#200) Requires {MANAGE_METADATA} permission to manage the object");
    Err(GraphError::oauth(200, message).with_status(403))
}

fn subscriptions(world: &World, page: Id) -> String {
    let data: Vec<Value> = world
        .subscriptions(page)
        .map(|(app, fields)| {
            let app = world.app(app);
            json!({"id": app.id, "name": app.name, "subscribed_fields": fields})
        })
        .collect();
    json!({ "data": data }).to_string()
}

/// `/me/businesses`: the businesses for which the caller works.
pub(crate) fn businesses(world: &World, key: TokenKey) -> String {
    let data: Vec<Value> = world
        .businesses_of(world.token(key).subject)
        .map(|(id, business)| json!({"id": id.to_string(), "name": business.name}))
        .collect();
    json!({ "data": data }).to_string()
}

/// `owned_pages` and `client_pages`, which also list pages that the person did not select.
pub(crate) fn business_pages(
    world: &mut World,
    request: &Request<'_>,
    id: &str,
    tenure: Tenure,
) -> Result<String, GraphError> {
    let Caller::Token(key) = caller::identify(world, request)? else {
        return Err(object::needs_active_token());
    };
    let mut businesses = world.businesses_of(world.token(key).subject);
    let Some((_, business)) = businesses.find(|(of, _)| of.to_string() == id) else {
        return Err(object::missing(id, request));
    };
    let pages: Vec<Id> = business.pages(tenure).iter().copied().collect();
    drop(businesses);
    let wanted = request.params.get("fields").unwrap_or("id,name");
    let caller = Caller::Token(key);
    let described = pages
        .into_iter()
        .map(|page| fields::of(world, caller, Object::Page(page), wanted));
    let data = described.collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "data": data }).to_string())
}
