//! People read their email and, after a while, do what it asks, through the link in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::draw::Diligence;
use super::error::Error;
use super::fixtures::Fixtures;
use super::harness::Harness;
use super::mime::{self, Received};
use super::visit::{Visit, Visited, follow};
use crate::model::IncidentId;

/// A person whose login did not work tries again after this time.
const TRIES_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(4);

#[derive(Debug)]
struct Intention {
    at: Timestamp,
    person: String,
    link: String,
    incident: Option<IncidentId>,
}

/// A person waits for a page to say how it went.
#[derive(Debug)]
struct Waiting {
    intention: Intention,
    visited: Visited,
}

/// What a person did, and the headline of the page at the end.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) at: Timestamp,
    pub(super) person: String,
    pub(super) action: Visit,
    pub(super) headline: String,
    /// What the email was about.
    pub(super) incident: Option<IncidentId>,
    /// The page offers no other try.
    pub(super) worked: bool,
}

/// An email that arrived, with the name of its file without the extension.
#[derive(Clone, Debug)]
pub(super) struct Mailed {
    pub(super) at: Timestamp,
    pub(super) file: String,
    pub(super) to: Vec<String>,
    pub(super) subject: String,
}

#[derive(Debug)]
pub(super) struct Inbox {
    chance: StdRng,
    read: BTreeSet<PathBuf>,
    intentions: Vec<Intention>,
    waiting: Vec<Waiting>,
    /// All that arrived, oldest first.
    pub(super) mailed: Vec<Mailed>,
}

impl Inbox {
    pub(super) fn new(seed: u64) -> Self {
        let chance = StdRng::seed_from_u64(seed.wrapping_add(1));
        Self {
            chance,
            read: BTreeSet::new(),
            intentions: Vec::new(),
            waiting: Vec::new(),
            mailed: Vec::new(),
        }
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.intentions.iter().map(|intention| intention.at).min()
    }

    /// The emails that arrived since the last call, oldest first. Reliable people plan to act on them.
    pub(super) fn read(
        &mut self,
        fixtures: &Fixtures,
        harness: &Harness,
    ) -> Result<Vec<Received>, Error> {
        let mut new = Vec::new();
        for entry in fs::read_dir(harness.mail())? {
            let path = entry?.path();
            let is_email = path.extension().is_some_and(|extension| extension == "eml");
            if is_email && self.read.insert(path.clone()) {
                new.push(path);
            }
        }
        new.sort();
        let mut received = Vec::with_capacity(new.len());
        for path in new {
            let email = mime::read(&fs::read_to_string(&path)?);
            fs::write(path.with_extension("html"), &email.html)?;
            self.plan(&email, fixtures, harness.now());
            let file = path.file_stem().unwrap_or_default();
            self.mailed.push(Mailed {
                at: harness.now(),
                file: file.to_string_lossy().into_owned(),
                to: email.to.clone(),
                subject: email.subject.clone(),
            });
            received.push(email);
        }
        Ok(received)
    }

    fn plan(&mut self, email: &Received, fixtures: &Fixtures, now: Timestamp) {
        let Some(link) = &email.link else {
            return;
        };
        let addresses = email.to.iter();
        for person in addresses.filter_map(|address| fixtures.person_at(address)) {
            let mut intentions = self.intentions.iter();
            let planned = intentions.any(|intention| intention.person == person.name);
            if person.diligence == Diligence::Reliable && !planned {
                let wait = SignedDuration::from_mins(self.chance.random_range(30..48 * 60));
                self.intentions.push(Intention {
                    at: now + wait,
                    person: person.name.to_owned(),
                    link: link.clone(),
                    incident: email.incident,
                });
            }
        }
    }

    /// People click what they planned to click by now.
    pub(super) async fn act(
        &mut self,
        fixtures: &Fixtures,
        harness: &Harness,
    ) -> Result<(), Error> {
        let now = harness.now();
        let due = self.intentions.extract_if(.., |plan| plan.at <= now);
        let due: Vec<Intention> = due.collect();
        for due in due {
            let intention = Intention { at: now, ..due };
            let person = fixtures.person_named(&intention.person)?;
            if let Some(visited) = follow(&intention.link, person, harness).await? {
                self.waiting.push(Waiting { intention, visited });
            }
        }
        Ok(())
    }

    /// Looks again at the pages that said "one moment". A person for whom it did not work tries again later.
    pub(super) async fn look_again(
        &mut self,
        fixtures: &Fixtures,
        harness: &Harness,
    ) -> Result<Vec<Done>, Error> {
        let mut done = Vec::new();
        for waiting in std::mem::take(&mut self.waiting) {
            let person = fixtures.person_named(&waiting.intention.person)?;
            let page = person.browser().get(&waiting.visited.result).await?;
            if page.refreshes {
                self.waiting.push(waiting);
                continue;
            }
            done.push(Done {
                at: waiting.intention.at,
                person: waiting.intention.person.clone(),
                action: waiting.visited.action,
                headline: page.headline(),
                incident: waiting.intention.incident,
                worked: page.button().is_none(),
            });
            if page.button().is_some() {
                let at = harness.now() + TRIES_AGAIN_AFTER;
                let intention = waiting.intention;
                self.intentions.push(Intention { at, ..intention });
            }
        }
        Ok(done)
    }
}
