//! `me/accounts`: the pages that a person selected, as a list with cursors.

use std::ops::Bound;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::answer::GraphError;
use super::caller::Caller;
use super::fields::{self, Object};
use super::request::Request;
use crate::graph_sim::world::{Id, TokenKey, World};

const FIELDS: &str = "access_token,category,name,id,tasks";
const DEFAULT_LIMIT: usize = 25;
const MAXIMUM_LIMIT: usize = 100;

pub(crate) fn accounts(
    world: &mut World,
    request: &Request<'_>,
    key: TokenKey,
) -> Result<String, GraphError> {
    let limit = request
        .params
        .get("limit")
        .and_then(|limit| limit.parse().ok());
    let limit: usize = limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAXIMUM_LIMIT);
    let mut ids = pages_after(
        world,
        key,
        request.params.get("after").and_then(uncursor),
        limit + 1,
    );
    let more = ids.len() > limit;
    ids.truncate(limit);

    let mut answer = Map::new();
    answer.insert("data".to_owned(), describe(world, request, key, &ids)?);
    if let (Some(first), Some(last)) = (ids.first(), ids.last()) {
        let mut paging = json!({"cursors": {"before": cursor(*first), "after": cursor(*last)}});
        if more {
            paging["next"] = next(world, request, key, *last, limit).into();
        }
        answer.insert("paging".to_owned(), paging);
    }
    if request.params.get("summary").is_some() {
        let total = pages_after(world, key, None, usize::MAX).len();
        answer.insert("summary".to_owned(), json!({"total_count": total}));
    }
    Ok(super::answer::json(&answer))
}

fn pages_after(world: &World, key: TokenKey, after: Option<Id>, limit: usize) -> Vec<Id> {
    let roles = &world.person(world.token(key).subject).roles;
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let ids = roles.range((start, Bound::Unbounded)).map(|(id, _)| *id);
    ids.filter(|page| world.lists(key, *page))
        .take(limit)
        .collect()
}

fn describe(
    world: &mut World,
    request: &Request<'_>,
    key: TokenKey,
    ids: &[Id],
) -> Result<Value, GraphError> {
    let wanted = request.params.get("fields").unwrap_or(FIELDS);
    let caller = Caller::Token(key);
    let pages = ids
        .iter()
        .map(|id| fields::of(world, caller, Object::Page(*id), wanted));
    pages.map(|page| page.map(Value::Object)).collect()
}

/// Meta puts the caller's token into this URL, so clients should not store it.
fn next(world: &World, request: &Request<'_>, key: TokenKey, last: Id, limit: usize) -> String {
    let token = world.token(key);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("access_token", &token.text);
    if let Some(fields) = request.params.get("fields") {
        query.append_pair("fields", fields);
    }
    query
        .append_pair("limit", &limit.to_string())
        .append_pair("after", &cursor(last));
    let version = super::versions::served(world.now(), request.version);
    let host = world.paging_host();
    format!(
        "{host}/{version}/{}/accounts?{}",
        token.subject,
        query.finish()
    )
}

fn cursor(page: Id) -> String {
    URL_SAFE_NO_PAD.encode(page.to_string())
}

fn uncursor(cursor: &str) -> Option<Id> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor.trim_end_matches('=')).ok()?;
    String::from_utf8(bytes).ok()?.parse().ok()
}
