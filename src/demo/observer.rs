//! Compares Perennial with the simulated world, step by step: when each token really died, when an email reported it,
//! and whether any email was needless.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::error::Error;
use super::fixtures::{Fixtures, Role};
use super::harness::Harness;
use super::mime::Received;
use super::outcome::REMOVED_PERMISSION;
use crate::model::{EventId, IncidentId, Token};
use crate::secret::Secret;

/// A death is found within one check interval and reported minutes later.
pub(super) const WITHIN: SignedDuration = SignedDuration::from_hours(26);
/// So long after an app's error, its tokens may still count as failing.
const AFTERMATH: SignedDuration = SignedDuration::from_hours(1);
/// An email about a token that expires within this time is justified.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 15);

#[derive(Debug)]
pub(super) struct Observer {
    survives: BTreeMap<String, Survival>,
    pub(super) emails: usize,
    pub(super) to_operators: usize,
    /// Emails about a token without a problem.
    pub(super) false_alarms: usize,
    last_app_error: Option<Timestamp>,
    /// The secrets that Perennial served at the event `read_at`; every new secret records an event.
    secrets: Vec<(String, Secret)>,
    read_at: EventId,
}

/// What really happened to one token.
#[derive(Clone, Debug, Default)]
pub(super) struct Survival {
    dead_since: Option<Timestamp>,
    notified_at: Option<Timestamp>,
    /// Deaths that were not reported in time and did not end in time either.
    pub(super) missed: usize,
    pub(super) deaths: usize,
    pub(super) notified: usize,
    /// It died so recently that there was no time to notice it, or no call gets through to Meta.
    pub(super) is_excused: bool,
}

impl Observer {
    pub(super) fn new(fixtures: &Fixtures) -> Self {
        let survives = fixtures
            .tokens
            .iter()
            .map(|role| (role.name.clone(), Survival::default()));
        Self {
            survives: survives.collect(),
            emails: 0,
            to_operators: 0,
            false_alarms: 0,
            last_app_error: None,
            secrets: Vec::new(),
            read_at: EventId(0),
        }
    }

    pub(super) fn survival(&self, role: &Role) -> Survival {
        self.survives.get(&role.name).cloned().unwrap_or_default()
    }

    /// Records which tokens died or recovered since the last call.
    pub(super) async fn observe(
        &mut self,
        harness: &Harness,
        fixtures: &Fixtures,
    ) -> Result<(), Error> {
        let now = harness.now();
        let newest = harness.inventory.read(|view| view.newest_event()).await?;
        if self.secrets.is_empty() || self.read_at != newest {
            self.secrets = served(harness, fixtures).await?;
            self.read_at = newest;
        }
        let apps = harness.inventory.read(|view| view.apps()).await?;
        if apps.iter().any(|app| app.error.is_some()) {
            self.last_app_error = Some(now);
        }
        let world = harness.meta.world();
        for (name, secret) in &self.secrets {
            let alive = world.is_alive(secret.expose());
            if let Some(survival) = self.survives.get_mut(name) {
                survival.turn(alive, now);
            }
        }
        Ok(())
    }

    /// Records who was notified of what, and whether there was a reason.
    pub(super) async fn emails(
        &mut self,
        harness: &Harness,
        fixtures: &Fixtures,
        emails: &[Received],
    ) -> Result<(), Error> {
        for email in emails {
            self.emails += 1;
            let to_person = email
                .to
                .iter()
                .any(|address| fixtures.person_at(address).is_some());
            self.to_operators += usize::from(!to_person);
            let Some(incident) = email.incident else {
                continue;
            };
            let tokens_of_incident = tokens_of_incident(harness, incident).await?;
            let about_app =
                tokens_of_incident.is_empty() && !to_person && self.last_app_error.is_some();
            let mut worth = about_app || !email.opens;
            for token in tokens_of_incident {
                worth |= self.needs_email(harness, &token).await?;
                if let Some(survival) = self.survives.get_mut(&token.name) {
                    survival.notified_at = Some(harness.now());
                    survival.notified += 1;
                }
            }
            self.false_alarms += usize::from(!worth);
        }
        Ok(())
    }

