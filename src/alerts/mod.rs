//! Notifies people: one cause that needs one person is one incident and one email.

mod channel;
pub mod digest;
mod incident_filing;
mod links;
pub mod policy;
mod posts;
mod quiet_hours;
mod recipients;
mod reports;
mod review;
mod route;
mod rules;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod post_tests;
#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod scenario_tests;

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;

use crate::email::operator_emails;
use crate::inventory::{self, Inventory};
use crate::model::{Cause, Incident};
use review::Outcome;

pub use channel::{Audience, PostChannel};
pub use quiet_hours::Quiet;
pub use recipients::{Recipients, operators, recipients_of_tokens, route_of};
pub use route::Route;
pub use rules::{LoginLinks, Rules};

/// Whether expiries are reviewed, which needs a clock that can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Reviewed,
    /// No email is written about an expiry, coming or past, until the clock can be trusted.
    Skipped,
}

/// The result of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The number of tokens assigned to incidents.
    pub filed: usize,
    pub reviewed: usize,
    pub emails: usize,
    pub resolved: usize,
}

/// The number of incidents that one run reviews; the rest wait for the next one.
const REVIEWS: usize = 1_000;

/// The number of reviews queued for the writer together, so that they share a commit.
const AT_A_TIME: usize = 64;

/// Call once before the first run. Reviews all incidents, because a restart or a new configuration may require emails.
pub async fn begin(
    inventory: &Inventory,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), inventory::Error> {
    let channels = rules.channels.iter().map(|channel| channel.name.clone());
    let channels: Vec<String> = channels.collect();
    inventory
        .write_alone(move |tx| {
            tx.set_channels(&channels, now)?;
            tx.review_all(now)
        })
        .await
}

/// Assigns changed tokens to incidents, then writes the emails that are due. It may be interrupted and repeated
/// anywhere, since each transaction is complete in itself.
pub async fn pass(
    inventory: &Inventory,
    rules: &Rules,
    now: Timestamp,
) -> Result<Report, inventory::Error> {
    run(inventory, rules, Ends::Reviewed, now).await
}

/// The same while the clock is in doubt: everything about an expiry waits until the clock is right.
pub async fn pass_without_ends(
    inventory: &Inventory,
    rules: &Rules,
    now: Timestamp,
) -> Result<Report, inventory::Error> {
    run(inventory, rules, Ends::Skipped, now).await
}

async fn run(
    inventory: &Inventory,
    rules: &Rules,
    ends: Ends,
    now: Timestamp,
) -> Result<Report, inventory::Error> {
    let rules = Arc::new(rules.clone());
    let mut report = Report {
        filed: incident_filing::file_tokens(inventory, &rules, ends, now).await?,
        ..Report::default()
    };
    incident_filing::open_incidents_of_apps(inventory, &rules, now).await?;
    incident_filing::open_incidents_of_sinks(inventory, now).await?;
    let due = inventory
        .read(move |view| view.incidents_to_review(now, REVIEWS))
        .await?;
    let may_review = |incident: &Incident| {
        let about_an_end = [Some(incident.cause), incident.notified_cause]
            .into_iter()
            .flatten()
            .any(Cause::is_about_expiry);
        ends == Ends::Reviewed || !about_an_end
    };
    let reviews = due.into_iter().filter(may_review).map(|incident| {
        let rules = Arc::clone(&rules);
        inventory.write(move |tx| review::review(tx, incident.id, &rules, now))
    });
    let mut outcomes = stream::iter(reviews).buffered(AT_A_TIME);
    while let Some(outcome) = outcomes.next().await {
        report.count(outcome?);
    }
    report.emails += reports::about_ungranted(inventory, &rules, now).await?;
    report.emails += reports::about_undelivered(inventory, &rules, now).await?;
    report.emails += reports::about_channels(inventory, &rules, now).await?;
    Ok(report)
}

impl Report {
    fn count(&mut self, outcome: Outcome) {
        self.reviewed += 1;
        self.emails += usize::from(outcome.wrote);
        self.resolved += usize::from(outcome.resolved);
    }
}

/// Queues an email that asks for nothing, to test the mail path. Returns its message id.
pub async fn send_test_email(
    inventory: &Inventory,
    rules: &Rules,
    recipients: Vec<String>,
    now: Timestamp,
) -> Result<String, inventory::Error> {
    let page = operator_emails::test_email(rules.language, &rules.timezone, now);
    let message_id = format!("test-{}@{}", now.as_microsecond(), rules.message_domain);
    let rendered = rules.templates.render_email(&page);
    let email = rendered.addressed(recipients, message_id.clone());
    inventory
        .write(move |tx| tx.enqueue_email(&email, now))
        .await?;
    Ok(message_id)
}
