//! Looks at one incident: asks the policy, writes the letter that is due into the outbox, and sets the next review,
//! all in one transaction.

use jiff::Timestamp;

use super::Rules;
use super::audience::{Audience, audience, each_once};
use super::facts::LetterFacts;
use super::letter;
use super::policy::{self, Circumstances, Decision, Occasion};
use crate::inventory::{self, Finding, Incident, IncidentId, IncidentState, NewLetter, News, Tx};
use crate::token::{Cause, Token};

/// How many tokens a letter lists by name.
pub(super) const LISTED: usize = 20;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    pub(super) wrote: bool,
    pub(super) resolved: bool,
}

pub(super) fn review(
    tx: &Tx<'_>,
    id: IncidentId,
    rules: &Rules,
    now: Timestamp,
) -> Result<Outcome, inventory::Error> {
    let Some(incident) = tx.refresh_incident(id)? else {
        return Ok(Outcome::default());
    };
    let hit = hit_apps(tx, &incident, rules)?;
    let apps = each_once([incident.apps.clone(), hit.clone()].concat());
    if apps != incident.apps {
        tx.note_hit(id, &apps)?;
    }
    let review = Review {
        tx,
        incident: &incident,
        audience: audience(&incident, &tx.holders_of(id)?, rules),
        hit,
        apps,
        rules,
        now,
    };
    let circumstances = review.circumstances()?;
    match policy::review(&incident, &circumstances, &review.audience, rules, now) {
        Decision::Wait { until } => review.note(&Finding::Nothing, until),
        Decision::Write {
            occasion,
            next_review,
        } => review.write(occasion, next_review),
        Decision::Settle { until } => review.note(&Finding::Settling, Some(until)),
        Decision::Close { farewell } => review.close(farewell),
    }
}

/// The apps that an incident of the apps is about now; an outage may hit several.
fn hit_apps(
    tx: &Tx<'_>,
    incident: &Incident,
    rules: &Rules,
) -> Result<Vec<String>, inventory::Error> {
    if incident.story.cause != Cause::Outage {
        return Ok(Vec::new());
    }
    let apps = tx.apps()?.into_iter();
    let hit = apps.filter(|app| {
        let cause = app.trouble.map(|trouble| policy::app_level(trouble.cause));
        cause == Some(Cause::Outage) && rules.apps.contains(&app.name)
    });
    Ok(hit.map(|app| app.name).collect())
}

struct Review<'a, 'db> {
    tx: &'a Tx<'db>,
    incident: &'a Incident,
    audience: Audience,
    /// The apps that an outage hits now, and those that it ever hit.
    hit: Vec<String>,
    apps: Vec<String>,
    rules: &'a Rules,
    now: Timestamp,
}

const fn news(occasion: Occasion) -> News {
    match occasion {
        Occasion::Escalated => News::Escalation,
        Occasion::Flapping => News::Flapping,
        Occasion::First
        | Occasion::Grown
        | Occasion::Nearer
        | Occasion::Ended
        | Occasion::Reminder
        | Occasion::Recovered
        | Occasion::Withdrawn => News::Trouble,
    }
}

impl Review<'_, '_> {
    fn circumstances(&self) -> Result<Circumstances, inventory::Error> {
        let own = self.tx.app(&self.incident.story.app)?.trouble;
        let shared = self.hit.first().map(|_| Cause::Outage);
        let well = match self.incident.troubled {
            0 => self.tx.well_again(self.incident.id)?,
            _ => 0,
        };
        let untold_since = match self.incident.told_at {
            Some(_) => self.tx.untold_since(self.incident)?,
            None => None,
        };
        Ok(Circumstances {
            app_trouble: shared.or(own.map(|trouble| trouble.cause)),
            well,
            untold_since,
        })
    }

    fn note(
        &self,
        finding: &Finding,
        next_review: Option<Timestamp>,
    ) -> Result<Outcome, inventory::Error> {
        self.tx
            .reviewed(self.incident, finding, next_review, self.now)?;
        Ok(Outcome {
            wrote: matches!(finding, Finding::Told { .. }),
            resolved: *finding == Finding::Over,
        })
    }

    fn write(
        &self,
        occasion: Occasion,
        next_review: Option<Timestamp>,
    ) -> Result<Outcome, inventory::Error> {
        let recipients = self.recipients(occasion);
        if recipients.is_empty() {
            tracing::error!(
                incident = self.incident.id.0,
                "somebody is needed and nobody is named to be told: set [alerts] to, or owners"
            );
            let later = self.now.checked_add(self.rules.remind_every).ok();
            return self.note(&Finding::Nothing, later);
        }
        let incident = self.with_what_ends_soon_after()?;
        let tokens = self.tx.members(&incident, LISTED)?;
        let login_link = self.login_link(&tokens)?;
        self.post(&LetterFacts {
            incident: &incident,
            tokens: &tokens,
            login_link: login_link.as_deref(),
            count: incident.affected,
            pages: self.pages(&incident)?,
            recipients: &recipients,
            next_letter: next_review,
            ..self.facts(occasion)?
        })?;
        let told = Finding::Told {
            everybody: each_once([self.incident.told.clone(), recipients].concat()),
            of: news(occasion),
        };
        self.note(&told, next_review)
    }

