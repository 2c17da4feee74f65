//! Every metric: its name, its labels and what it says. `/metrics` and the book take their texts from here.

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Without the prefix `perennial_`; that of a counter is also without `_total`.
    pub name: &'static str,
    pub kind: MetricKind,
    pub labels: &'static [&'static str],
    /// What it says, without a full stop.
    pub help: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    Info,
    Gauge,
    Counter,
    Histogram,
}

impl Metric {
    /// As a monitoring system stores it.
    pub fn full_name(&self) -> String {
        let ending = match self.kind {
            MetricKind::Info => "_info",
            MetricKind::Counter => "_total",
            MetricKind::Gauge | MetricKind::Histogram => "",
        };
        format!("perennial_{}{ending}", self.name)
    }
}

macro_rules! metrics {
    ($($constant:ident: $kind:ident $name:literal [$($label:literal)*] $help:literal;)+) => {
        $(pub(in crate::api) const $constant: Metric = Metric {
            name: $name,
            kind: MetricKind::$kind,
            labels: &[$($label,)*],
            help: $help,
        };)+

        /// All of them, in the order of the answer.
        pub const METRICS: &[Metric] = &[$($constant,)+];
    };
}

metrics! {
    BUILD: Info "build" ["version"]
        "The version that is running, as a label. The value is always 1";
    START_TIME: Gauge "start_time_seconds" []
        "When the daemon started, as Unix time";
    READY: Gauge "ready" []
        "1 if every due token was visited lately and mail and disk work, as on /readyz";
    BACKUP_TIME: Gauge "backup_timestamp_seconds" []
        "When the newest automatic backup was made, as Unix time";
    TOKENS: Gauge "tokens" ["app" "kind" "state"]
        "Tokens by app, kind and state. The kind of one that was never checked is unknown";
    NEXT_DEADLINE: Gauge "next_deadline_timestamp_seconds" []
        "The next expiry of a token that works, as Unix time";
    TOKENS_DUE: Gauge "tokens_due" []
        "Tokens whose check is due";
    TOKENS_OVERDUE: Gauge "tokens_overdue" []
        "Tokens whose check has been due for too long";
    LAST_SWEEP: Gauge "last_sweep_timestamp_seconds" ["app"]
        "When the last sweep of an app ended that its errors and its call budget did not hold up, as Unix time";
    NEXT_SWEEP: Gauge "next_sweep_timestamp_seconds" []
        "When the next sweep is due, as Unix time. It stays in the past while a sweep is late";
    APP_RECENT_CALLS: Gauge "app_recent_calls" ["app"]
        "Calls to Meta within the last hour";
    APP_CALL_BUDGET: Gauge "app_call_budget" ["app"]
        "Calls to Meta that calls_per_hour allows within an hour";
    APP_CALL_BUDGET_USED: Gauge "app_call_budget_used_ratio" ["app"]
        "The part of calls_per_hour that was used within the last hour, from 0 to 1";
    APP_USAGE: Gauge "app_usage_ratio" ["app"]
        "The part of the call limit of Meta that is used, according to Meta, from 0 to 1";
    APP_THROTTLED: Gauge "app_throttled" ["app"]
        "1 while calls to Meta are paused because of its limit";
    INCIDENTS: Gauge "incidents" ["state"]
        "Unresolved incidents. Those that no one has acknowledged are open, the others acknowledged";
    EMAILS_QUEUED: Gauge "emails_queued" []
        "Emails that wait to be sent";
    EMAILS_UNDELIVERED: Gauge "emails_undelivered" []
        "Emails about open matters that do not reach all their recipients";
    OLDEST_QUEUED_EMAIL: Gauge "oldest_queued_email_timestamp_seconds" []
        "When the oldest email in the queue was written, as Unix time";
    NODE_SEEN: Gauge "node_seen_timestamp_seconds" ["node"]
        "When a daemon on the inventory was last seen, as Unix time";
    DUTY_HELD: Gauge "duty_held" ["node" "duty"]
        "1 for the node that does what only one does at a time: the sweeps of an app (app:NAME), email, delivery, nightly";
    DELIVERIES_PENDING: Gauge "deliveries_pending" []
        "Deliveries that wait for a sink";
    DELIVERIES_FAILED: Gauge "deliveries_failed" []
        "Deliveries that failed and are not tried again";
    CHECKS: Counter "checks" ["app"]
        "Checks of tokens since the daemon started";
    CALLS: Counter "calls" ["app"]
        "Calls to Meta since the daemon started, as Meta counts them";
    RENEWALS: Counter "renewals" ["app" "outcome"]
        "Attempts to renew a token since the daemon started, by their measured outcome: renewed, same_expiry, unchanged, too_young, refused or failed";
    EMAILS: Counter "emails" ["result"]
        "Attempts to send an email since the daemon started, by result: sent, delayed or undelivered";
    DELIVERIES: Counter "deliveries" ["sink" "result"]
        "Attempts to deliver a token since the daemon started, by result: delivered or failed. A sink shows up with its first";
    POSTS: Counter "posts" ["channel" "result"]
        "Attempts to send a message to a channel since the daemon started, by result: sent, delayed or given_up. A channel shows up with its first";
    INVENTORY_STATEMENTS: Counter "inventory_statements" []
        "Statements that the inventory has run since the daemon started";
    INVENTORY_ROWS: Counter "inventory_rows" []
        "Rows that these statements returned or changed";
    INVENTORY_STEPS: Counter "inventory_steps" []
        "Steps of the virtual machine of SQLite that these statements took";
    REQUEST_DURATION: Histogram "request_duration_seconds" ["route"]
        "How long requests to the status socket took, from their arrival to their answer";
}
