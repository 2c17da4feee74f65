//! The fields of objects. An unknown field is an error. A field that is unset or not visible to the caller is left out
//! of a 200; this is how Meta withholds a page's token.

use serde_json::{Map, Value, json};

use super::answer::GraphError;
use super::caller::Caller;
use crate::graph_sim::world::{AppKey, Id, TokenKey, World};

/// The object that an id names, as far as the caller may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    App(AppKey),
    Person(Id),
    Page(Id),
}

/// Fields that Meta knows and that are never set here.
const UNSET_OF_APPS: [&str; 3] = ["category", "description", "namespace"];
const UNSET_OF_PAGES: [&str; 14] = [
    "about",
    "cover",
    "description",
    "description_html",
    "display_subtext",
    "emails",
    "engagement",
    "fan_count",
    "global_brand_page_name",
    "global_brand_root_id",
    "instagram_business_account",
    "phone",
    "username",
    "website",
];
/// Fields that need permissions of their own and are never set here.
const UNSET_OF_PEOPLE: [&str; 6] = [
    "age_range",
    "birthday",
    "gender",
    "hometown",
    "link",
    "location",
];

/// Returns the requested fields, and always the id.
pub(crate) fn of(
    world: &mut World,
    caller: Caller,
    object: Object,
    fields: &str,
) -> Result<Map<String, Value>, GraphError> {
    let mut answer = Map::new();
    for field in fields.split(',').map(str::trim) {
        let value = match object {
            _ if field == "id" => Some(id_of(world, object).into()),
            Object::App(app) => of_app(world, app, field)?,
            Object::Person(person) => of_person(world, caller, person, field)?,
            Object::Page(page) => of_page(world, caller, page, field)?,
        };
        answer.extend(value.map(|value| (field.to_owned(), value)));
    }
    answer
        .entry("id")
        .or_insert_with(|| id_of(world, object).into());
    Ok(answer)
}

fn id_of(world: &World, object: Object) -> String {
    match object {
        Object::App(app) => world.app(app).id.clone(),
        Object::Person(id) | Object::Page(id) => id.to_string(),
    }
}

fn of_app(world: &World, app: AppKey, field: &str) -> Result<Option<Value>, GraphError> {
    let app = world.app(app);
    match field {
        "name" => Ok(Some(app.name.clone().into())),
        "link" => Ok(Some(
            format!("https://www.facebook.com/games/?app_id={}", app.id).into(),
        )),
        other => unset(other, &UNSET_OF_APPS),
    }
}

fn of_person(
    world: &World,
    caller: Caller,
    person: Id,
    field: &str,
) -> Result<Option<Value>, GraphError> {
    let name = world.person(person).name.as_str();
    let parts: Vec<&str> = name.split_whitespace().collect();
    let found = match (field, parts.as_slice()) {
        ("name", _) => Some(name.into()),
        ("name_format", _) => Some("{first} {last}".into()),
        ("first_name" | "short_name", [first, ..]) => Some((*first).into()),
        ("middle_name", [_, middle @ .., _]) if !middle.is_empty() => Some(middle.join(" ").into()),
        ("last_name", [_, .., last]) => Some((*last).into()),
        ("first_name" | "short_name" | "middle_name" | "last_name", _) => None,
        ("picture", _) => Some(picture(person)),
        ("email", _) => email(world, caller, person),
        (other, _) => return unset(other, &UNSET_OF_PEOPLE),
    };
    Ok(found)
}

fn of_page(
    world: &mut World,
    caller: Caller,
    page: Id,
    field: &str,
) -> Result<Option<Value>, GraphError> {
    let found = match field {
        "name" => world.page(page).map(|page| page.name.clone().into()),
        "category" => Some("Local business".into()),
        "category_list" => Some(json!([{"id": "2500", "name": "Local business"}])),
        "link" => Some(format!("https://www.facebook.com/{page}").into()),
        "picture" => Some(picture(page)),
        "verification_status" => Some("not_verified".into()),
        "tasks" => tasks(world, caller, page),
        "access_token" => page_token(world, caller, page),
        other => return unset(other, &UNSET_OF_PAGES),
    };
    Ok(found)
}

fn unset(field: &str, known: &[&str]) -> Result<Option<Value>, GraphError> {
    if known.contains(&field) {
        return Ok(None);
    }
    let message = format!("(#100) Tried accessing nonexisting field ({field})");
    Err(GraphError::oauth(100, message))
}

fn picture(id: Id) -> Value {
    json!({"data": {
        "height": 50,
        "is_silhouette": true,
        "url": format!("https://platform-lookaside.fbsbx.com/platform/profilepic/?asid={id}"),
        "width": 50,
    }})
}

fn page_token(world: &mut World, caller: Caller, page: Id) -> Option<Value> {
    let Caller::Token(key) = caller else {
        return None;
    };
    let token = world.token(key);
    let key = if token.subject() == page {
        key
    } else {
        world.derive(key, page)?
    };
    Some(world.token(key).text.as_ref().into())
}

fn tasks(world: &World, caller: Caller, page: Id) -> Option<Value> {
    let Caller::Token(key) = caller else {
        return None;
    };
    world
        .person(world.token(key).subject)
        .roles
        .get(&page)
        .map(|tasks| (*tasks).into())
}

/// A person's data needs its scope, and data access that has not expired.
fn email(world: &World, caller: Caller, person: Id) -> Option<Value> {
    let Caller::Token(key) = caller else {
        return None;
    };
    (world.holds(key, "email") && has_data_access(world, key))
        .then(|| format!("{person}@example.com").into())
}

fn has_data_access(world: &World, key: TokenKey) -> bool {
    let token = world.token(key);
    let grant = world.grant(token.app, token.subject);
    let end = grant.and_then(|grant| grant.data_access_expires_at);
    end.is_none_or(|end| world.now() < end)
}
