//! The lists that belong to an object, and who may read them. A path and the `fields` parameter name them alike.

use std::iter;

use serde_json::{Value, json};

use super::answer::GraphError;
use super::caller::{self, Caller};
use super::field_syntax::{self, Field};
use super::node::{self, Object};
use super::pages;
use super::paging::Part;
use super::request::Request;
use crate::graph_sim::world::{AppKey, Id, Tenure, TokenKey, World};

/// Parameters of a path that are modifiers where a field names the same.
const MODIFIERS: [&str; 10] = [
    "after",
    "before",
    "height",
    "limit",
    "offset",
    "permission",
    "status",
    "summary",
    "type",
    "width",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Accounts(Id),
    Businesses(Id),
    BusinessPages(Id, Tenure),
    Permissions(Id),
    SubscribedApps(Id),
}

/// What is in a list.
pub(super) enum Rows {
    Values(Vec<Value>),
    /// One part of a list of objects, for the caller with this token.
    Objects(TokenKey, Part),
}

impl Edge {
    pub(super) fn of(object: Object, name: &str) -> Option<Self> {
        match (object, name) {
            (Object::Person(id), "accounts") => Some(Self::Accounts(id)),
            (Object::Person(id), "businesses") => Some(Self::Businesses(id)),
            (Object::Person(id), "permissions") => Some(Self::Permissions(id)),
            (Object::Page(id), "subscribed_apps") => Some(Self::SubscribedApps(id)),
            (Object::Business(id), "owned_pages") => Some(Self::BusinessPages(id, Tenure::Owned)),
            (Object::Business(id), "client_pages") => Some(Self::BusinessPages(id, Tenure::Client)),
            (Object::App(_) | Object::Person(_) | Object::Page(_) | Object::Business(_), _) => None,
        }
    }

    pub(super) const fn node(self) -> Id {
        match self {
            Self::Accounts(id)
            | Self::Businesses(id)
            | Self::BusinessPages(id, _)
            | Self::Permissions(id)
            | Self::SubscribedApps(id) => id,
        }
    }

    /// The object in a row.
    pub(super) const fn row(self, id: Id) -> Object {
        match self {
            Self::Businesses(_) => Object::Business(id),
            Self::Accounts(_)
            | Self::BusinessPages(..)
            | Self::Permissions(_)
            | Self::SubscribedApps(_) => Object::Page(id),
        }
    }

    pub(super) const fn default_fields(self) -> &'static str {
        match self {
            Self::Accounts(_) => "access_token,category,name,id,tasks",
            Self::Businesses(_)
            | Self::BusinessPages(..)
            | Self::Permissions(_)
            | Self::SubscribedApps(_) => "id,name",
        }
    }

    pub(super) fn rows(
        self,
        world: &World,
        request: &Request<'_>,
        caller: Caller,
        field: &Field,
    ) -> Result<Rows, GraphError> {
        match self {
            Self::Accounts(person) => {
                let key = own_token(world, request, caller, person)?;
                let roles = &world.person(person).roles;
                let listed = |bounds| -> Box<dyn DoubleEndedIterator<Item = Id> + '_> {
                    let ids = roles.range(bounds).map(|(id, _)| *id);
                    Box::new(ids.filter(move |page| world.lists(key, *page)))
                };
                Ok(Rows::Objects(key, Part::of(field, &listed)))
            }
            Self::Businesses(person) => {
                let key = own_token(world, request, caller, person)?;
                let listed = |bounds| -> Box<dyn DoubleEndedIterator<Item = Id> + '_> {
                    Box::new(world.business_ids_of(person, bounds))
                };
                Ok(Rows::Objects(key, Part::of(field, &listed)))
            }
            Self::BusinessPages(id, tenure) => {
                business_pages(world, request, caller, field, id, tenure)
            }
            Self::Permissions(person) => {
                let app = app_for(world, request, caller, person)?;
                Ok(Rows::Values(permissions(world, field, app, person)))
            }
            Self::SubscribedApps(page) => {
                pages::acting_page(world, caller, Object::Page(page))?;
                Ok(Rows::Values(pages::subscriptions(world, page)))
            }
        }
    }
}

/// Reads a path below an object as the field that means the same.
pub(super) fn field_of(request: &Request<'_>, name: &str) -> Result<Field, GraphError> {
    let given = |name: &&str| {
        let argument = request.params.get(name)?;
        Some(((*name).to_owned(), argument.to_owned()))
    };
    let fields = request.params.get("fields");
    Ok(Field {
        name: name.to_owned(),
        modifiers: MODIFIERS.iter().filter_map(given).collect(),
        inner: fields.map_or(Ok(Vec::new()), field_syntax::parse)?,
    })
}

/// Returns the caller's token if the caller is this person.
fn own_token(
    world: &World,
    request: &Request<'_>,
    caller: Caller,
    person: Id,
) -> Result<TokenKey, GraphError> {
    let Caller::Token(key) = caller else {
        return Err(caller::needs_active_token());
    };
    if world.token(key).subject == person {
        return Ok(key);
    }
    Err(node::missing(&person.to_string(), request))
}

/// Returns the app whose permissions are asked for: the caller, or that of the person's own token.
fn app_for(
    world: &World,
    request: &Request<'_>,
    caller: Caller,
    person: Id,
) -> Result<AppKey, GraphError> {
    match caller {
        Caller::App(app) => Ok(app),
        Caller::Token(_) => {
            let key = own_token(world, request, caller, person)?;
            Ok(world.token(key).app)
        }
    }
}

/// Pages that a business has, also those that the person did not select.
fn business_pages(
    world: &World,
    request: &Request<'_>,
    caller: Caller,
    field: &Field,
    id: Id,
    tenure: Tenure,
) -> Result<Rows, GraphError> {
    let Caller::Token(key) = caller else {
        return Err(caller::needs_active_token());
    };
    let Some(business) = node::business(world, caller, id) else {
        return Err(node::missing(&id.to_string(), request));
    };
    let pages = business.pages(tenure);
    let listed = |bounds| -> Box<dyn DoubleEndedIterator<Item = Id> + '_> {
        Box::new(pages.range(bounds).copied())
    };
    Ok(Rows::Objects(key, Part::of(field, &listed)))
}

/// What the person granted and declined.
fn permissions(world: &World, field: &Field, app: AppKey, person: Id) -> Vec<Value> {
    let asked = |name, value: &str| field.modifier(name).is_none_or(|wanted| wanted == value);
    let grant = world.grant(app, person);
    let answered = iter::once(grant)
        .flatten()
        .flat_map(|grant| &grant.permissions);
    answered
        .filter(|(scope, answered)| {
            asked("permission", scope) && asked("status", answered.as_str())
        })
        .map(|(scope, answered)| json!({"permission": scope, "status": answered.as_str()}))
        .collect()
}
