//! Tell people: one cause that needs one person is one incident and one letter.

mod audience;
mod clocks;
mod desk;
pub mod digest;
mod facts;
mod hours;
pub mod language;
mod layout;
mod letter;
pub mod mailer;
mod notice;
mod phrases;
pub mod policy;
mod review;
mod rows;
pub mod samples;
mod steps;
mod undelivered;
mod ungranted;
mod words;

#[cfg(test)]
mod chance;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod stories;

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::inventory::{self, Incident, Inventory, NewLetter};
use language::Language;
pub use layout::{Layout, LayoutError};
pub use notice::Notice;
use review::Outcome;

pub use audience::Route;
pub use hours::Quiet;

/// What the operator decides about warning and reminding.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Steps before the earlier clock at which to write, longest first.
    pub warn_before: Vec<SignedDuration>,
    pub remind_every: SignedDuration,
    /// What ends so soon after the first step is asked for in the same letter.
    pub plan_window: SignedDuration,
    /// Who gets operator faults, and the letters of tokens without an owner.
    pub operators: Vec<String>,
    /// They get a copy of every letter.
    pub copy_operators: bool,
    /// Whom a letter goes to on which nobody acts, and after how long; the operators, if nobody is named.
    pub escalate_after: Option<SignedDuration>,
    pub escalate_to: Vec<String>,
    /// When nobody is written to about what can wait.
    pub quiet_hours: Option<Quiet>,
    pub working_days: Vec<Weekday>,
    /// The first that leads a token is its route.
    pub routes: Vec<Route>,
    /// Those that are looked after; of others nothing is told.
    pub apps: Vec<String>,
    /// What stands behind the `@` of a letter's id: the sender's domain.
    pub message_domain: String,
    pub language: Language,
    pub layout: Arc<Layout>,
    /// In which the letters tell times.
    pub timezone: TimeZone,
    /// Where people can log in at once, if there is such a place.
    pub login_links: Option<LoginLinks>,
}

/// Where links in letters lead.
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
    Judged,
    /// Nothing is said of ends, coming or come, until it can.
    LeftAlone,
}

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Tokens whose need had changed.
    pub filed: usize,
    pub reviewed: usize,
    pub letters: usize,
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

/// Files what has changed, then writes the letters that are due. It may be repeated or cut off anywhere: each
/// transaction leaves nothing half said.
pub async fn pass(
    inventory: &Inventory,
    rules: &Rules,
    now: Timestamp,
) -> Result<Report, inventory::Error> {
    run(inventory, rules, Ends::Judged, now).await
}

/// The same while the machine's clock is in doubt: what is about an end waits until it is right.
pub async fn pass_without_ends(
    inventory: &Inventory,
    rules: &Rules,
    now: Timestamp,
) -> Result<Report, inventory::Error> {
    run(inventory, rules, Ends::LeftAlone, now).await
}

async fn run(
    inventory: &Inventory,
    rules: &Rules,
    ends: Ends,
    now: Timestamp,
) -> Result<Report, inventory::Error> {
    let rules = Arc::new(rules.clone());
    let mut report = Report {
        filed: desk::file_tokens(inventory, &rules, ends, now).await?,
        ..Report::default()
    };
    desk::open_incidents_of_apps(inventory, &rules, now).await?;
    let due = inventory
        .read(move |view| view.incidents_to_review(now, REVIEWS))
        .await?;
    let may_review = |incident: &Incident| {
        let about_an_end = [Some(incident.cause), incident.told_cause]
            .into_iter()
            .flatten()
            .any(policy::is_about_an_end);
        ends == Ends::Judged || !about_an_end
    };
    let reviews = due.into_iter().filter(may_review).map(|incident| {
        let rules = Arc::clone(&rules);
        inventory.write(move |tx| review::review(tx, incident.id, &rules, now))
    });
    let mut outcomes = stream::iter(reviews).buffered(AT_A_TIME);
    while let Some(outcome) = outcomes.next().await {
        report.count(outcome?);
    }
    report.letters += ungranted::report(inventory, &rules, now).await?;
    report.letters += undelivered::report(inventory, &rules, now).await?;
    Ok(report)
}

impl Report {
    fn count(&mut self, outcome: Outcome) {
        self.reviewed += 1;
        self.letters += usize::from(outcome.wrote);
        self.resolved += usize::from(outcome.resolved);
    }
}

/// Puts a letter that asks for nothing into the outbox, to try the mail path; its message id is returned.
pub async fn test_letter(
    inventory: &Inventory,
    rules: &Rules,
    recipients: Vec<String>,
    now: Timestamp,
) -> Result<String, inventory::Error> {
    let page = letter::for_trying(rules.language, &rules.timezone, now);
    let words = rules.layout.words(&page);
    let message_id = format!("test-{}@{}", now.as_microsecond(), rules.message_domain);
    let letter = NewLetter {
        incident: None,
        message_id: message_id.clone(),
        in_reply_to: None,
        recipients,
        subject: words.subject,
        text: words.text,
        html: words.html,
    };
    inventory
        .write(move |tx| tx.write_letter(&letter, now))
        .await?;
    Ok(message_id)
}
