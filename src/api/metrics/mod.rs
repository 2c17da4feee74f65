//! The figures of the daemon for monitoring systems: what `/metrics` shows, on the socket, at its own address, and in a
//! file. Token names are never labels: each name would make its own series, and would reveal too much.
//!
//! - `catalog`: every metric with its text · `family`: one metric with its samples
//! - `format`: OpenMetrics or the classic format
//! - `gauges`: how things are · `counters`: what happened since the start
//! - `server`: the address of its own

mod catalog;
mod counters;
mod family;
mod format;
mod gauges;
mod server;

use std::fmt;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::sync::watch;

use self::family::Families;
use super::daemon_status::DaemonStatus;
use super::request_durations::RequestDurations;
use crate::http::NowFn;
use crate::inventory::Inventory;

pub use catalog::{METRICS, Metric, MetricKind};
pub use format::Format;
pub use server::{bind, serve};

/// Where the figures come from.
#[derive(Clone)]
pub struct Metrics {
    inventory: Inventory,
    clock: NowFn,
    daemon_status: watch::Receiver<DaemonStatus>,
    /// How long requests to the socket took.
    pub(super) durations: RequestDurations,
}

impl Metrics {
    pub fn new(
        inventory: &Inventory,
        clock: &NowFn,
        daemon_status: watch::Receiver<DaemonStatus>,
    ) -> Self {
        Self {
            inventory: inventory.clone(),
            clock: Arc::clone(clock),
            daemon_status,
            durations: RequestDurations::default(),
        }
    }

    /// In the format that the client prefers.
    pub(super) fn answer(&self, headers: &HeaderMap) -> impl IntoResponse + use<> {
        let accept = headers.get_all(header::ACCEPT).iter();
        let accept: Vec<&str> = accept.filter_map(|value| value.to_str().ok()).collect();
        let format = Format::accepted(&accept.join(","));
        let described = [
            (header::CONTENT_TYPE, format.content_type()),
            (header::VARY, "accept"),
        ];
        (described, self.text(format))
    }

    /// All figures, as of now. They are in memory, so nothing waits for the inventory.
    pub fn text(&self, format: Format) -> String {
        let (inventory, now) = (&self.inventory, (self.clock)());
        let (figures, recorded) = (inventory.figures(), inventory.recorded());
        let daemon_status = self.daemon_status.borrow().clone();
        let daemon_status = daemon_status.with_write_error_of(inventory);
        let mut families = gauges::all(&figures, &daemon_status, now);
        families.extend(counters::all(&recorded, &daemon_status.apps));
        families.extend(counters::of_work(inventory.work()));
        let mut registry = Registry::with_prefix("perennial");
        registry.register_collector(Box::new(Families(families)));
        let durations = catalog::REQUEST_DURATION;
        self.durations
            .register(durations.name, durations.help, &mut registry);
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &registry);
        format.of_open_metrics(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}
