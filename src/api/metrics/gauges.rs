//! How things are: tokens, sweeps, apps, incidents, emails and backups.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::catalog::{self, Metric};
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
        Family::time(catalog::START_TIME, Some(daemon_status.started_at)),
        Family::gauge(catalog::READY, is_ready.into()),
        Family::time(catalog::BACKUP_TIME, daemon_status.maintenance.backed_up_at),
    ]
}

fn of_tokens(figures: &Figures) -> Vec<Family> {
    vec![
        Family::gauges(catalog::TOKENS, token_samples(&figures.tokens)),
        Family::time(
            catalog::NEXT_DEADLINE,
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
        Family::gauge(catalog::TOKENS_DUE, sweep.due),
        Family::gauge(catalog::TOKENS_OVERDUE, sweep.overdue),
        Family::gauges(catalog::LAST_SWEEP, swept.collect()),
        Family::time(catalog::NEXT_SWEEP, sweep.next_at),
    ]
}

fn of_app(app: &AppReport) -> Labels {
    vec![("app", app.name.clone())]
}

fn of_apps(apps: &[AppReport], now: Timestamp) -> Vec<Family> {
    let each = |metric: Metric, number: &dyn Fn(&AppReport) -> Number| {
        let samples = apps.iter().map(|app| (of_app(app), number(app)));
        Family::gauges(metric, samples.collect())
    };
    let is_throttled = |app: &AppReport| app.throttled_until.is_some_and(|until| until > now);
    vec![
        each(catalog::APP_RECENT_CALLS, &|app| {
            Number::Count(app.calls_last_hour)
        }),
        each(catalog::APP_CALL_BUDGET, &|app| {
            Number::Count(app.calls_per_hour.into())
        }),
        each(catalog::APP_CALL_BUDGET_USED, &|app| {
            Number::Ratio(ratio(app.calls_last_hour, app.calls_per_hour.into()))
        }),
        each(catalog::APP_USAGE, &|app| {
            Number::Ratio(ratio(app.usage_percent.into(), 100))
        }),
        each(catalog::APP_THROTTLED, &|app| {
            Number::of_truth(is_throttled(app))
        }),
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
        Family::gauges(catalog::NODE_SEEN, seen.collect()),
        Family::gauges(catalog::DUTY_HELD, duties.collect()),
    ]
}

fn of_deliveries(counts: DeliveryCounts) -> [Family; 2] {
    [
        Family::gauge(catalog::DELIVERIES_PENDING, counts.pending),
        Family::gauge(catalog::DELIVERIES_FAILED, counts.failed),
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
        Family::gauges(catalog::INCIDENTS, incidents.into()),
        Family::gauge(catalog::EMAILS_QUEUED, mail.queued),
        Family::gauge(catalog::EMAILS_UNDELIVERED, mail.undelivered),
        Family::time(catalog::OLDEST_QUEUED_EMAIL, mail.oldest_queued_at),
    ]
}
