//! The status: figures of the inventory as of the last commit, and the state of the daemon. Both are in memory.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;

use crate::api::DaemonStatus;
use crate::api::daemon_handle::whole_seconds;
use crate::api::readiness::{maintenance_faults, reasons_not_ready, undelivered_emails};
use crate::api::request::Viewer;
use crate::api::state::SharedAppState;
use crate::api::types::{AppReport, Maintenance, NodeView, StatusReport, Sweep};
use crate::model::{Figures, NodeReport};

/// The status of the daemon and its tokens. It shows every write that was answered before.
#[utoipa::path(get, path = "/v1/status", responses((status = 200, body = StatusReport)))]
pub(in crate::api) async fn status(
    _: Viewer,
    State(app_state): SharedAppState,
) -> Json<StatusReport> {
    let figures = app_state.backend.inventory.figures();
    let daemon_status = app_state.daemon_status_now();
    Json(StatusReport {
        instance: app_state.backend.inventory.instance(),
        ..report(&figures, daemon_status, app_state.now())
    })
}

fn report(figures: &Figures, daemon_status: DaemonStatus, now: Timestamp) -> StatusReport {
    let maintenance = Maintenance {
        backed_up_at: daemon_status.maintenance.backed_up_at.map(whole_seconds),
        ..daemon_status.maintenance.clone()
    };
    let mut problems = reasons_not_ready(&daemon_status, figures, now);
    let ready = problems.is_empty();
    problems.extend(undelivered_emails(&figures.mail));
    problems.extend(daemon_status.problems);
    problems.extend(daemon_status.side_job_errors.into_values());
    problems.extend(maintenance_faults(&maintenance).map(|fault| fault.to_string()));
    StatusReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instance: String::new(),
        now,
        started_at: whole_seconds(daemon_status.started_at),
        ready,
        tokens: figures.fleet.into(),
        sweep: Sweep {
            last_finished_at: daemon_status.sweep.last_finished_at.map(whole_seconds),
            next_at: daemon_status.sweep.next_at.map(whole_seconds),
            ..daemon_status.sweep
        },
        apps: daemon_status
            .apps
            .into_iter()
            .map(in_whole_seconds)
            .collect(),
        incidents: figures.incidents,
        mail: (&figures.mail).into(),
        deliveries: figures.deliveries.into(),
        maintenance,
        next_deadline: figures.next_deadline.clone(),
        nodes: daemon_status
            .nodes
            .into_iter()
            .map(node_in_whole_seconds)
            .collect(),
        problems,
    }
}

fn node_in_whole_seconds(node: NodeReport) -> NodeView {
    let seen_at = whole_seconds(node.seen_at);
    NodeReport { seen_at, ..node }.into()
}

fn in_whole_seconds(app: AppReport) -> AppReport {
    AppReport {
        throttled_until: app.throttled_until.map(whole_seconds),
        last_swept_at: app.last_swept_at.map(whole_seconds),
        ..app
    }
}
