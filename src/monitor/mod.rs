//! Watches the daemon from outside and sends emails itself when the daemon is down or does not do its work: one email
//! per cause, one reminder a day, and one when it is over. It needs neither the daemon nor the inventory.
//!
//! - `detection`: what is wrong (pure) · `nodes`: and among the nodes (pure) · `policy`: which emails are due (pure) · `email_text`: their texts
//! - `probe`: queries the daemon and the disk · `alarm_state`: which alarms were notified
//! - `unit_failure`: a unit that systemd stopped restarting

mod alarm_state;
mod detection;
mod email_text;
mod nodes;
mod policy;
mod probe;
mod unit_failure;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::config::{self, MonitorSettings};
use crate::email::mailer::Mailer;
use alarm_state::AlarmStore;
pub use detection::{Alarm, ProbeResult, Problem, detected_problems, version_warnings};
pub use nodes::node_warnings;
use policy::{AlarmState, AlarmStates, MonitorEmail};
pub use probe::collect;
pub use unit_failure::Failed;

/// The emails that were sent, and those that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotifyReport {
    /// Subjects of the sent emails.
    pub sent: Vec<String>,
    /// Why the others could not be sent.
    pub faults: Vec<String>,
}

/// Sends the emails that are due. An email that cannot be sent is tried again in the next run.
pub async fn notify(
    monitor_settings: &MonitorSettings,
    detected_problems: &[Problem],
    now: Timestamp,
) -> NotifyReport {
    let due = |alarms: &mut AlarmStates| policy::emails(alarms, detected_problems, now);
    send_due(monitor_settings, due, now).await
}

/// Reports that a unit failed and systemd no longer restarts it. This counts as the notification that the daemon is
/// down.
pub async fn report_unit_failure(
    monitor_settings: &MonitorSettings,
    failed: &Failed,
    now: Timestamp,
) -> NotifyReport {
    let due = |alarms: &mut AlarmStates| {
        alarms.insert(Alarm::Down.as_str().to_owned(), AlarmState::begun(now));
        vec![MonitorEmail::first(Alarm::Down, failed.describe(), now)]
    };
    send_due(monitor_settings, due, now).await
}

async fn send_due(
    monitor_settings: &MonitorSettings,
    due: impl FnOnce(&mut AlarmStates) -> Vec<MonitorEmail>,
    now: Timestamp,
) -> NotifyReport {
    let place = memory_of(monitor_settings);
    let mut memory = AlarmStore::read(&place);
    let mut notified = NotifyReport::default();
    for email in due(&mut memory.alarms) {
        send(monitor_settings, &mut memory, &email, &mut notified, now).await;
    }
    if let Err(error) = memory.write(&place) {
        let place = place.display();
        let fault = format!("cannot record the sent emails in {place}: {error}");
        notified.faults.push(fault);
    }
    notified
}

async fn send(
    monitor_settings: &MonitorSettings,
    memory: &mut AlarmStore,
    email: &MonitorEmail,
    notified: &mut NotifyReport,
    now: Timestamp,
) {
    let system_email = email_text::system_email(email, &monitor_settings.alerts.timezone, now);
    let (id, first) = email.ids(&monitor_settings.alerts.message_domain);
    let written = system_email.email(&monitor_settings.alerts.operators, id, first);
    let sent = match Mailer::new(monitor_settings.mail.clone()) {
        Ok(mailer) => mailer
            .send_once(written, now)
            .await
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match sent {
        Ok(_) => {
            policy::sent(&mut memory.alarms, email, now);
            notified.sent.push(system_email.subject);
        }
        Err(why) => notified.faults.push(format!(
            "\"{}\" could not be sent: {why}",
            system_email.subject
        )),
    }
}

/// The state folder that systemd names, or else the folder of the inventory, or where that usually is.
fn memory_of(monitor_settings: &MonitorSettings) -> PathBuf {
    let given = std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
    let inventory = monitor_settings.inventory.as_deref();
    let inventory = inventory.unwrap_or(Path::new(config::USUAL_INVENTORY));
    let folder = given.or_else(|| inventory.parent().map(PathBuf::from));
    folder.unwrap_or_default().join("alarms.json")
}
