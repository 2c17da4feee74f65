//! The regular summary for the operators: the state of the tokens, what is coming up, and that Perennial is running.

use jiff::{SignedDuration, Timestamp};

use super::Rules;
use crate::email::digest::summary;
use crate::email::digest_context::DigestContext;
pub use crate::email::digest_context::GraphVersion;
use crate::inventory::{self, Digest, Inventory};
use crate::model::IncidentFilter;

/// When a summary is due, and when the next one.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    pub at: Timestamp,
    pub next: Option<Timestamp>,
}

/// How late a summary may still be sent.
const LATE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How far it looks ahead for logins, and for the ends of Graph versions.
const LOGINS_AHEAD: SignedDuration = SignedDuration::from_hours(30 * 24);
const VERSIONS_AHEAD: SignedDuration = SignedDuration::from_hours(120 * 24);
/// The maximum number of people and of incidents in a summary.
const PEOPLE: usize = 100_000;
const INCIDENTS: usize = 1_000;

/// Writes the summary of this tick, unless one was written for it or for a later one. The first tick ever only marks
/// the start of the period that the next summary covers.
pub async fn write(
    inventory: &Inventory,
    rules: &Rules,
    versions: Vec<GraphVersion>,
    tick: Tick,
    now: Timestamp,
) -> Result<bool, inventory::Error> {
    let Some(last) = inventory.read(|view| view.last_digest()).await? else {
        inventory
            .write(move |tx| tx.record_digest(now, now))
            .await?;
        return Ok(false);
    };
    let is_late = now.duration_since(tick.at) > LATE;
    if tick.at <= last.tick || is_late || rules.operators.is_empty() {
        return Ok(false);
    }
    let facts = collected(inventory, rules, versions, last, tick, now).await?;
    let rendered = rules.templates.render_email(&summary(&facts));
    let message_id = format!("digest-{}@{}", tick.at.as_second(), rules.message_domain);
    let email = rendered.addressed(facts.recipients, message_id);
    inventory
        .write(move |tx| {
            let is_new = tx.record_digest(tick.at, now)?;
            if is_new {
                tx.enqueue_email(&email, now)?;
            }
            Ok(is_new)
        })
        .await
}

fn ending(versions: Vec<GraphVersion>, rules: &Rules, now: Timestamp) -> Vec<GraphVersion> {
    let soon = now.checked_add(VERSIONS_AHEAD).unwrap_or(Timestamp::MAX);
    let soon = soon.to_zoned(rules.timezone.clone()).date();
    let ends_soon = |version: &GraphVersion| version.ends_on.is_some_and(|day| day <= soon);
    versions.into_iter().filter(ends_soon).collect()
}

/// The facts of the summary for this tick. It covers the time since the last one.
async fn collected(
    inventory: &Inventory,
    rules: &Rules,
    versions: Vec<GraphVersion>,
    last: Digest,
    tick: Tick,
    now: Timestamp,
) -> Result<DigestContext, inventory::Error> {
    let until = now.checked_add(LOGINS_AHEAD).unwrap_or(Timestamp::MAX);
    let reports = inventory.read(move |view| {
        Ok((
            view.fleet()?,
            view.incidents(IncidentFilter::Unresolved, INCIDENTS)?,
            view.coming_logins(now, until)?,
            view.single_admin_pages(PEOPLE)?.0,
            view.activity_since(last.event)?,
            view.mail_queue()?,
        ))
    });
    let (fleet, incidents, logins, single_admin_pages, activity, mail) = reports.await?;
    Ok(DigestContext {
        fleet,
        incidents,
        logins,
        single_admin_pages,
        activity,
        mail,
        versions: ending(versions, rules, now),
        recipients: rules.operators.clone(),
        since: last.tick,
        next: tick.next,
        now,
        zone: rules.timezone.clone(),
        language: rules.language,
    })
}

#[cfg(test)]
mod tests;
