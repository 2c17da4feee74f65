//! The metrics: both formats, and the counts of what happened.

use std::collections::BTreeSet;

use axum::body::Body;
use jiff::SignedDuration;

use super::world::{World, eve};
use crate::api::metrics::{METRICS, MetricKind};

async fn metrics(world: &World, accept: &str) -> (String, String) {
    let headers = [("accept", accept)];
    let reply = world.ask_with(eve(), "GET", "/metrics", &headers, Body::empty());
    let reply = reply.await;
    let content_type = reply.headers["content-type"].to_str().unwrap();
    assert_eq!(reply.headers["vary"], "accept");
    (content_type.to_owned(), reply.text)
}

#[tokio::test]
async fn the_accept_header_chooses_the_format() {
    let world = World::new();
    let (content_type, text) = metrics(&world, "*/*").await;
    assert_eq!(
        content_type,
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    assert!(text.contains("# TYPE perennial_build info\n"), "{text}");
    assert!(text.contains("# TYPE perennial_checks counter\n"), "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");

    let (content_type, text) = metrics(&world, "text/plain;version=0.0.4").await;
    assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert!(
        text.contains("# TYPE perennial_build_info gauge\n"),
        "{text}"
    );
    assert!(
        text.contains("# TYPE perennial_checks_total counter\n"),
        "{text}"
    );
    assert!(!text.contains("# EOF"), "{text}");
}

/// The name of a sample, and its labels in their order.
fn sample(line: &str) -> (&str, Vec<&str>) {
    let (name, rest) = line.split_at(line.find(['{', ' ']).unwrap());
    let inside = rest.strip_prefix('{').and_then(|it| it.split_once('}'));
    let pairs = inside.map_or("", |(labels, _)| labels).split(',');
    let labels = pairs.filter_map(|pair| Some(pair.split_once('=')?.0));
    (name, labels.filter(|label| *label != "le").collect())
}

#[tokio::test]
async fn every_sample_is_of_a_metric_in_the_catalog_and_has_its_labels() {
    let world = World::new();
    let month = SignedDuration::from_hours(720);
    world.import_healthy("acme-1", "EAAone", month).await;
    let (_, text) = metrics(&world, "").await;
    let mut shown = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, labels) = sample(line);
        let parts = ["", "_bucket", "_sum", "_count"];
        let metric = METRICS.iter().find(|metric| {
            let is_histogram = metric.kind == MetricKind::Histogram;
            let parts = &parts[..if is_histogram { 4 } else { 1 }];
            let full_name = metric.full_name();
            parts
                .iter()
                .any(|part| format!("{full_name}{part}") == name)
        });
        let metric = metric.unwrap_or_else(|| panic!("{name} is not in the catalog"));
        assert_eq!(labels, metric.labels, "{name}");
        shown.insert(metric.name);
    }
    let missing = METRICS.iter().filter(|it| !shown.contains(it.name));
    let missing: Vec<&str> = missing.map(|metric| metric.name).collect();
    assert_eq!(missing, NEED_MORE_TO_HAPPEN);
}

/// Metrics without samples in a world where little happened.
const NEED_MORE_TO_HAPPEN: [&str; 5] = [
    "backup_timestamp_seconds",
    "oldest_queued_email_timestamp_seconds",
    "deliveries",
    "posts",
    "request_duration_seconds",
];

#[tokio::test]
async fn what_is_recorded_is_counted() {
    let world = World::new();
    let month = SignedDuration::from_hours(720);
    world.import_healthy("acme-1", "EAAone", month).await;
    world.import_healthy("acme-2", "EAAtwo", month).await;
    let (_, text) = metrics(&world, "").await;
    for line in [
        "perennial_checks_total{app=\"acme\"} 2",
        "perennial_calls_total{app=\"acme\"} 0",
        "perennial_renewals_total{app=\"acme\",outcome=\"renewed\"} 0",
        "perennial_emails_total{result=\"sent\"} 0",
        "perennial_tokens{app=\"acme\",kind=\"user\",state=\"healthy\"} 2",
        "perennial_tokens{app=\"acme\",kind=\"user\",state=\"dead\"} 0",
        "perennial_tokens{app=\"acme\",kind=\"unknown\",state=\"unverified\"} 0",
        "perennial_duty_held{node=\"lima\",duty=\"app:acme\"} 1",
        "perennial_duty_held{node=\"lima\",duty=\"email\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(
        !text.contains("acme-1"),
        "a name would be a series of its own"
    );
}

#[tokio::test]
async fn an_inventory_that_cannot_be_written_is_not_ready_in_the_metrics() {
    let world = World::new();
    let (_, text) = metrics(&world, "").await;
    assert!(text.contains("\nperennial_ready 1\n"), "{text}");
    world.daemon_status.send_modify(|status| {
        status.inventory_error = Some("the disk is full".to_owned());
    });
    let (_, text) = metrics(&world, "").await;
    assert!(text.contains("\nperennial_ready 0\n"), "{text}");
}
