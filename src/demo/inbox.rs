//! People read their email and, after a while, do what it asks. They know only what the email says.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::fixtures::{Diligence, Fixtures, SCOPES};
use super::harness::{Error, Harness, MAIN_APP};
use crate::api::types::CandidateRequest;
use crate::graph_sim::PageSelection;
use crate::model::{Incident, IncidentId, IncidentState, Remedy};
use crate::secret::Secret;

/// An email from the mail folder.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) to: Vec<String>,
    pub(super) incident: Option<IncidentId>,
    /// Whether it is the first of its thread.
    pub(super) opens: bool,
}

#[derive(Debug)]
struct Intention {
    at: Timestamp,
    person: String,
    incident: IncidentId,
}

#[derive(Debug)]
pub(super) struct Inbox {
    chance: StdRng,
    read: BTreeSet<PathBuf>,
    intentions: Vec<Intention>,
}

impl Inbox {
    pub(super) fn new(seed: u64) -> Self {
        let chance = StdRng::seed_from_u64(seed.wrapping_add(1));
        Self {
            chance,
            read: BTreeSet::new(),
            intentions: Vec::new(),
        }
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.intentions.iter().map(|intention| intention.at).min()
    }

    /// The emails that arrived since the last call. Reliable people plan to act on them.
    pub(super) async fn read(
        &mut self,
        fixtures: &Fixtures,
        harness: &Harness,
    ) -> Result<Vec<Received>, Error> {
        let mut received = Vec::new();
        for entry in fs::read_dir(harness.mail())? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "eml")
                && self.read.insert(path.clone())
            {
                received.push(envelope(&fs::read_to_string(path)?));
            }
        }
        for email in &received {
            let Some(incident) = email.incident else {
                continue;
            };
            for person in email
                .to
                .iter()
                .filter_map(|address| fixtures.person_at(address))
            {
                let planned = self
                    .intentions
                    .iter()
                    .any(|intention| intention.person == person.name);
                if person.diligence == Diligence::Reliable && !planned {
                    let wait = SignedDuration::from_mins(self.chance.random_range(30..48 * 60));
                    let (at, person) = (harness.now() + wait, person.name.to_owned());
                    self.intentions.push(Intention {
                        at,
                        person,
                        incident,
                    });
                }
            }
        }
        Ok(received)
    }

    /// Carries out what people planned for now. Returns a sentence for each action.
    pub(super) async fn act(
        &mut self,
        fixtures: &Fixtures,
        harness: &Harness,
    ) -> Result<Vec<String>, Error> {
        let now = harness.now();
        let due: Vec<Intention> = self
            .intentions
            .extract_if(.., |intention| intention.at <= now)
            .collect();
        let mut activity = Vec::new();
        for intention in due {
            activity.extend(intention.carry_out(fixtures, harness).await?);
        }
        Ok(activity)
    }
}

impl Intention {
    /// What the incident asks for, and of which pages; nothing when it is over.
    async fn asked(&self, harness: &Harness) -> Result<Option<(Remedy, Vec<String>)>, Error> {
        let id = self.incident;
        let asked = harness.inventory.read(move |view| {
            let incident = view.incident(id)?;
            let unresolved = |i: &Incident| !matches!(i.state, IncidentState::Resolved { .. });
            let Some(incident) = incident.filter(unresolved) else {
                return Ok(None);
            };
            let pages = view.tokens_of_incident(&incident, 100)?;
            let pages: Vec<String> = pages
                .into_iter()
                .filter_map(|t| t.facts)
                .map(|f| f.subject)
                .collect();
            Ok(Some((incident.cause.remedy(), pages)))
        });
        Ok(asked.await?)
    }

    async fn carry_out(
        &self,
        fixtures: &Fixtures,
        harness: &Harness,
    ) -> Result<Option<String>, Error> {
        let Some((remedy, pages)) = self.asked(harness).await? else {
            return Ok(None);
        };
        let person = fixtures.person_named(&self.person)?;
        Ok(match remedy {
            Remedy::Login | Remedy::Reauthorize | Remedy::GrantPermissions => {
                let token = harness.meta.world().log_in(
                    MAIN_APP.id,
                    &person.id,
                    SCOPES,
                    PageSelection::All,
                )?;
                let request = CandidateRequest {
                    access_token: Secret::new(token),
                };
                harness
                    .client
                    .add_candidate(&person.token(), &request)
                    .await?;
                Some(format!("{} logs in again, as the email asks", person.name))
            }
            Remedy::RestorePageRole => {
                let mut world = harness.meta.world();
                pages
                    .iter()
                    .try_for_each(|page| world.give_role(&person.id, page))?;
                Some(format!("{} gets the role on the page back", person.name))
            }
            Remedy::ClearCheckpoint => {
                harness.meta.world().clear_checkpoint(&person.id)?;
                Some(format!(
                    "{} confirms their identity at Facebook",
                    person.name
                ))
            }
            Remedy::FixApp
            | Remedy::FixDelivery
            | Remedy::UpdateConsumer
            | Remedy::FixDatabase
            | Remedy::Wait => None,
        })
    }
}

/// Reads the header lines that a mail program would show.
fn envelope(email: &str) -> Received {
    let header = email
        .split("\r\n\r\n")
        .next()
        .unwrap_or_default()
        .replace("\r\n ", " ");
    let line = |name: &str| {
        header.lines().find_map(|line| {
            line.strip_prefix(name)?
                .strip_prefix(": ")
                .map(str::to_owned)
        })
    };
    let to = line("To").unwrap_or_default();
    let address = |to: &str| to.trim().trim_matches(['<', '>']).to_owned();
    Received {
        to: to.split(',').map(address).collect(),
        incident: line("X-Perennial-Incident")
            .and_then(|id| id.parse().ok())
            .map(IncidentId),
        opens: line("In-Reply-To").is_none(),
    }
}
