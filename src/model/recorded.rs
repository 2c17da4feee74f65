//! How often the daemon did what the inventory records, since it started. Metrics show it.

use std::collections::BTreeMap;

use super::enums::string_enum;
use super::{Event, Outcome};

string_enum! {
    /// What became of an attempt to send an email.
    EmailResult {
        Sent = "sent",
        /// It is tried again.
        Delayed = "delayed",
        /// Some of its recipients do not get it.
        Undelivered = "undelivered",
    }
}

/// Counts that only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Checks by app.
    pub checks: BTreeMap<String, u64>,
    /// Calls to Meta by app.
    pub calls: BTreeMap<String, u64>,
    /// Attempts to renew a token, by app and outcome.
    pub renewals: BTreeMap<(String, Outcome), u64>,
    /// Attempts to send an email.
    pub emails: BTreeMap<EmailResult, u64>,
}

impl Recorded {
    pub fn add_checks(&mut self, app: &str, checks: u64) {
        add(&mut self.checks, app, checks);
    }

    pub fn add_calls(&mut self, app: &str, calls: u64) {
        add(&mut self.calls, app, calls);
    }

    /// Counts what the journal records, if metrics show it.
    pub fn add_event(&mut self, app: Option<&str>, event: &Event) {
        if let (Event::Rotated { outcome, .. }, Some(app)) = (event, app) {
            *self.renewals.entry((app.to_owned(), *outcome)).or_default() += 1;
        } else if let Some(result) = email_result(event) {
            *self.emails.entry(result).or_default() += 1;
        }
    }

    pub fn add(&mut self, other: Self) {
        for (app, checks) in other.checks {
            self.add_checks(&app, checks);
        }
        for (app, calls) in other.calls {
            self.add_calls(&app, calls);
        }
        for (key, renewals) in other.renewals {
            *self.renewals.entry(key).or_default() += renewals;
        }
        for (result, emails) in other.emails {
            *self.emails.entry(result).or_default() += emails;
        }
    }
}

/// The key is copied only once: this is called for every check.
fn add(counts: &mut BTreeMap<String, u64>, key: &str, count: u64) {
    match counts.get_mut(key) {
        Some(known) => *known += count,
        None => drop(counts.insert(key.to_owned(), count)),
    }
}

const fn email_result(event: &Event) -> Option<EmailResult> {
    if matches!(event, Event::EmailSent(_)) {
        Some(EmailResult::Sent)
    } else if matches!(event, Event::EmailDelayed(_)) {
        Some(EmailResult::Delayed)
    } else if matches!(event, Event::EmailUndelivered(_)) {
        Some(EmailResult::Undelivered)
    } else {
        None
    }
}
