//! One part of a list: with cursors, the addresses of its neighbours, and the count of the whole.

use std::ops::Bound;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::field_syntax::{Field, joined};
use super::request::Request;
use super::versions;
use crate::graph_sim::world::{Id, TokenKey, World};

const DEFAULT_LIMIT: usize = 25;
const MAXIMUM_LIMIT: usize = 100;

/// Gives the ids between two bounds in their order.
pub(super) type Listing<'a> =
    dyn Fn((Bound<Id>, Bound<Id>)) -> Box<dyn DoubleEndedIterator<Item = Id> + 'a> + 'a;

/// The part that a caller asks for.
#[derive(Clone, Copy, Debug)]
struct Window {
    limit: usize,
    after: Option<Id>,
    before: Option<Id>,
    offset: usize,
    counts: bool,
}

impl Window {
    fn of(field: &Field) -> Self {
        let number = |name| field.modifier(name).and_then(|text| text.parse().ok());
        let limit: Option<usize> = number("limit");
        let cursor = |name| field.modifier(name).and_then(uncursor);
        Self {
            limit: limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAXIMUM_LIMIT),
            after: cursor("after"),
            before: cursor("before"),
            offset: number("offset").unwrap_or(0),
            counts: summary(field).is_some(),
        }
    }

    fn ids(self, listing: &Listing<'_>) -> Vec<Id> {
        if let Some(before) = self.before {
            let earlier = listing((Bound::Unbounded, Bound::Excluded(before)));
            let mut ids: Vec<Id> = earlier.rev().take(self.limit).collect();
            ids.reverse();
            return ids;
        }
        let start = self.after.map_or(Bound::Unbounded, Bound::Excluded);
        let later = listing((start, Bound::Unbounded));
        later.skip(self.offset).take(self.limit).collect()
    }
}

fn summary(field: &Field) -> Option<&str> {
    let asked = field.modifier("summary");
    asked.filter(|asked| !matches!(*asked, "0" | "false"))
}

#[derive(Clone, Debug)]
pub(super) struct Part {
    window: Window,
    pub(super) ids: Vec<Id>,
    has_previous: bool,
    has_next: bool,
    total: Option<usize>,
}

impl Part {
    pub(super) fn of(field: &Field, listing: &Listing<'_>) -> Self {
        let window = Window::of(field);
        let ids = window.ids(listing);
        let exists = |bounds| listing(bounds).next().is_some();
        let earlier = |id: &Id| listing((Bound::Unbounded, Bound::Excluded(*id)));
        let later = |id: &Id| (Bound::Excluded(*id), Bound::Unbounded);
        let everything = (Bound::Unbounded, Bound::Unbounded);
        Self {
            window,
            has_previous: ids
                .first()
                .is_some_and(|id| earlier(id).next_back().is_some()),
            has_next: ids.last().is_some_and(|id| exists(later(id))),
            total: window.counts.then(|| listing(everything).count()),
            ids,
        }
    }

    /// Adds `paging` and `summary` to an answer.
    pub(super) fn describe(&self, answer: &mut Map<String, Value>, links: &Links<'_>) {
        if let (Some(first), Some(last)) = (self.ids.first(), self.ids.last()) {
            let (before, after) = (cursor(*first), cursor(*last));
            let mut paging = json!({"cursors": {"before": before, "after": after}});
            if self.has_previous {
                paging["previous"] = links.to(self.window, ("before", &before)).into();
            }
            if self.has_next {
                paging["next"] = links.to(self.window, ("after", &after)).into();
            }
            answer.insert("paging".to_owned(), paging);
        }
        if let Some(total) = self.total {
            answer.insert("summary".to_owned(), json!({ "total_count": total }));
        }
    }
}

/// What the addresses of a list's other parts consist of.
pub(super) struct Links<'a> {
    pub(super) world: &'a World,
    pub(super) request: &'a Request<'a>,
    pub(super) key: TokenKey,
    pub(super) node: Id,
    pub(super) field: &'a Field,
}

impl Links<'_> {
    /// Meta puts the caller's token into these addresses, so clients should not store them. The parameters are in the
    /// order of python-facebook's `testdata/facebook/apidata/users/user_accounts_p1.json`.
    fn to(&self, window: Window, (name, cursor): (&str, &str)) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let token = &self.world.token(self.key).text;
        query
            .append_pair("access_token", token)
            .append_pair("pretty", "0");
        if !self.field.inner.is_empty() {
            query.append_pair("fields", &joined(&self.field.inner));
        }
        if let Some(asked) = summary(self.field) {
            query.append_pair("summary", asked);
        }
        query
            .append_pair("limit", &window.limit.to_string())
            .append_pair(name, cursor);
        let host = self.world.paging_host();
        let version = versions::served(self.world.now(), self.request.version);
        let (node, edge) = (self.node, &self.field.name);
        format!("{host}/{version}/{node}/{edge}?{}", query.finish())
    }
}

fn cursor(id: Id) -> String {
    URL_SAFE_NO_PAD.encode(id.to_string())
}

fn uncursor(cursor: &str) -> Option<Id> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor.trim_end_matches('=')).ok()?;
    String::from_utf8(bytes).ok()?.parse().ok()
}
