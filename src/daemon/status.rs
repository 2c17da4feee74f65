//! What the status socket shows besides the inventory: the state of the sweeps, and problems.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::services::Services;
use super::sweeps::GRACE;
use super::wakeups::Signal;
use super::worker::{Context, Job};
use super::{clock, problems, schedule, systemd};
use crate::api::types::{AppReport, Sweep};
use crate::api::{DaemonStatus, no_way_to_people};
use crate::inventory::{Error, Inventory, View};
use crate::model::{Duty, Figures, IncidentCounts, NodeReport};

/// A token that fails for this long while its app works needs an operator.
const UNCHECKED_FOR: SignedDuration = SignedDuration::from_hours(24);
const CRASHES_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// After a publication the next one waits so many times as long as it took, so that it takes a small part of the time
/// however much is due, and however short the sweeps are.
const REST: u32 = 20;
const LONGEST_REST: Duration = Duration::from_secs(5);

/// Publishes the status after every sweep, or after several that follow each other closely.
#[derive(Default)]
pub(super) struct Publication {
    /// What systemd shows.
    logged: String,
    rests_until: Option<Instant>,
}

impl Job for Publication {
    fn duty(&self) -> Option<Duty> {
        None
    }

    async fn run_once(&mut self, context: &Context, _: Timestamp) -> Result<(), Error> {
        if let Some(end) = self.rests_until {
            let rested = context.stop.run_until_cancelled(sleep_until(end)).await;
            if rested.is_none() {
                return Ok(());
            }
        }
        let began = Instant::now();
        let published = self.publish(context, clock::now()).await;
        let rest = (began.elapsed() * REST).min(LONGEST_REST);
        self.rests_until = Some(Instant::now() + rest);
        published
    }
}

impl Publication {
    async fn publish(&mut self, context: &Context, now: Timestamp) -> Result<(), Error> {
        let (services, shared) = (&context.services, &context.shared);
        let next = schedule::next_tick(&context.schedule.sweep, &context.timezone, now);
        let swept = context.swept_at(now).await?;
        let run_name = shared.duties.run_name();
        let mut observed = observe(services, run_name, (swept, next), now).await?;
        observed.nodes = context.nodes(now).await?;
        for app in &mut observed.apps {
            app.last_swept_at = context.sweeps.completed_at(&app.name);
        }
        // A newer configuration has its own worker, and what this one observed is of the old one.
        shared.daemon_status.send_if_modified(|status| {
            let is_current = !context.stop.is_cancelled();
            if is_current {
                observed.show_in(status);
            }
            is_current
        });
        log_unreachable(&services.inventory, &shared.daemon_status, now);
        let text = describe(&services.inventory.figures());
        if text != self.logged {
            systemd::status(&text);
            self.logged = text;
        }
        context.wake(Signal::StatusShown);
        Ok(())
    }
}

/// Logs once that emails reach nobody any more, and once that they do again.
fn log_unreachable(
    inventory: &Inventory,
    daemon_status: &watch::Sender<DaemonStatus>,
    now: Timestamp,
) {
    let seen = DaemonStatus {
        inventory_error: inventory.write_error().map(|why| why.to_string()),
        ..daemon_status.borrow().clone()
    };
    let problem = no_way_to_people(&seen, &inventory.figures().mail, now);
    match &problem {
        Some(text) if !seen.is_cut_off => tracing::error!("{text}"),
        None if seen.is_cut_off => tracing::info!("emails get through again"),
        Some(_) | None => {}
    }
    daemon_status.send_modify(|status| status.is_cut_off = problem.is_some());
}

/// Publishes what the inventory shows, with the end of the last complete sweep and the time of the next one.
pub async fn publish(
    services: &Services,
    daemon_status: &watch::Sender<DaemonStatus>,
    times: (Option<Timestamp>, Option<Timestamp>),
    now: Timestamp,
) -> Result<(), Error> {
    let observed = observe(services, "", times, now).await?;
    if daemon_status.borrow().inventory_error.is_some() {
        tracing::info!("the inventory can be used again");
    }
    daemon_status.send_modify(|status| observed.show_in(status));
    Ok(())
}

/// What the inventory shows at one time.
struct Observed {
    apps: Vec<AppReport>,
    sweep: Sweep,
    problems: Vec<String>,
    crashes_last_hour: u32,
    nodes: Vec<NodeReport>,
}

impl Observed {
    fn show_in(self, status: &mut DaemonStatus) {
        status.sweep = Sweep {
            last_finished_at: self
                .sweep
                .last_finished_at
                .or(status.sweep.last_finished_at),
            ..self.sweep
        };
        status.show_apps(self.apps);
        status.problems = self.problems;
        status.maintenance.crashes_last_hour = self.crashes_last_hour;
        status.inventory_error = None;
        status.nodes = self.nodes;
    }
}

