//! Follows the journal until a command has its result, or until a time limit.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Error;
use crate::api::types::{EventQuery, EventView};
use crate::api_client::{Client, EventStream};
use crate::model::Span;

pub(super) struct Follower {
    events: EventStream,
    until: Instant,
}

impl Follower {
    /// Follows from now on, or from just after the event with this id.
    pub(super) async fn begin(
        client: &Client,
        after: Option<&str>,
        limit: Span,
    ) -> Result<Self, Error> {
        let query = EventQuery {
            after: after.and_then(|id| id.parse().ok()),
            token: None,
            follow: true,
        };
        let limit = Duration::from_secs(limit.duration().as_secs().unsigned_abs());
        Ok(Self {
            events: client.events(&query).await?,
            until: Instant::now() + limit,
        })
    }

    /// Waits for the next event, or for `longest` if none comes: what is followed may end without an event. Returns
    /// whether there is time left.
    pub(super) async fn wait(&mut self, longest: Duration) -> Result<bool, Error> {
        let check_again = (Instant::now() + longest).min(self.until);
        match timeout_at(check_again, self.events.next()).await {
            Ok(event) => event?.map(|_| true).ok_or_else(stopped),
            Err(_) => Ok(Instant::now() < self.until),
        }
    }

    /// The next event; `None` when the time limit is reached.
    pub(super) async fn next(&mut self) -> Result<Option<EventView>, Error> {
        match timeout_at(self.until, self.events.next()).await {
            Ok(event) => event?.map(Some).ok_or_else(stopped),
            Err(_) => Ok(None),
        }
    }
}

fn stopped() -> Error {
    Error::Unreachable(
        "The daemon stopped before it was done. It keeps the request, and carries it out when it runs again: \
         systemctl status perennial"
            .to_owned(),
    )
}
