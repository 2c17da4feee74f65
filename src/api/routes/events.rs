//! The journal as JSON lines, to its end or, when following, until either side stops. It is read page by page, so that
//! a follower never holds a connection to the inventory.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::watch;

use crate::api::request::{Asked, Viewer, no_such_token};
use crate::api::state::{AppState, SharedAppState};
use crate::api::types::{EventQuery, EventView, Problem, ProblemType};
use crate::http::{ConnectionSlot, Full, Holder, Slot};
use crate::inventory::Error;
use crate::model::{EventId, EventRecord};

const EVENTS_PER_PAGE: usize = 200;

const JSON_LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// The journal, oldest event first, one event per line.
#[utoipa::path(
    get, path = "/v1/events", params(EventQuery),
    responses((status = 200, content_type = "application/x-ndjson", body = EventView))
)]
pub(in crate::api) async fn events(
    viewer: Viewer,
    State(app_state): SharedAppState,
    Extension(slot): Extension<ConnectionSlot>,
    Asked(query): Asked<EventQuery>,
) -> Result<Response, Problem> {
    let after = query.after.map(event_id).transpose()?;
    let (after, token) = beginning(&app_state, &query, after).await?;
    let reader = Reader {
        after,
        token,
        changes: app_state.backend.journal.subscribe(),
        following: query
            .follow
            .then(|| follow(&app_state, &viewer, &slot))
            .transpose()?,
        app_state,
    };
    let mut answer = [(header::CONTENT_TYPE, JSON_LINES)].into_response();
    if reader.following.is_some() {
        // A follower gives up its connection slot, so it cannot send another request.
        answer
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    *answer.body_mut() = Body::from_stream(stream::unfold(reader, |mut reader| async {
        let page = reader.next_page().await?;
        Some((Ok::<_, Infallible>(page), reader))
    }));
    Ok(answer)
}

fn event_id(number: u64) -> Result<EventId, Problem> {
    let detail = "after: expected the id of an event";
    let too_large = |_| Problem::new(ProblemType::Malformed, detail);
    i64::try_from(number).map(EventId).map_err(too_large)
}

/// Returns the event to start after, and the token to filter by.
async fn beginning(
    app_state: &AppState,
    query: &EventQuery,
    after: Option<EventId>,
) -> Result<(EventId, Option<String>), Problem> {
    let (follow, token) = (query.follow, query.token.clone());
    app_state
        .read(move |view| {
            if let Some(name) = &token
                && view.token_named(name)?.is_none()
            {
                return Ok(Err(no_such_token()));
            }
            let after = match after {
                Some(id) => id,
                None if follow => view.newest_event()?,
                None => EventId(0),
            };
            Ok(Ok((after, token)))
        })
        .await?
}

fn follow(app_state: &AppState, viewer: &Viewer, slot: &ConnectionSlot) -> Result<Slot, Problem> {
    let holder = Holder::User(viewer.uid);
    let following = app_state.followers.take(holder, viewer.rank);
    let following = following.map_err(|full| {
        let detail = match full {
            Full::Share(share) => format!(
                "your user already follows the journal {share} times, the limit for one user. End one of them, or ask \
                 without follow"
            ),
            Full::All => {
                "the limit of journal followers is reached. Try again later, or ask without follow"
                    .to_owned()
            }
        };
        Problem::new(ProblemType::TooManyFollowers, detail)
    })?;
    slot.give_up();
    Ok(following)
}

struct Reader {
    app_state: Arc<AppState>,
    /// The last event that was sent.
    after: EventId,
    token: Option<String>,
    changes: watch::Receiver<()>,
    /// The slot of a follower; `None` without `follow`.
    following: Option<Slot>,
}

impl Reader {
    /// The next lines; `None` when there are no more, or when the daemon stops.
    async fn next_page(&mut self) -> Option<Bytes> {
        loop {
            let page = self.read().await.ok()?;
            if let Some(last) = page.last() {
                self.after = last.id;
                return Some(lines(page));
            }
            self.following.as_ref()?;
            self.wait().await?;
        }
    }

    async fn read(&self) -> Result<Vec<EventRecord>, Error> {
        let (after, token) = (self.after, self.token.clone());
        self.app_state
            .read(move |view| view.events(after, token.as_deref(), EVENTS_PER_PAGE))
            .await
    }

    /// Waits until the journal may have grown; `None` when the daemon stops.
    async fn wait(&mut self) -> Option<()> {
        tokio::select! {
            () = self.app_state.stop.cancelled() => None,
            changed = self.changes.changed() => changed.ok(),
            () = tokio::time::sleep(self.app_state.limits.look) => Some(()),
        }
    }
}

fn lines(events: Vec<EventRecord>) -> Bytes {
    let mut lines = Vec::new();
    for event in events {
        // Text and numbers can always be serialized.
        if serde_json::to_writer(&mut lines, &EventView::from(event)).is_ok() {
            lines.push(b'\n');
        }
    }
    Bytes::from(lines)
}
