//! The routes of the public part without a connection and without a rate limit, for `tests/fuzz`.

use std::sync::{Arc, Mutex};

use axum::Router;
use tokio::sync::watch;

use super::rate_limit::{Rate, RateLimiter};
use super::state::WebState;
use super::{Current, routes};
use crate::http::{AppState, Backend};

/// More than anyone sends.
const ANY: Rate = Rate {
    at_once: 1e12,
    per_second: 1e12,
};

pub fn router(backend: Backend, current: watch::Receiver<Current>) -> Router {
    let own = WebState {
        current,
        rate_limiter: RateLimiter::new(ANY, ANY),
        short_pages: Mutex::default(),
    };
    routes::router(Arc::new(AppState::new(backend, own)))
}
