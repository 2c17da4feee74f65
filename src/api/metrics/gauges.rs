//! How things are: tokens, sweeps, apps, incidents, emails and backups.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::family::{Family, Labels, Number};
use crate::api::DaemonStatus;
use crate::api::readiness::reasons_not_ready;
use crate::api::types::{AppReport, Sweep};
use crate::model::{DeliveryCounts, Figures, Kind, NodeReport, State, TokenTotal};

pub(super) fn all(figures: &Figures, daemon_status: &DaemonStatus, now: Timestamp) -> Vec<Family> {
    let mut families = of_daemon(figures, daemon_status, now);
    families.extend(of_tokens(figures));
    families.extend(of_sweeps(&daemon_status.sweep, &daemon_status.apps));
    families.extend(of_apps(&daemon_status.apps, now));
    families.extend(of_people(figures));
    families.extend(of_nodes(&daemon_status.nodes));
    families.extend(of_deliveries(figures.deliveries));
    families
}

fn of_daemon(figures: &Figures, daemon_status: &DaemonStatus, now: Timestamp) -> Vec<Family> {
    let is_ready = reasons_not_ready(daemon_status, figures, now).is_empty();
    vec![
        Family::time(
            "start_time_seconds",
            "When the daemon started, as Unix time",
            Some(daemon_status.started_at),
        ),
        Family::gauge(
            "ready",
            "1 if every due token was visited lately and mail and disk work, as on /readyz",
            is_ready.into(),
        ),
        Family::time(
            "backup_timestamp_seconds",
            "When the newest automatic backup was made, as Unix time",
            daemon_status.maintenance.backed_up_at,
        ),
    ]
}

fn of_tokens(figures: &Figures) -> Vec<Family> {
    vec![
        Family::gauges(
            "tokens",
            "Tokens by app, kind and state. The kind of one that was never checked is unknown",
            token_samples(&figures.tokens),
        ),
        Family::time(
            "next_deadline_timestamp_seconds",
            "The next expiry of a token that works, as Unix time",
            figures.next_deadline.as_ref().map(|deadline| deadline.at),
        ),
    ]
}

/// Each known kind has a sample for each state, so that it shows a zero before its first token dies.
fn token_samples(totals: &[TokenTotal]) -> Vec<(Labels, Number)> {
    let mut tokens = BTreeMap::new();
    for total in totals {
        let kind = total.kind.map_or("unknown", Kind::as_str);
        let states = State::ALL
            .iter()
            .filter(|state| **state != State::Unverified);
        for state in states.filter(|_| total.kind.is_some()) {
            tokens.entry((&*total.app, kind, *state)).or_insert(0);
        }
        tokens.insert((&*total.app, kind, total.state), total.tokens);
    }
    let sample = |((app, kind, state), tokens): ((&str, &str, State), u64)| {
        let labels = [("app", app), ("kind", kind), ("state", state.as_str())];
        let labels = labels.map(|(label, value)| (label, value.to_owned()));
        (labels.into(), Number::Count(tokens))
    };
    tokens.into_iter().map(sample).collect()
}

fn of_sweeps(sweep: &Sweep, apps: &[AppReport]) -> Vec<Family> {
    let swept = apps.iter().filter_map(|app| {
        let last = Number::of_time(app.last_swept_at?);
        Some((of_app(app), last))
    });
    vec![
        Family::gauge("tokens_due", "Tokens whose check is due", sweep.due),
        Family::gauge(
            "tokens_overdue",
            "Tokens whose check has been due for too long",
            sweep.overdue,
        ),
        Family::gauges(
            "last_sweep_timestamp_seconds",
            "When the last sweep of an app ended that its errors and its call budget did not hold up, as Unix time",
            swept.collect(),
        ),
        Family::time(
            "next_sweep_timestamp_seconds",
            "When the next sweep is due, as Unix time. It stays in the past while a sweep is late",
            sweep.next_at,
        ),
    ]
}

