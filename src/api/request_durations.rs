//! How long requests take, by route: a histogram for `/metrics`.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Its answer is streamed, and a follower stays for hours.
const STREAMED: &str = "/v1/events";

/// In seconds. Answers come from memory or from an index, so the buckets are fine up to a few milliseconds.
const BUCKETS: [f64; 17] = [
    0.0001, 0.0002, 0.0003, 0.0005, 0.0007, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05,
    0.1, 0.25, 0.5, 1.0,
];

type Route = [(&'static str, String); 1];

/// Requests by the pattern of their path, so that there are only as many series as routes.
#[derive(Clone, Debug)]
pub(super) struct RequestDurations(Family<Route, Histogram, fn() -> Histogram>);

impl Default for RequestDurations {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(BUCKETS)))
    }
}

impl RequestDurations {
    pub(super) fn register(&self, name: &str, help: &str, registry: &mut Registry) {
        registry.register(name, help, self.0.clone());
    }

    fn observe(&self, route: &str, since: Instant) {
        let route = [("route", route.to_owned())];
        let taken = since.elapsed().as_secs_f64();
        self.0.get_or_create(&route).observe(taken);
    }
}

/// Measures every request that has a route.
pub(in crate::api) async fn measure(
    State(durations): State<RequestDurations>,
    request: Request,
    next: Next,
) -> Response {
    let since = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let answer = next.run(request).await;
    if let Some(route) = route.filter(|route| route.as_str() != STREAMED) {
        durations.observe(route.as_str(), since);
    }
    answer
}
