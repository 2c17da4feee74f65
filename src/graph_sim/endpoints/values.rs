//! The single fields of objects. A field that is unset or not visible to the caller is left out of a 200; this is how Meta
//! withholds a page's token. An unknown field is an error.

use serde_json::{Value, json};

use super::answer::GraphError;
use super::caller::Caller;
use super::field_syntax::Field;
use super::node::Object;
use crate::graph_sim::world::{AppKey, Id, TokenKey, World};

pub(super) fn of(
    world: &mut World,
    caller: Caller,
    object: Object,
    field: &Field,
) -> Result<Option<Value>, GraphError> {
    let found = match object {
        Object::App(app) => of_app(world, app, field),
        Object::Person(person) => of_person(world, caller, person, field),
        Object::Page(page) => of_page(world, caller, page, field),
        Object::Business(business) => of_business(world, business, field),
    };
    match found {
        Known::Set(value) => Ok(Some(value)),
        Known::Unset => Ok(None),
        Known::Not if object.node_type().knows(&field.name) => Ok(None),
        Known::Not => Err(object.nonexisting_field(&field.name)),
    }
}

/// Whether a field is served here.
enum Known {
    Set(Value),
    Unset,
    Not,
}

impl<T: Into<Value>> From<Option<T>> for Known {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unset, |value| Self::Set(value.into()))
    }
}

fn of_app(world: &World, app: AppKey, field: &Field) -> Known {
    let app = world.app(app);
    match field.name.as_str() {
        "name" => Some(app.name.as_str()).into(),
        "link" => Some(format!("https://www.facebook.com/games/?app_id={}", app.id)).into(),
        _ => Known::Not,
    }
}

fn of_person(world: &World, caller: Caller, person: Id, field: &Field) -> Known {
    let name = world.person(person).name.as_str();
    let parts: Vec<&str> = name.split_whitespace().collect();
    match (field.name.as_str(), parts.as_slice()) {
        ("name", _) => Some(name).into(),
        ("name_format", _) => Some("{first} {last}").into(),
        ("first_name" | "short_name", [first, ..]) => Some(*first).into(),
        ("middle_name", [_, middle @ .., _]) if !middle.is_empty() => Some(middle.join(" ")).into(),
        ("last_name", [_, .., last]) => Some(*last).into(),
        ("first_name" | "short_name" | "middle_name" | "last_name", _) => Known::Unset,
        ("picture", _) => Some(picture(person, field)).into(),
        ("email", _) => email(world, caller, person).into(),
        _ => Known::Not,
    }
}

fn of_page(world: &mut World, caller: Caller, page: Id, field: &Field) -> Known {
    match field.name.as_str() {
        "name" => world.page(page).map(|page| page.name.as_str()).into(),
        "category" => Some("Local business").into(),
        "category_list" => Some(json!([{"id": "2500", "name": "Local business"}])).into(),
        "link" => Some(format!("https://www.facebook.com/{page}")).into(),
        "picture" => Some(picture(page, field)).into(),
        "verification_status" => Some("not_verified").into(),
        "tasks" => tasks(world, caller, page).into(),
        "access_token" => page_token(world, caller, page).into(),
        _ => Known::Not,
    }
}

fn of_business(world: &World, business: Id, field: &Field) -> Known {
    match field.name.as_str() {
        "name" => world.business_name(business).into(),
        "verification_status" => Some("not_verified").into(),
        _ => Known::Not,
    }
}

fn picture(id: Id, field: &Field) -> Value {
    let (width, height) = size(field);
    let host = "https://platform-lookaside.fbsbx.com/platform/profilepic/";
    json!({"data": {
        "height": height,
        "is_silhouette": true,
        "url": format!("{host}?asid={id}&height={height}&width={width}"),
        "width": width,
    }})
}

/// Meta's sizes by `type`; `width` or `height` alone make a square.
fn size(field: &Field) -> (u16, u16) {
    let number = |name| field.modifier(name).and_then(|text| text.parse().ok());
    match (number("width"), number("height")) {
        (Some(width), Some(height)) => (width, height),
        (Some(side), None) | (None, Some(side)) => (side, side),
        (None, None) => match field.modifier("type") {
            Some("large") => (200, 200),
            Some("normal") => (100, 100),
            Some(_) | None => (50, 50),
        },
    }
}

fn page_token(world: &mut World, caller: Caller, page: Id) -> Option<String> {
    let Caller::Token(key) = caller else {
        return None;
    };
    let token = world.token(key);
    let key = if token.subject() == page {
        key
    } else {
        world.derive(key, page)?
    };
    Some(world.token(key).text.to_string())
}

fn tasks(world: &World, caller: Caller, page: Id) -> Option<Value> {
    let Caller::Token(key) = caller else {
        return None;
    };
    let person = world.person(world.token(key).subject);
    person.roles.get(&page).map(|tasks| (*tasks).into())
}

/// A person's data needs its scope, and data access that has not expired.
fn email(world: &World, caller: Caller, person: Id) -> Option<String> {
    let Caller::Token(key) = caller else {
        return None;
    };
    let is_visible = world.holds(key, "email") && has_data_access(world, key);
    is_visible.then(|| format!("{person}@example.com"))
}

fn has_data_access(world: &World, key: TokenKey) -> bool {
    let token = world.token(key);
    let grant = world.grant(token.app, token.subject);
    let end = grant.and_then(|grant| grant.data_access_expires_at);
    end.is_none_or(|end| world.now() < end)
}
