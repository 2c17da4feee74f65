//! The whole in a few figures: from the tally, from indexes, and from what the daemon tells.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;

use super::health::{reasons_not_ready, undelivered_mail};
use crate::inventory::{Deadline, Error, Fleet, MailQueue, View};
use crate::status::Pulse;
use crate::status::desk::whole_seconds;
use crate::status::reception::Here;
use crate::status::request::Viewer;
use crate::status::snapshot::{AppReport, IncidentCounts, Problem, StatusReport, Sweep, Upkeep};

/// What the inventory says of the whole; each figure is kept or found by an index.
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

/// How everything is doing.
#[utoipa::path(get, path = "/v1/status", responses((status = 200, body = StatusReport)))]
pub(in crate::status) async fn status(
    _: Viewer,
    State(reception): Here,
) -> Result<Json<StatusReport>, Problem> {
    let figures = reception.read(Figures::read).await?;
    let pulse = reception.pulse_now();
    Ok(Json(report(figures, pulse, reception.now())))
}

fn report(figures: Figures, pulse: Pulse, now: Timestamp) -> StatusReport {
    let mut problems = reasons_not_ready(&pulse, &figures.mail, now);
    let ready = problems.is_empty();
    problems.extend(undelivered_mail(&figures.mail));
    problems.extend(pulse.problems);
    problems.extend(neglected(&pulse.upkeep));
    StatusReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now,
        started_at: whole_seconds(pulse.started_at),
        ready,
        tokens: figures.fleet.into(),
        sweep: Sweep {
            last_finished_at: pulse.sweep.last_finished_at.map(whole_seconds),
            next_at: pulse.sweep.next_at.map(whole_seconds),
            ..pulse.sweep
        },
        apps: pulse.apps.into_iter().map(in_whole_seconds).collect(),
        incidents: figures.incidents,
        mail: figures.mail.into(),
        deliveries: pulse.deliveries,
        upkeep: Upkeep {
            backed_up_at: pulse.upkeep.backed_up_at.map(whole_seconds),
            ..pulse.upkeep
        },
        next_deadline: figures.next_deadline.map(Into::into),
        problems,
    }
}

/// One crash is told by the journal; several of late are a pattern that somebody must break.
const PATTERN: u32 = 3;

/// What is wrong with how the daemon looks after itself, in sentences.
fn neglected(upkeep: &Upkeep) -> Vec<String> {
    let crashes = upkeep.crashes_last_hour;
    let crashes = (crashes >= PATTERN).then(|| {
        format!("the daemon ended {crashes} times within an hour without being told to; see journalctl -u perennial")
    });
    let backup = upkeep.backup_error.as_ref().map(|reason| {
        let newest = upkeep
            .backed_up_at
            .map_or("there is none".to_owned(), |at| {
                format!("the newest is of {}", whole_seconds(at))
            });
        format!("the inventory could not be copied, {newest}: {reason}")
    });
    [crashes, backup].into_iter().flatten().collect()
}

fn in_whole_seconds(app: AppReport) -> AppReport {
    AppReport {
        throttled_until: app.throttled_until.map(whole_seconds),
        ..app
    }
}
