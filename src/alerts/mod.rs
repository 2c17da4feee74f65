//! Notifies people: one cause that needs one person is one incident and one email.

pub mod digest;
mod incident_filing;
mod links;
pub mod policy;
mod posts;
mod quiet_hours;
mod recipients;
mod reports;
mod review;

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
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::email::text::Language;
use crate::email::{Templates, operator_emails};
use crate::inventory::{self, Inventory};
use crate::model::{Cause, Incident};
use review::Outcome;

pub use posts::{Audience, PostChannel};
pub use quiet_hours::Quiet;
pub use recipients::{Recipients, Route, operators, recipients_of_tokens, route_of};

/// The operator's settings for warnings and reminders.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How long before the earlier expiry to write, longest first.
    pub warn_before: Vec<SignedDuration>,
    pub remind_every: SignedDuration,
    /// Tokens that expire within this time after the first step are included in the same email.
    pub plan_window: SignedDuration,
    /// The recipients of operator incidents, and of emails about tokens without an owner.
    pub operators: Vec<String>,
    /// Send the operators a copy of every email.
    pub copy_operators: bool,
    /// After how long without a reaction an incident is escalated, and to whom; to the operators if nobody is named.
    pub escalate_after: Option<SignedDuration>,
    pub escalate_to: Vec<String>,
    /// The hours without emails that can wait.
    pub quiet_hours: Option<Quiet>,
    pub working_days: Vec<Weekday>,
    /// The first route that matches a token applies.
    pub routes: Vec<Route>,
    /// Where incidents are posted besides the emails.
    pub channels: Vec<PostChannel>,
    /// The configured apps. Errors of other apps are ignored.
    pub apps: Vec<String>,
    /// The domain of the sender, used in message ids.
    pub message_domain: String,
    pub language: Language,
    pub templates: Arc<Templates>,
    /// The time zone of times in emails.
    pub timezone: TimeZone,
    /// How to build login links; `None` without `[web]`.
    pub login_links: Option<LoginLinks>,
}

/// The settings for login links in emails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginLinks {
    /// Without a trailing slash.
    pub public_url: String,
    /// Apps whose logins may grant a system user's token (Login for Business).
    pub business_apps: Vec<String>,
}

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
