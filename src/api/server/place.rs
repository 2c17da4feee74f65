//! A connection slot, and the answer for a peer that gets none.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::api::types::{Problem, ProblemType};
use crate::http::{self, Full};

/// A connection slot. A follower gives it up and is counted elsewhere.
#[derive(Clone, Debug, Default)]
pub(in crate::api) struct Place(Arc<Mutex<Option<http::Place<u32>>>>);

impl Place {
    pub(super) fn new(place: http::Place<u32>) -> Self {
        Self(Arc::new(Mutex::new(Some(place))))
    }

    pub(in crate::api) fn give_up(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Returns when the slot has been held for `age` from now; never returns for a slot that was given up.
    pub(super) async fn held_for(&self, age: Duration) {
        tokio::time::sleep(age).await;
        let is_held = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some();
        if !is_held {
            std::future::pending().await
        }
    }
}

/// The whole HTTP answer, as bytes.
pub(super) fn refused_answer(full: Full) -> Vec<u8> {
    let detail = match full {
        Full::Share(share) => format!(
            "your user already holds {share} connections, the limit for one user. Close one, or use an open one"
        ),
        Full::All => "all connections are in use. Try again in a second".to_owned(),
    };
    let problem = Problem::new(ProblemType::TooManyConnections, detail);
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n\
         retry-after: 1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}
