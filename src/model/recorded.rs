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

string_enum! {
    /// What became of an attempt to deliver a version of a token to a sink.
    DeliveryResult {
        Delivered = "delivered",
        Failed = "failed",
    }
}

string_enum! {
    /// What became of an attempt to send a message to a channel.
    PostResult {
        Sent = "sent",
        /// It is tried again.
        Delayed = "delayed",
        GivenUp = "given_up",
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
    /// Attempts to deliver a token, by sink and result.
    pub deliveries: BTreeMap<(String, DeliveryResult), u64>,
    /// Attempts to send a message, by channel and result.
    pub posts: BTreeMap<(String, PostResult), u64>,
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
        } else if let Some((sink, result)) = delivery_result(event) {
            *self
                .deliveries
                .entry((sink.to_owned(), result))
                .or_default() += 1;
        } else if let Some((channel, result)) = post_result(event) {
            *self.posts.entry((channel.to_owned(), result)).or_default() += 1;
        }
    }

    pub fn add(&mut self, other: Self) {
        for (app, checks) in other.checks {
            self.add_checks(&app, checks);
        }
        for (app, calls) in other.calls {
            self.add_calls(&app, calls);
        }
        merge(&mut self.renewals, other.renewals);
        merge(&mut self.emails, other.emails);
        merge(&mut self.deliveries, other.deliveries);
        merge(&mut self.posts, other.posts);
    }
}

fn merge<K: Ord>(counts: &mut BTreeMap<K, u64>, others: BTreeMap<K, u64>) {
    for (key, count) in others {
        *counts.entry(key).or_default() += count;
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

fn delivery_result(event: &Event) -> Option<(&str, DeliveryResult)> {
    if let Event::Delivered(delivery) = event {
        Some((&delivery.sink, DeliveryResult::Delivered))
    } else if let Event::DeliveryFailed(delivery) = event {
        Some((&delivery.sink, DeliveryResult::Failed))
    } else {
        None
    }
}

fn post_result(event: &Event) -> Option<(&str, PostResult)> {
    if let Event::PostSent(post) = event {
        Some((&post.channel, PostResult::Sent))
    } else if let Event::PostDelayed(post) = event {
        Some((&post.channel, PostResult::Delayed))
    } else if let Event::PostGivenUp(post) = event {
        Some((&post.channel, PostResult::GivenUp))
    } else {
        None
    }
}