    async fn needs_email(&self, harness: &Harness, token: &Token) -> Result<bool, Error> {
        let ends_soon = token
            .deadline()
            .is_some_and(|end| end < harness.now() + SOON);
        let dead = token.is_dead() && !is_alive(harness, &token.name).await?;
        Ok(dead || ends_soon || self.lacks_permission(harness, token))
    }

    fn lacks_permission(&self, harness: &Harness, token: &Token) -> bool {
        let world = harness.meta.world();
        let secret = self.secret(&token.name);
        let truth = secret.and_then(|secret| world.truth(secret.expose()));
        let permission = REMOVED_PERMISSION.to_owned();
        truth.is_some_and(|truth| !truth.scopes.contains(&permission))
    }

    /// Adds a death that is still unreported at the end, if there was time to report it.
    pub(super) fn close(&self, role: &Role, now: Timestamp) -> Survival {
        let mut survival = self.survival(role);
        survival.missed += usize::from(survival.is_unreported(now));
        let is_fresh = survival.dead_since.is_some_and(|died| now <= died + WITHIN);
        let apps_fail = self.last_app_error.is_some_and(|at| now <= at + AFTERMATH);
        survival.is_excused = is_fresh || apps_fail;
        survival
    }

    /// The secret that Perennial serves.
    pub(super) fn secret(&self, token: &str) -> Option<&Secret> {
        let mut secrets = self.secrets.iter();
        let found = secrets.find(|(name, _)| name == token);
        found.map(|(_, secret)| secret)
    }
}

impl Survival {
    fn turn(&mut self, alive: bool, now: Timestamp) {
        match (alive, self.dead_since) {
            (false, None) => {
                self.dead_since = Some(now);
                self.deaths += 1;
            }
            (true, Some(_)) => {
                self.missed += usize::from(self.is_unreported(now));
                self.dead_since = None;
                self.notified_at = None;
            }
            (false, Some(_)) | (true, None) => {}
        }
    }

    /// Whether the token was dead for longer than a check interval and no email reported it.
    fn is_unreported(&self, now: Timestamp) -> bool {
        let Some(died) = self.dead_since else {
            return false;
        };
        let in_time = self.notified_at.is_some();
        now > died + WITHIN && !in_time
    }
}

async fn tokens_of_incident(harness: &Harness, id: IncidentId) -> Result<Vec<Token>, Error> {
    let tokens_of_incident = harness
        .inventory
        .read(move |view| match view.incident(id)? {
            Some(incident) => view.tokens_of_incident(&incident, 1_000),
            None => Ok(Vec::new()),
        });
    Ok(tokens_of_incident.await?)
}

/// The secrets that Perennial serves now, by token name.
async fn served(harness: &Harness, fixtures: &Fixtures) -> Result<Vec<(String, Secret)>, Error> {
    let names = fixtures.names();
    let served = harness.inventory.read(move |view| {
        let mut served = Vec::with_capacity(names.len());
        for name in names {
            let Some(token) = view.token_named(&name)? else {
                continue;
            };
            served.extend(
                view.secret_of(&token)?
                    .map(|reading| (name, reading.secret)),
            );
        }
        Ok(served)
    });
    Ok(served.await?)
}

/// Whether Meta still accepts the secret that Perennial serves.
pub(super) async fn is_alive(harness: &Harness, name: &str) -> Result<bool, Error> {
    let name = name.to_owned();
    let reading = harness
        .inventory
        .read(move |view| match view.token_named(&name)? {
            Some(token) => view.secret_of(&token),
            None => Ok(None),
        });
    let reading = reading.await?.ok_or(Error::Scenario("a token is gone"))?;
    Ok(harness.meta.world().is_alive(reading.secret.expose()))
}
