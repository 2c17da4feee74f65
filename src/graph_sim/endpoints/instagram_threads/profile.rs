//! The profile of the person behind a token: `me`, or the person's own id.

use serde_json::{Map, Value};

use super::caller::living_token;
use super::{enveloped, errors};
use crate::graph_sim::endpoints::answer::GraphError;
use crate::graph_sim::endpoints::request::{Method, Request};
use crate::graph_sim::platform::Platform;
use crate::graph_sim::signature;
use crate::graph_sim::world::{AppKey, Id, TokenKey, World};

/// Fields that Meta knows and that are never set here.
const UNSET_AT_INSTAGRAM: [&str; 2] = ["biography", "profile_picture_url"];
const UNSET_AT_THREADS: [&str; 2] = ["threads_biography", "threads_profile_picture_url"];

pub(super) fn profile(
    world: &World,
    platform: Platform,
    request: &Request<'_>,
    id: &str,
) -> Result<String, GraphError> {
    if request.method() != Method::Get {
        return Err(errors::unsupported(platform, request));
    }
    let key = living_token(world, platform, request)?;
    if !world.holds(key, platform.basic_scope()) {
        return Err(errors::basic_permission_missing(platform));
    }
    if !is_own(world, key, id) {
        return Err(errors::missing(platform, request, id));
    }
    let mut answer = Map::new();
    for field in ["id"].into_iter().chain(wanted(request)) {
        let value = field_of(world, platform, key, field)?;
        answer.extend(value.map(|value| (field.to_owned(), value)));
    }
    Ok(enveloped(world, key, &answer.into()))
}

/// The id is always in the answer.
fn wanted<'a>(request: &'a Request<'_>) -> impl Iterator<Item = &'a str> {
    let fields = request.params.get("fields").unwrap_or_default();
    let fields = fields.split(',').map(str::trim);
    fields.filter(|field| !field.is_empty())
}

fn is_own(world: &World, key: TokenKey, id: &str) -> bool {
    let token = world.token(key);
    id == "me"
        || id == token.subject.to_string()
        || id == scoped_id(world, token.app, token.subject)
}

/// Returns `None` for a field that is not set.
fn field_of(
    world: &World,
    platform: Platform,
    key: TokenKey,
    field: &str,
) -> Result<Option<Value>, GraphError> {
    let token = world.token(key);
    let name = world.person(token.subject).name.as_str();
    let found = match (platform, field) {
        (_, "username") => username(name).into(),
        (_, "name") => name.into(),
        (Platform::Threads, "id") => token.subject.to_string().into(),
        (Platform::Threads, "is_verified") => false.into(),
        (Platform::Threads, other) if UNSET_AT_THREADS.contains(&other) => return Ok(None),
        (Platform::Instagram, "id") => scoped_id(world, token.app, token.subject).into(),
        (Platform::Instagram, "user_id") => token.subject.to_string().into(),
        (Platform::Instagram, "account_type") => "BUSINESS".into(),
        (Platform::Instagram, "followers_count" | "follows_count" | "media_count") => 0.into(),
        (Platform::Instagram, other) if UNSET_AT_INSTAGRAM.contains(&other) => return Ok(None),
        (_, other) => return Err(errors::nonexisting_field(platform, other)),
    };
    Ok(Some(found))
}

/// The id that Instagram gives a person in one app only. `user_id` is the same in all apps.
pub(super) fn scoped_id(world: &World, app: AppKey, person: Id) -> String {
    let digest = signature::hmac(&world.app(app).id, person.to_string().as_bytes());
    let number = digest
        .iter()
        .take(7)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (10_000_000_000_000_000 + number % 10_000_000_000_000_000).to_string()
}

fn username(name: &str) -> String {
    let words = name.split_whitespace().map(|word| {
        let kept = word.chars().filter(char::is_ascii_alphanumeric);
        kept.collect::<String>().to_ascii_lowercase()
    });
    words.collect::<Vec<_>>().join(".")
}
