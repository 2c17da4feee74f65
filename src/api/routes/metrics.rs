//! OpenMetrics text. Token names are never labels: each name would make its own series, and would reveal too much.

mod durations;

use std::fmt;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use self::Value::{Each, One};
use crate::api::DaemonStatus;
use crate::api::request::Viewer;
use crate::api::state::SharedAppState;
use crate::api::types::{AppReport, Sweep, TokenCounts};
use crate::inventory::Work;
use crate::model::Figures;

pub(in crate::api) use durations::{Durations, measure};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The numbers of the status as OpenMetrics.
#[utoipa::path(
    get, path = "/metrics",
    responses((status = 200, content_type = "application/openmetrics-text", body = String))
)]
pub(in crate::api) async fn metrics(
    _: Viewer,
    State(app_state): SharedAppState,
) -> impl IntoResponse {
    let figures = app_state.backend.inventory.figures();
    let gauges = gauges(&figures, &app_state.daemon_status.borrow(), app_state.now());
    let mut registry = Registry::with_prefix("perennial");
    app_state.durations.register(&mut registry);
    registry.register_collector(Box::new(Gauges(gauges)));
    registry.register_collector(Box::new(app_state.backend.inventory.work()));
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = encode(&mut text, &registry);
    ([(header::CONTENT_TYPE, OPEN_METRICS)], text)
}

/// The name of a gauge without its prefix, what it says, and its value.
type Gauge = (&'static str, &'static str, Value);

#[derive(Debug)]
enum Value {
    One(u64),
    /// A value for each text of one label.
    Each(&'static str, Vec<(String, u64)>),
}

#[derive(Debug)]
struct Gauges(Vec<Gauge>);

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        let help = "The version that is running.";
        let build = encoder.encode_descriptor("build", help, None, MetricType::Info)?;
        Info::new(version).encode(build)?;
        for (name, help, value) in &self.0 {
            let mut gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            match value {
                One(value) => ConstGauge::new(*value).encode(gauge)?,
                Each(label, values) => {
                    for (text, value) in values {
                        let labels = [(*label, text.as_str())];
                        ConstGauge::new(*value).encode(gauge.encode_family(&labels)?)?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Collector for Work {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (name, help, count) in [
            (
                "inventory_statements",
                "Statements that the inventory has run.",
                self.statements,
            ),
            (
                "inventory_rows",
                "Rows that these statements returned or changed.",
                self.rows,
            ),
            (
                "inventory_steps",
                "Steps of SQLite's virtual machine that these statements took.",
                self.steps,
            ),
        ] {
            let counter = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(count).encode(counter)?;
        }
        Ok(())
    }
}

fn gauges(figures: &Figures, daemon_status: &DaemonStatus, now: Timestamp) -> Vec<Gauge> {
    let (name, help) = ("start_time_seconds", "When the daemon started.");
    let mut gauges = vec![
        (name, help, One(seconds(daemon_status.started_at))),
        ("tokens", "Tokens by state.", by_state(figures.fleet.into())),
    ];
    gauges.extend(of_apps(&daemon_status.apps, now));
    gauges.extend(of_sweep(&daemon_status.sweep, now));
    gauges.extend(of_people(figures, now));
    gauges
}

fn by_state(counts: TokenCounts) -> Value {
    let counts = [
        ("unverified", counts.unverified),
        ("healthy", counts.healthy),
        ("expiring", counts.expiring),
        ("failing", counts.failing),
        ("dead", counts.dead),
    ];
    each("state", counts.into_iter())
}

fn each<'a>(label: &'static str, values: impl Iterator<Item = (&'a str, u64)>) -> Value {
    let values = values.map(|(text, value)| (text.to_owned(), value));
    Each(label, values.collect())
}

fn of_apps(apps: &[AppReport], now: Timestamp) -> [Gauge; 3] {
    let each_app = |number: &dyn Fn(&AppReport) -> u64| {
        let numbers = apps.iter().map(|app| (app.name.as_str(), number(app)));
        each("app", numbers)
    };
    let is_throttled = |app: &AppReport| app.throttled_until.is_some_and(|until| until > now);
    [
        (
            "app_calls_last_hour",
            "Calls to Meta within the last hour.",
            each_app(&|app| app.calls_last_hour),
        ),
        (
            "app_usage_percent",
            "Percentage of Meta's call limit in use, according to Meta.",
            each_app(&|app| app.usage_percent.into()),
        ),
        (
            "app_throttled",
            "1 while calls to Meta are paused because of its limit.",
            each_app(&|app| is_throttled(app).into()),
        ),
    ]
}

fn of_sweep(sweep: &Sweep, now: Timestamp) -> Vec<Gauge> {
    let (due, overdue) = (One(sweep.due), One(sweep.overdue));
    let mut gauges = vec![
        ("due_tokens", "Tokens that are due.", due),
        (
            "overdue_tokens",
            "Tokens that have been due for too long.",
            overdue,
        ),
    ];
    gauges.extend(sweep.last_finished_at.map(|last| {
        let help = "Time since the last sweep that visited every due token.";
        ("last_sweep_age_seconds", help, One(age(last, now)))
    }));
    gauges
}

/// The incidents and emails, and when the next person must act.
fn of_people(figures: &Figures, now: Timestamp) -> Vec<Gauge> {
    let (incidents, mail) = (figures.incidents, &figures.mail);
    let mut gauges = vec![
        (
            "open_incidents",
            "Incidents that need a person.",
            One(incidents.open),
        ),
        (
            "unacknowledged_incidents",
            "Open incidents that are not acknowledged.",
            One(incidents.unacknowledged),
        ),
        ("queued_emails", "Emails in the queue.", One(mail.queued)),
        (
            "undelivered_emails",
            "Emails about open matters that do not reach all their recipients.",
            One(mail.undelivered),
        ),
        (
            "oldest_email_age_seconds",
            "Age of the oldest email in the queue.",
            One(mail.oldest_queued_at.map_or(0, |oldest| age(oldest, now))),
        ),
    ];
    gauges.extend(figures.next_deadline.as_ref().map(|deadline| {
        let help = "The next expiry of a token that works, as Unix time.";
        let value = One(seconds(deadline.at));
        ("next_deadline_timestamp_seconds", help, value)
    }));
    gauges
}

fn age(since: Timestamp, now: Timestamp) -> u64 {
    seconds(now).saturating_sub(seconds(since))
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or(0)
}
