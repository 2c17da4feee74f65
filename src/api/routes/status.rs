//! The status: numbers from the state counts, from indexes, and from the daemon.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;

use crate::api::DaemonStatus;
use crate::api::daemon_handle::whole_seconds;
use crate::api::readiness::{maintenance_faults, reasons_not_ready, undelivered_emails};
use crate::api::request::Viewer;
use crate::api::state::SharedAppState;
use crate::api::types::{AppReport, IncidentCounts, Maintenance, Problem, StatusReport, Sweep};
use crate::inventory::{Error, View};
use crate::model::{Deadline, Fleet, MailQueue};

/// Numbers from the inventory. Each is stored or found by an index.
pub(super) struct Figures {
    pub(super) fleet: Fleet,
    pub(super) incidents: IncidentCounts,
    pub(super) mail: MailQueue,
    pub(super) next_deadline: Option<Deadline>,
}

impl Figures {
    pub(super) fn read(view: &View<'_>) -> Result<Self, Error> {
        let (open, unacknowledged) = view.count_incidents()?;
        Ok(Self {
            fleet: view.fleet()?,
            incidents: IncidentCounts {
                open,
                unacknowledged,
            },
            mail: view.mail_queue()?,
            next_deadline: view.next_deadline()?,
        })
    }
}

/// The status of the daemon and its tokens.
#[utoipa::path(get, path = "/v1/status", responses((status = 200, body = StatusReport)))]
pub(in crate::api) async fn status(
    _: Viewer,
    State(app_state): SharedAppState,
) -> Result<Json<StatusReport>, Problem> {
    let figures = app_state.read(Figures::read).await?;
    let daemon_status = app_state.daemon_status_now();
    Ok(Json(report(figures, daemon_status, app_state.now())))
}

fn report(figures: Figures, daemon_status: DaemonStatus, now: Timestamp) -> StatusReport {
    let maintenance = Maintenance {
        backed_up_at: daemon_status.maintenance.backed_up_at.map(whole_seconds),
        ..daemon_status.maintenance.clone()
    };
    let mut problems = reasons_not_ready(&daemon_status, &figures.mail, now);
    let ready = problems.is_empty();
    problems.extend(undelivered_emails(&figures.mail));
    problems.extend(daemon_status.problems);
    problems.extend(maintenance_faults(&maintenance).map(|fault| fault.to_string()));
    StatusReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
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
        mail: figures.mail.into(),
        deliveries: daemon_status.deliveries,
        maintenance,
        next_deadline: figures.next_deadline,
        problems,
    }
}

fn in_whole_seconds(app: AppReport) -> AppReport {
    AppReport {
        throttled_until: app.throttled_until.map(whole_seconds),
        ..app
    }
}
