//! Holds what Perennial says against the simulated world, step by step: when each token really died, when somebody
//! was told, and whether any letter was about nothing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::cast::{Cast, Role};
use super::inbox::Received;
use super::stage::{APP_NAME, Error, Stage};
use crate::inventory::{EventId, IncidentId};
use crate::secret::Secret;
use crate::token::{Health, Token};

/// A death is known within one check interval, and told within minutes after that.
pub(super) const WITHIN: SignedDuration = SignedDuration::from_hours(26);
/// A token that ends so soon is worth a letter.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 15);

#[derive(Debug)]
pub(super) struct Watch {
    lives: BTreeMap<String, Life>,
    pub(super) letters: usize,
    pub(super) to_operators: usize,
    /// Letters about a token that was fine.
    pub(super) false_alarms: usize,
    last_trouble: Option<Timestamp>,
    /// What Perennial serves, as of that event: every new secret is one.
    secrets: Vec<(String, Secret)>,
    read_at: EventId,
}

/// How one token really fared.
#[derive(Clone, Debug, Default)]
pub(super) struct Life {
    dead_since: Option<Timestamp>,
    told_at: Option<Timestamp>,
    /// Deaths that nobody was told of in time and that did not heal in time either.
    pub(super) missed: usize,
    pub(super) deaths: usize,
    pub(super) told: usize,
}

impl Watch {
    pub(super) fn new(cast: &Cast) -> Self {
        let lives = cast
            .tokens
            .iter()
            .map(|role| (role.name.clone(), Life::default()));
        Self {
            lives: lives.collect(),
            letters: 0,
            to_operators: 0,
            false_alarms: 0,
            last_trouble: None,
            secrets: Vec::new(),
            read_at: EventId(0),
        }
    }

    pub(super) fn life(&self, role: &Role) -> Life {
        self.lives.get(&role.name).cloned().unwrap_or_default()
    }

    /// Notes who died and who came back since the last look.
    pub(super) async fn look(&mut self, stage: &Stage, cast: &Cast) -> Result<(), Error> {
        let now = stage.now();
        let newest = stage.inventory.read(|view| view.newest_event()).await?;
        if self.secrets.is_empty() || self.read_at != newest {
            self.secrets = served(stage, cast).await?;
            self.read_at = newest;
        }
        let app = stage.inventory.read(|view| view.app(APP_NAME)).await?;
        self.last_trouble = app.trouble.map_or(self.last_trouble, |_| Some(now));
        let world = stage.meta.world();
        for (name, secret) in &self.secrets {
            let alive = world.is_alive(secret.expose());
            if let Some(life) = self.lives.get_mut(name) {
                life.turn(alive, now);
            }
        }
        Ok(())
    }

    /// Notes who was told of what, and whether there was anything to tell.
    pub(super) async fn letters(
        &mut self,
        stage: &Stage,
        cast: &Cast,
        letters: &[Received],
    ) -> Result<(), Error> {
        for letter in letters {
            self.letters += 1;
            let to_person = letter
                .to
                .iter()
                .any(|address| cast.person_at(address).is_some());
            self.to_operators += usize::from(!to_person);
            let Some(incident) = letter.incident else {
                continue;
            };
            let members = members(stage, incident).await?;
            let about_app = members.is_empty() && !to_person && self.last_trouble.is_some();
            let mut worth = about_app || !letter.opens;
            for token in members {
                worth |= self.is_worth_a_letter(stage, &token).await?;
                if let Some(life) = self.lives.get_mut(&token.name) {
                    life.told_at = Some(stage.now());
                    life.told += 1;
                }
            }
            self.false_alarms += usize::from(!worth);
        }
        Ok(())
    }

    async fn is_worth_a_letter(&self, stage: &Stage, token: &Token) -> Result<bool, Error> {
        let ends_soon = token.deadline().is_some_and(|end| end < stage.now() + SOON);
        let dead =
            matches!(token.health, Health::Dead { .. }) && !is_alive(stage, &token.name).await?;
        Ok(dead || ends_soon)
    }

    /// Deaths that are still unheard of when the season ends, though there was time to hear of them.
    pub(super) fn close(&self, role: &Role, now: Timestamp) -> Life {
        let mut life = self.life(role);
        life.missed += usize::from(life.is_unheard_of(now));
        life
    }
}

impl Life {
    fn turn(&mut self, alive: bool, now: Timestamp) {
        match (alive, self.dead_since) {
            (false, None) => {
                self.dead_since = Some(now);
                self.deaths += 1;
            }
            (true, Some(_)) => {
                self.missed += usize::from(self.is_unheard_of(now));
                self.dead_since = None;
                self.told_at = None;
            }
            (false, Some(_)) | (true, None) => {}
        }
    }

    /// Dead for longer than it takes to notice, and nobody was told in that time.
    fn is_unheard_of(&self, now: Timestamp) -> bool {
        let Some(died) = self.dead_since else {
            return false;
        };
        let in_time = self.told_at.is_some();
        now > died + WITHIN && !in_time
    }
}

async fn members(stage: &Stage, id: IncidentId) -> Result<Vec<Token>, Error> {
    let members = stage.inventory.read(move |view| match view.incident(id)? {
        Some(incident) => view.members(&incident, 1_000),
        None => Ok(Vec::new()),
    });
    Ok(members.await?)
}

/// The secrets that Perennial serves just now, by name.
async fn served(stage: &Stage, cast: &Cast) -> Result<Vec<(String, Secret)>, Error> {
    let names: Vec<String> = cast.tokens.iter().map(|role| role.name.clone()).collect();
    let served = stage.inventory.read(move |view| {
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

/// Whether Meta would still take the secret that Perennial serves.
pub(super) async fn is_alive(stage: &Stage, name: &str) -> Result<bool, Error> {
    let name = name.to_owned();
    let reading = stage
        .inventory
        .read(move |view| match view.token_named(&name)? {
            Some(token) => view.secret_of(&token),
            None => Ok(None),
        });
    let reading = reading.await?.ok_or(Error::Play("a token is gone"))?;
    Ok(stage.meta.world().is_alive(reading.secret.expose()))
}
