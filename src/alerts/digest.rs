//! The summary for the operators: how the fleet is, what is to come, and that Perennial itself is alive.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::language::Language;
use super::{Rules, letter};
use crate::inventory::{
    self, ComingLogin, Deeds, Digest, Fleet, Incident, Inventory, LonePages, MailQueue, NewLetter,
    View, Which,
};

/// When a summary is due, and when the one after it.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    pub at: Timestamp,
    pub next: Option<Timestamp>,
}

/// An app and the Graph version that it is configured with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphVersion {
    pub app: String,
    pub version: String,
    pub ends_on: Option<Date>,
}

/// What a summary is made of.
#[derive(Debug)]
pub(super) struct DigestFacts {
    pub(super) fleet: Fleet,
    pub(super) incidents: Vec<Incident>,
    pub(super) logins: Vec<ComingLogin>,
    pub(super) lone_pages: Vec<LonePages>,
    pub(super) deeds: Deeds,
    pub(super) mail: MailQueue,
    /// Those that end within [`VERSIONS_AHEAD`].
    pub(super) versions: Vec<GraphVersion>,
    pub(super) recipients: Vec<String>,
    pub(super) since: Timestamp,
    pub(super) next: Option<Timestamp>,
    pub(super) now: Timestamp,
    pub(super) zone: TimeZone,
    pub(super) language: Language,
}

/// A summary that could not be written in time is still worth something for so long.
const LATE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How far it looks ahead for logins, and for the ends of Graph versions.
const LOGINS_AHEAD: SignedDuration = SignedDuration::from_hours(30 * 24);
const VERSIONS_AHEAD: SignedDuration = SignedDuration::from_hours(120 * 24);
/// Of how many incidents it may tell.
const INCIDENTS: usize = 1_000;

/// Writes the summary of this tick, if none was written of it or a later one. The first tick ever only begins the time
/// that the next one tells of.
pub async fn write(
    inventory: &Inventory,
    rules: &Rules,
    versions: Vec<GraphVersion>,
    tick: Tick,
    now: Timestamp,
) -> Result<bool, inventory::Error> {
    let Some(last) = inventory.read(|view| view.last_digest()).await? else {
        inventory.write(move |tx| tx.note_digest(now, now)).await?;
        return Ok(false);
    };
    let is_late = now.duration_since(tick.at) > LATE;
    if tick.at <= last.tick || is_late || rules.operators.is_empty() {
        return Ok(false);
    }
    let facts = DigestFacts {
        versions: ending(versions, rules, now),
        recipients: rules.operators.clone(),
        since: last.tick,
        next: tick.next,
        now,
        zone: rules.timezone.clone(),
        language: rules.language,
        ..inventory
            .read(move |view| DigestFacts::gathered(view, last, now))
            .await?
    };
    let words = rules.layout.words(&letter::summary(&facts));
    let letter = NewLetter {
        incident: None,
        message_id: format!("digest-{}@{}", tick.at.as_second(), rules.message_domain),
        in_reply_to: None,
        recipients: facts.recipients,
        subject: words.subject,
        text: words.text,
        html: words.html,
    };
    inventory
        .write(move |tx| {
            let is_new = tx.note_digest(tick.at, now)?;
            if is_new {
                tx.write_letter(&letter, now)?;
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

impl DigestFacts {
    fn gathered(view: &View<'_>, last: Digest, now: Timestamp) -> Result<Self, inventory::Error> {
        let until = now.checked_add(LOGINS_AHEAD).unwrap_or(Timestamp::MAX);
        Ok(Self {
            fleet: view.fleet()?,
            incidents: view.incidents(Which::Unresolved, INCIDENTS)?,
            logins: view.coming_logins(now, until)?,
            lone_pages: view.lone_pages()?,
            deeds: view.deeds_since(last.event)?,
            mail: view.mail_queue()?,
            versions: Vec::new(),
            recipients: Vec::new(),
            since: last.tick,
            next: None,
            now,
            zone: TimeZone::UTC,
            language: Language::default(),
        })
    }

    /// Nothing waits for anybody.
    pub(super) const fn is_all_well(&self) -> bool {
        self.fleet.dead == 0 && self.fleet.failing == 0 && self.incidents.is_empty()
    }
}

#[cfg(test)]
mod tests;
