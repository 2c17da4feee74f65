//! Tell people: one cause that needs one person is one incident and one email.

pub mod digest;
mod incident_filing;
pub mod policy;
mod quiet_hours;
mod recipients;
mod review;
mod undelivered_report;
mod ungranted;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod scenario_tests;

use crate::email::model;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::email::Templates;
use crate::email::text::Language;
use crate::inventory::{self, Incident, Inventory, NewEmail};
use review::Outcome;

pub use quiet_hours::Quiet;
pub use recipients::Route;

/// What the operator decides about warning and reminding.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Steps before the earlier clock at which to write, longest first.
    pub warn_before: Vec<SignedDuration>,
    pub remind_every: SignedDuration,
    /// What ends so soon after the first step is asked for in the same email.
    pub plan_window: SignedDuration,
    /// Who gets operator faults, and the emails of tokens without an owner.
    pub operators: Vec<String>,
    /// They get a copy of every email.
    pub copy_operators: bool,
    /// Whom an email goes to on which nobody acts, and after how long; the operators, if nobody is named.
    pub escalate_after: Option<SignedDuration>,
    pub escalate_to: Vec<String>,
    /// When nobody is written to about what can wait.
    pub quiet_hours: Option<Quiet>,
    pub working_days: Vec<Weekday>,
    /// The first that leads a token is its route.
    pub routes: Vec<Route>,
    /// Those that are looked after; of others nothing is told.
    pub apps: Vec<String>,
    /// What stands behind the `@` of an email's id: the sender's domain.
    pub message_domain: String,
    pub language: Language,
    pub templates: Arc<Templates>,
    /// In which the emails tell times.
    pub timezone: TimeZone,
    /// Where people can log in at once, if there is such a place.
    pub login_links: Option<LoginLinks>,
}

/// Where links in emails lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginLinks {
    /// Without a slash at its end.
    pub public_url: String,
    /// Apps whose logins may give a system user's token (Login for Business).
    pub business_apps: Vec<String>,
}

/// Whether the clock can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Reviewed,
    /// Nothing is said of ends, coming or come, until it can.
    Skipped,
}

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Tokens whose need had changed.
    pub filed: usize,
    pub reviewed: usize,
    pub emails: usize,
    pub resolved: usize,
}

/// How many incidents one pass reviews; the rest have the next one.
const REVIEWS: usize = 1_000;

/// How many reviews wait for the writer together, to share a commit.
const AT_A_TIME: usize = 64;

/// To be called once before the first pass: a new start or configuration may want something said.
pub async fn begin(inventory: &Inventory, now: Timestamp) -> Result<(), inventory::Error> {
    inventory.write(move |tx| tx.review_all(now)).await
}

/// Files what has changed, then writes the emails that are due. It may be repeated or cut off anywhere: each
/// transaction leaves nothing half said.
pub async fn pass(
    inventory: &Inventory,
    rules: &Rules,
    now: Timestamp,
) -> Result<Report, inventory::Error> {
    run(inventory, rules, Ends::Reviewed, now).await
}

/// The same while the machine's clock is in doubt: what is about an end waits until it is right.
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
    let due = inventory
        .read(move |view| view.incidents_to_review(now, REVIEWS))
        .await?;
    let may_review = |incident: &Incident| {
        let about_an_end = [Some(incident.cause), incident.notified_cause]
            .into_iter()
            .flatten()
            .any(policy::is_about_an_end);
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
    report.emails += ungranted::report(inventory, &rules, now).await?;
    report.emails += undelivered_report::report(inventory, &rules, now).await?;
    Ok(report)
}

impl Report {
    fn count(&mut self, outcome: Outcome) {
        self.reviewed += 1;
        self.emails += usize::from(outcome.wrote);
        self.resolved += usize::from(outcome.resolved);
    }
}

/// Puts an email that asks for nothing into the outbox, to try the mail path; its message id is returned.
pub async fn send_test_email(
    inventory: &Inventory,
    rules: &Rules,
    recipients: Vec<String>,
    now: Timestamp,
) -> Result<String, inventory::Error> {
    let page = model::test_email(rules.language, &rules.timezone, now);
    let rendered = rules.templates.render_email(&page);
    let message_id = format!("test-{}@{}", now.as_microsecond(), rules.message_domain);
    let email = NewEmail {
        incident: None,
        message_id: message_id.clone(),
        in_reply_to: None,
        recipients,
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
    };
    inventory
        .write(move |tx| tx.enqueue_email(&email, now))
        .await?;
    Ok(message_id)
}
