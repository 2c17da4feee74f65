//! The objects that an id can name: people, pages, apps, businesses; and `me`, the caller.

use super::answer::GraphError;
use super::caller::{Caller, needs_active_token};
use super::known_fields::NodeType;
use super::request::Request;
use crate::graph_sim::world::{AppKey, Business, Id, World, missing_object};

/// The object that an id names, as far as the caller may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    App(AppKey),
    Person(Id),
    Page(Id),
    Business(Id),
}

impl Object {
    pub(crate) fn id(self, world: &World) -> String {
        match self {
            Self::App(app) => world.app(app).id.clone(),
            Self::Person(id) | Self::Page(id) | Self::Business(id) => id.to_string(),
        }
    }

    pub(crate) const fn node_type(self) -> NodeType {
        match self {
            Self::App(_) => NodeType::Application,
            Self::Person(_) => NodeType::User,
            Self::Page(_) => NodeType::Page,
            Self::Business(_) => NodeType::Business,
        }
    }

    pub(crate) fn nonexisting_field(self, field: &str) -> GraphError {
        let node = self.node_type().as_str();
        let message =
            format!("(#100) Tried accessing nonexisting field ({field}) on node type ({node})");
        GraphError::oauth(100, message)
    }
}

/// Returns the object that a path begins with.
pub(crate) fn at(
    world: &World,
    request: &Request<'_>,
    caller: Caller,
    id: &str,
) -> Result<Object, GraphError> {
    if id == "me" {
        return me(world, caller);
    }
    find(world, caller, id).ok_or_else(|| missing(id, request))
}

pub(crate) fn me(world: &World, caller: Caller) -> Result<Object, GraphError> {
    let Caller::Token(key) = caller else {
        return Err(needs_active_token());
    };
    let token = world.token(key);
    Ok(if token.subject() == token.subject {
        Object::Person(token.subject)
    } else {
        Object::Page(token.subject())
    })
}

pub(crate) fn find(world: &World, caller: Caller, id: &str) -> Option<Object> {
    if let Ok(app) = world.app_key(id) {
        return Some(Object::App(app));
    }
    if let Ok(person) = world.person_id(id) {
        return Some(Object::Person(person));
    }
    let id: Id = id.parse().ok()?;
    if world.page(id).is_some() {
        return Some(Object::Page(id));
    }
    business(world, caller, id).map(|_| Object::Business(id))
}

/// A business is visible to those who work there.
pub(crate) fn business(world: &World, caller: Caller, id: Id) -> Option<&Business> {
    let Caller::Token(key) = caller else {
        return None;
    };
    world.business_of(world.token(key).subject, id)
}

pub(crate) fn missing(id: &str, request: &Request<'_>) -> GraphError {
    let message = missing_object(id, request.method().as_str());
    GraphError::method(100, message).with_subcode(33)
}
