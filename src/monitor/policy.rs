//! Which emails are due now. Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::detection::{Alarm, Problem};

/// The state of an alarm between two runs of the monitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AlarmState {
    pub(super) since: Timestamp,
    /// How many emails were sent.
    pub(super) emails: u32,
    pub(super) notified_at: Option<Timestamp>,
    /// Since when the problem has no longer been found.
    pub(super) gone_since: Option<Timestamp>,
}

pub(super) type AlarmStates = BTreeMap<String, AlarmState>;

/// An email that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MonitorEmail {
    pub(super) alarm: Alarm,
    pub(super) email_reason: EmailReason,
    /// When the problem was first found.
    pub(super) since: Timestamp,
    /// The number of this email among those about the alarm, from 0.
    number: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EmailReason {
    First { why: String },
    Reminder { why: String },
    Over { until: Timestamp },
}

const REMIND: SignedDuration = SignedDuration::from_hours(24);
/// A problem that returns within this time continues the same alarm.
const QUIET: SignedDuration = SignedDuration::from_mins(25);

/// Returns the emails that are due. Updates the alarm states, but marks no email as sent.
pub(super) fn emails(
    alarm_states: &mut AlarmStates,
    detected_problems: &[Problem],
    now: Timestamp,
) -> Vec<MonitorEmail> {
    let mut due = Vec::new();
    for Problem { alarm, why } in detected_problems {
        let alarm_state = alarm_states
            .entry(alarm.as_str().to_owned())
            .or_insert_with(|| AlarmState::begun(now));
        alarm_state.gone_since = None;
        let why = why.clone();
        let email_reason = match alarm_state.notified_at {
            None => EmailReason::First { why },
            Some(notified) if now >= notified + REMIND => EmailReason::Reminder { why },
            Some(_) => continue,
        };
        due.push(alarm_state.email(*alarm, email_reason));
    }
    for alarm in Alarm::ALL {
        let is_found = detected_problems
            .iter()
            .any(|problem| problem.alarm == alarm);
        let Some(alarm_state) = alarm_states.get_mut(alarm.as_str()).filter(|_| !is_found) else {
            continue;
        };
        let gone = *alarm_state.gone_since.get_or_insert(now);
        if alarm_state.notified_at.is_none() {
            // No email was sent about it.
            alarm_states.remove(alarm.as_str());
        } else if now >= gone + QUIET {
            due.push(alarm_state.email(alarm, EmailReason::Over { until: gone }));
        }
    }
    due
}

/// Records that an email was sent.
pub(super) fn sent(alarm_states: &mut AlarmStates, email: &MonitorEmail, now: Timestamp) {
    let word = email.alarm.as_str();
    if matches!(email.email_reason, EmailReason::Over { .. }) {
        alarm_states.remove(word);
    } else if let Some(alarm_state) = alarm_states.get_mut(word) {
        alarm_state.notified_at = Some(now);
        alarm_state.emails += 1;
    }
}

impl AlarmState {
    pub(super) const fn begun(now: Timestamp) -> Self {
        Self {
            since: now,
            emails: 0,
            notified_at: None,
            gone_since: None,
        }
    }

    const fn email(&self, alarm: Alarm, email_reason: EmailReason) -> MonitorEmail {
        MonitorEmail {
            alarm,
            email_reason,
            since: self.since,
            number: self.emails,
        }
    }
}

impl MonitorEmail {
    pub(super) const fn first(alarm: Alarm, why: String, now: Timestamp) -> Self {
        Self {
            alarm,
            email_reason: EmailReason::First { why },
            since: now,
            number: 0,
        }
    }

    /// Returns the email's own id, which is the same for each attempt to send it, and the id of the first email about
    /// the same alarm.
    pub(super) fn ids(&self, domain: &str) -> (String, Option<String>) {
        let id = |number: u32| {
            format!(
                "watch-{}-{}-{number}@{domain}",
                self.alarm.as_str(),
                self.since.as_second()
            )
        };
        (id(self.number), (self.number > 0).then(|| id(0)))
    }
}

#[cfg(test)]
mod tests;