    /// Whoever was told because nobody acted stays with it to the end.
    fn recipients(&self, occasion: Occasion) -> Vec<String> {
        let Audience { to, second, .. } = &self.audience;
        if occasion == Occasion::Escalated {
            let knows = |address: &&String| self.incident.told.contains(address);
            return second.iter().filter(|a| !knows(a)).cloned().collect();
        }
        match self.incident.escalated_at {
            Some(_) => each_once([to.clone(), second.clone()].concat()),
            None => to.clone(),
        }
    }

    /// Whatever of the same person ends soon after is asked for along, rather than days later.
    fn with_what_ends_soon_after(&self) -> Result<Incident, inventory::Error> {
        let incident = self.incident;
        let is_of_a_person = !incident.story.subject.is_empty();
        if policy::is_coming(incident.cause) && is_of_a_person {
            let horizon = policy::horizon(self.rules, self.now);
            self.tx.join_ahead(incident, horizon, self.now)?;
        }
        let after = self.tx.incident(incident.id)?;
        Ok(after.unwrap_or_else(|| incident.clone()))
    }

    /// How many pages one login keeps.
    fn pages(&self, incident: &Incident) -> Result<u64, inventory::Error> {
        if policy::is_coming(incident.cause) {
            let story = &incident.story;
            self.tx.pages_of(&story.app, &story.subject)
        } else {
            Ok(0)
        }
    }

    fn close(&self, farewell: Option<Occasion>) -> Result<Outcome, inventory::Error> {
        if let Some(occasion) = farewell {
            let tokens = self.well_tokens()?;
            self.post(&LetterFacts {
                tokens: &tokens,
                count: self.tx.well_again(self.incident.id)?,
                apps: &self.apps,
                recipients: &self.incident.told,
                ..self.facts(occasion)?
            })?;
        }
        let closed = self.note(&Finding::Over, None)?;
        Ok(Outcome {
            wrote: farewell.is_some(),
            ..closed
        })
    }

    /// Some of those that belonged to it and have no other trouble now.
    fn well_tokens(&self) -> Result<Vec<Token>, inventory::Error> {
        let resolved = Incident {
            state: IncidentState::Resolved { at: self.now },
            ..self.incident.clone()
        };
        let mut tokens = self.tx.members(&resolved, LISTED)?;
        tokens.retain(|token| policy::story(token).is_none());
        Ok(tokens)
    }

    /// Where the person can log in at once, if that helps and there is such a place.
    fn login_link(&self, tokens: &[Token]) -> Result<Option<String>, inventory::Error> {
        let Some(links) = &self.rules.login_links else {
            return Ok(None);
        };
        if !policy::is_mended_by_login(self.incident, tokens, links) {
            return Ok(None);
        }
        let link = self
            .tx
            .login_link_for(self.incident, &links.public_url, self.now)?;
        Ok(Some(link))
    }

    /// What a letter about the incident is made of, but for whom and which tokens it is about.
    fn facts(&self, occasion: Occasion) -> Result<LetterFacts<'_>, inventory::Error> {
        Ok(LetterFacts {
            incident: self.incident,
            occasion,
            tokens: &[],
            count: 0,
            pages: 0,
            apps: &self.hit,
            recipients: &[],
            operators: &self.rules.operators,
            login_link: None,
            broken_since: self.tx.broken_since(self.incident.id)?,
            next_letter: None,
            now: self.now,
            zone: &self.audience.hours.timezone,
            language: self.audience.language,
        })
    }

    fn post(&self, facts: &LetterFacts<'_>) -> Result<(), inventory::Error> {
        let words = self.rules.layout.words(&letter::page(facts));
        let letter = NewLetter {
            incident: Some(self.incident.id),
            message_id: self.message_id()?,
            in_reply_to: self.tx.first_message_id(self.incident.id)?,
            recipients: facts.recipients.to_vec(),
            subject: words.subject,
            text: words.text,
            html: words.html,
        };
        self.tx.write_letter(&letter, self.now)
    }

    /// The same for the same letter, whatever crashes. The moment of opening is part of it, for a fresh or a
    /// restored inventory counts its incidents anew, and mail programs hide what they believe to have seen.
    fn message_id(&self) -> Result<String, inventory::Error> {
        let id = self.incident.id;
        let number = self.tx.letters_about(id)? + 1;
        let opened = self.incident.opened_at.as_second();
        let domain = &self.rules.message_domain;
        Ok(format!("incident-{}.{number}.{opened}@{domain}", id.0))
    }
}