async fn observe(
    services: &Services,
    run_name: &str,
    (last_finished_at, next_at): (Option<Timestamp>, Option<Timestamp>),
    now: Timestamp,
) -> Result<Observed, Error> {
    let apps = services.apps(now).await?;
    let (known, run_name) = (apps.clone(), run_name.to_owned());
    let counted = services.inventory.read(move |view| {
        let due = view.count_due(now, now - GRACE)?;
        let crashes = view.crashes(&run_name, now - CRASHES_WITHIN)?;
        Ok((due, crashes, stored_problems(view, &known, now)?))
    });
    let ((due, overdue), crashes_last_hour, mut problems) = counted.await?;
    let figures = services.inventory.figures();
    problems.extend(problems::undelivered(figures.deliveries));
    problems.extend(problems::not_stored(services.inventory.count_unsaved()));
    problems.extend(services.alerts.templates.error());
    let sweep = Sweep {
        last_finished_at,
        due,
        overdue,
        next_at,
    };
    Ok(Observed {
        apps,
        sweep,
        problems,
        crashes_last_hour,
        nodes: Vec::new(),
    })
}

/// What is wrong according to the inventory. Apps that are no longer configured do not count.
fn stored_problems(
    view: &View<'_>,
    apps: &[AppReport],
    now: Timestamp,
) -> Result<Vec<String>, Error> {
    let is_known = |name: &str| apps.iter().any(|app| app.name == name);
    let records = view.apps()?;
    let records = records.iter().filter(|app| is_known(&app.name));
    let unchecked = view.unchecked(now - UNCHECKED_FOR)?;
    let unchecked = unchecked.iter().filter(|tokens| is_known(&tokens.app));
    let set_aside = view.set_aside()?;
    let unsubscribed = view.unsubscribed_pages()?;
    let mut found: Vec<String> = set_aside
        .iter()
        .map(|name| problems::abandoned_tokens(name))
        .collect();
    found.extend(records.filter_map(problems::app_error));
    found.extend(apps.iter().flat_map(|app| app.version_problems.clone()));
    found.extend(unsubscribed.iter().map(problems::unnotified));
    found.extend(unchecked.map(problems::not_checked));
    let disabled = view.disabled_sinks()?;
    found.extend(disabled.iter().map(problems::disabled_sink));
    let channels = view.channel_counts()?;
    found.extend(channels.iter().filter_map(problems::channel_fails));
    Ok(found)
}

/// One line for `systemctl status`.
pub(super) fn describe(figures: &Figures) -> String {
    if figures.outdated.is_some() {
        return "the inventory cannot be read; see the journal".to_owned();
    }
    let fleet = figures.fleet;
    if fleet.total() == 0 {
        return "no tokens yet".to_owned();
    }
    let plural = if fleet.total() == 1 { "" } else { "s" };
    let mut text = format!("{} token{plural}, {} healthy", fleet.total(), fleet.healthy);
    let states = [
        (fleet.unverified, "not checked yet"),
        (fleet.expiring, "expiring"),
        (fleet.failing, "failing"),
        (fleet.dead, "dead"),
    ];
    for (n, state) in states.into_iter().filter(|(n, _)| *n > 0) {
        text.push_str(&format!(", {n} {state}"));
    }
    text + &open_incidents(figures.incidents)
}

fn open_incidents(
    IncidentCounts {
        open,
        unacknowledged,
    }: IncidentCounts,
) -> String {
    let incidents = match open {
        0 => return String::new(),
        1 => "1 incident is open".to_owned(),
        many => format!("{many} incidents are open"),
    };
    match (open.saturating_sub(unacknowledged), unacknowledged) {
        (0, _) => format!("; {incidents}"),
        (1, 0) => format!("; {incidents}, and it is acknowledged"),
        (_, 0) => format!("; {incidents}, all of them acknowledged"),
        (some, _) => format!("; {incidents}, {some} of them acknowledged"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledged_incident_is_one_of_the_open_ones() {
        for (open, unacknowledged, expected) in [
            (0, 0, ""),
            (1, 1, "; 1 incident is open"),
            (1, 0, "; 1 incident is open, and it is acknowledged"),
            (2, 2, "; 2 incidents are open"),
            (2, 1, "; 2 incidents are open, 1 of them acknowledged"),
            (2, 0, "; 2 incidents are open, all of them acknowledged"),
        ] {
            let incidents = IncidentCounts {
                open,
                unacknowledged,
            };
            assert_eq!(open_incidents(incidents), expected);
        }
    }
}
