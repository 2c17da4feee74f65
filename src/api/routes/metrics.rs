//! OpenMetrics text. Token names are never labels: each name would make its own series, and would reveal too much.

use std::fmt::{Display, Write};

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;

use super::status::Figures;
use crate::api::DaemonStatus;
use crate::api::request::Viewer;
use crate::api::state::SharedAppState;
use crate::api::types::{AppReport, Problem, TokenCounts};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The numbers of the status as OpenMetrics.
#[utoipa::path(
    get, path = "/metrics",
    responses((status = 200, content_type = "application/openmetrics-text", body = String))
)]
pub(in crate::api) async fn metrics(
    _: Viewer,
    State(app_state): SharedAppState,
) -> Result<impl IntoResponse, Problem> {
    let figures = app_state.read(Figures::read).await?;
    let text = exposition(&figures, &app_state.daemon_status.borrow(), app_state.now());
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text))
}

fn exposition(figures: &Figures, daemon_status: &DaemonStatus, now: Timestamp) -> String {
    let mut page = Page::default();
    page.info(
        "perennial_build",
        "The version that is running.",
        &[("version", env!("CARGO_PKG_VERSION"))],
    );
    page.gauge(
        "perennial_start_time_seconds",
        "When the daemon started.",
        daemon_status.started_at.as_second(),
    );
    tokens(&mut page, figures.fleet.into());
    sweep(&mut page, daemon_status, now);
    apps(&mut page, &daemon_status.apps, now);
    error(&mut page, figures, now);
    page.end()
}

fn tokens(page: &mut Page, counts: TokenCounts) {
    page.family("perennial_tokens", "Tokens by state.");
    for (state, count) in [
        ("unverified", counts.unverified),
        ("healthy", counts.healthy),
        ("expiring", counts.expiring),
        ("failing", counts.failing),
        ("dead", counts.dead),
    ] {
        page.sample("perennial_tokens", &[("state", state)], count);
    }
}

fn sweep(page: &mut Page, daemon_status: &DaemonStatus, now: Timestamp) {
    page.gauge(
        "perennial_due_tokens",
        "Tokens that are due.",
        daemon_status.sweep.due,
    );
    page.gauge(
        "perennial_overdue_tokens",
        "Tokens that have been due for too long.",
        daemon_status.sweep.overdue,
    );
    if let Some(last) = daemon_status.sweep.last_finished_at {
        page.gauge(
            "perennial_last_sweep_age_seconds",
            "Time since the last sweep that visited every due token.",
            age(last, now),
        );
    }
}

fn apps(page: &mut Page, apps: &[AppReport], now: Timestamp) {
    page.family(
        "perennial_app_calls_last_hour",
        "Calls to Meta within the last hour.",
    );
    for app in apps {
        page.sample(
            "perennial_app_calls_last_hour",
            &[("app", &app.name)],
            app.calls_last_hour,
        );
    }
    page.family(
        "perennial_app_usage_percent",
        "Percentage of Meta's call limit in use, according to Meta.",
    );
    for app in apps {
        page.sample(
            "perennial_app_usage_percent",
            &[("app", &app.name)],
            app.usage_percent,
        );
    }
    page.family(
        "perennial_app_throttled",
        "1 while calls to Meta are paused because of its limit.",
    );
    for app in apps {
        let throttled = app.throttled_until.is_some_and(|until| until > now);
        page.sample(
            "perennial_app_throttled",
            &[("app", &app.name)],
            u8::from(throttled),
        );
    }
}

fn error(page: &mut Page, figures: &Figures, now: Timestamp) {
    page.gauge(
        "perennial_open_incidents",
        "Incidents that need a person.",
        figures.incidents.open,
    );
    page.gauge(
        "perennial_unacknowledged_incidents",
        "Open incidents that are not acknowledged.",
        figures.incidents.unacknowledged,
    );
    page.gauge(
        "perennial_queued_emails",
        "Emails in the queue.",
        figures.mail.queued,
    );
    page.gauge(
        "perennial_undelivered_emails",
        "Emails about open matters that do not reach all their recipients.",
        figures.mail.undelivered,
    );
    let oldest = figures
        .mail
        .oldest_queued_at
        .map_or(0, |oldest| age(oldest, now));
    page.gauge(
        "perennial_oldest_email_age_seconds",
        "Age of the oldest email in the queue.",
        oldest,
    );
    if let Some(deadline) = &figures.next_deadline {
        page.gauge(
            "perennial_next_deadline_timestamp_seconds",
            "The next expiry of a token that works, as Unix time.",
            deadline.at.as_second(),
        );
    }
}

fn age(since: Timestamp, now: Timestamp) -> i64 {
    (now.as_second() - since.as_second()).max(0)
}

/// Builds the text, one metric family after the other.
#[derive(Default)]
struct Page(String);

impl Page {
    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, help);
        self.sample(name, &[], value);
    }

    fn info(&mut self, name: &str, help: &str, labels: &[(&str, &str)]) {
        self.line(format_args!("# TYPE {name} info\n# HELP {name} {help}"));
        self.sample(&format!("{name}_info"), labels, 1);
    }

    fn family(&mut self, name: &str, help: &str) {
        self.line(format_args!("# TYPE {name} gauge\n# HELP {name} {help}"));
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, text)| format!("{label}=\"{}\"", escaped(text)))
            .collect();
        match labels.is_empty() {
            true => self.line(format_args!("{name} {value}")),
            false => self.line(format_args!("{name}{{{}}} {value}", labels.join(","))),
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{line}");
    }

    fn end(mut self) -> String {
        self.0.push_str("# EOF\n");
        self.0
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