fn of_app(app: &AppReport) -> Labels {
    vec![("app", app.name.clone())]
}

fn of_apps(apps: &[AppReport], now: Timestamp) -> Vec<Family> {
    let each = |name, help, number: &dyn Fn(&AppReport) -> Number| {
        let samples = apps.iter().map(|app| (of_app(app), number(app)));
        Family::gauges(name, help, samples.collect())
    };
    let is_throttled = |app: &AppReport| app.throttled_until.is_some_and(|until| until > now);
    vec![
        each(
            "app_recent_calls",
            "Calls to Meta within the last hour",
            &|app| Number::Count(app.calls_last_hour),
        ),
        each(
            "app_call_budget",
            "Calls to Meta that calls_per_hour allows within an hour",
            &|app| Number::Count(app.calls_per_hour.into()),
        ),
        each(
            "app_call_budget_used_ratio",
            "The part of calls_per_hour that was used within the last hour",
            &|app| Number::Ratio(ratio(app.calls_last_hour, app.calls_per_hour.into())),
        ),
        each(
            "app_usage_ratio",
            "The part of the call limit of Meta that is used, according to Meta",
            &|app| Number::Ratio(ratio(app.usage_percent.into(), 100)),
        ),
        each(
            "app_throttled",
            "1 while calls to Meta are paused because of its limit",
            &|app| Number::of_truth(is_throttled(app)),
        ),
    ]
}

/// A budget of nothing is never used up.
fn ratio(part: u64, whole: u64) -> f64 {
    let exact = |count| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 {
        return 0.0;
    }
    exact(part) / exact(whole)
}

/// Who does what, where several daemons share an inventory.
fn of_nodes(nodes: &[NodeReport]) -> [Family; 2] {
    let of = |node: &NodeReport| ("node", node.name.clone());
    let seen = nodes.iter().map(|node| {
        let seen_at = Number::of_time(node.seen_at);
        (vec![of(node)], seen_at)
    });
    let duties = nodes.iter().flat_map(|node| {
        let duties = node.duties.iter();
        duties.map(|duty| (vec![of(node), ("duty", duty.to_string())], Number::Count(1)))
    });
    [
        Family::gauges(
            "node_seen_timestamp_seconds",
            "When a daemon on the inventory was last seen, as Unix time",
            seen.collect(),
        ),
        Family::gauges(
            "duty_held",
            "1 for the node that does what only one does at a time: the sweeps of an app, emails, deliveries, nightly work",
            duties.collect(),
        ),
    ]
}

fn of_deliveries(counts: DeliveryCounts) -> [Family; 2] {
    [
        Family::gauge(
            "deliveries_pending",
            "Deliveries that wait for a sink",
            counts.pending,
        ),
        Family::gauge(
            "deliveries_failed",
            "Deliveries that failed and are not tried again",
            counts.failed,
        ),
    ]
}

/// What waits for a person, and whether emails reach people.
fn of_people(figures: &Figures) -> Vec<Family> {
    let (incidents, mail) = (figures.incidents, &figures.mail);
    let acknowledged = incidents.open.saturating_sub(incidents.unacknowledged);
    let states = [
        ("open", incidents.unacknowledged),
        ("acknowledged", acknowledged),
    ];
    let incidents = states.map(|(state, count)| {
        let labels = vec![("state", state.to_owned())];
        (labels, Number::Count(count))
    });
    vec![
        Family::gauges(
            "incidents",
            "Unresolved incidents. Those that nobody acknowledged are open",
            incidents.into(),
        ),
        Family::gauge("emails_queued", "Emails in the queue", mail.queued),
        Family::gauge(
            "emails_undelivered",
            "Emails about open matters that do not reach all their recipients",
            mail.undelivered,
        ),
        Family::time(
            "oldest_queued_email_timestamp_seconds",
            "When the oldest email in the queue was written, as Unix time",
            mail.oldest_queued_at,
        ),
    ]
}
