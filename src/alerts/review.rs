//! Looks at one incident: asks the policy, writes the letter that is due into the outbox, and sets the next review,
//! all in one transaction.

use std::collections::HashSet;

use jiff::Timestamp;

use super::Rules;
use super::facts::LetterFacts;
use super::letter;
use super::policy::{self, Circumstances, Decision, Occasion};
use crate::inventory::{self, Incident, IncidentId, IncidentState, NewLetter, Reviewed, Tx};
use crate::token::Token;

/// How many tokens a letter lists by name.
const LISTED: usize = 20;

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
    let review = Review {
        tx,
        incident: &incident,
        rules,
        now,
    };
    match policy::review(&incident, &review.circumstances()?, rules, now) {
        Decision::Wait { until } => review.wait(until),
        Decision::Write {
            occasion,
            next_review,
        } => review.write(occasion, next_review),
        Decision::Close { farewell } => review.close(farewell),
    }
}

struct Review<'a, 'db> {
    tx: &'a Tx<'db>,
    incident: &'a Incident,
    rules: &'a Rules,
    now: Timestamp,
}

impl<'a> Review<'a, '_> {
    fn circumstances(&self) -> Result<Circumstances, inventory::Error> {
        let trouble = self.tx.app(&self.incident.story.app)?.trouble;
        let well = match self.incident.affected {
            0 => self.tx.well_again(self.incident.id)?,
            _ => 0,
        };
        Ok(Circumstances {
            app_trouble: trouble.map(|trouble| trouble.cause),
            well,
        })
    }

    fn wait(&self, until: Option<Timestamp>) -> Result<Outcome, inventory::Error> {
        let reviewed = Reviewed {
            next_review: until,
            ..Reviewed::default()
        };
        self.tx.reviewed(self.incident, &reviewed, self.now)?;
        Ok(Outcome::default())
    }

    fn write(
        &self,
        occasion: Occasion,
        next_review: Option<Timestamp>,
    ) -> Result<Outcome, inventory::Error> {
        let owners = self.tx.owners_of(self.incident.id)?;
        let recipients = policy::recipients(self.incident, owners, self.rules);
        if recipients.is_empty() {
            tracing::error!(
                incident = self.incident.id.0,
                "somebody is needed and nobody is named to be told: set [alerts] to, or owners"
            );
            return self.wait(self.now.checked_add(self.rules.remind_every).ok());
        }
        let tokens = self.tx.members(self.incident, LISTED)?;
        let login_link = self.login_link(&tokens)?;
        self.post(&LetterFacts {
            tokens: &tokens,
            login_link: login_link.as_deref(),
            count: self.incident.affected,
            recipients: &recipients,
            next_letter: next_review,
            ..self.facts(occasion)?
        })?;
        let reviewed = Reviewed {
            next_review,
            told: Some(self.told_with(recipients)),
            resolved: false,
        };
        self.tx.reviewed(self.incident, &reviewed, self.now)?;
        Ok(Outcome {
            wrote: true,
            resolved: false,
        })
    }

    fn close(&self, farewell: Option<Occasion>) -> Result<Outcome, inventory::Error> {
        if let Some(occasion) = farewell {
            let tokens = self.well_tokens()?;
            self.post(&LetterFacts {
                tokens: &tokens,
                count: self.tx.well_again(self.incident.id)?,
                recipients: &self.incident.told,
                ..self.facts(occasion)?
            })?;
        }
        let reviewed = Reviewed {
            resolved: true,
            ..Reviewed::default()
        };
        self.tx.reviewed(self.incident, &reviewed, self.now)?;
        Ok(Outcome {
            wrote: farewell.is_some(),
            resolved: true,
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

    fn told_with(&self, recipients: Vec<String>) -> Vec<String> {
        let mut told = self.incident.told.clone();
        told.extend(recipients);
        let mut seen = HashSet::new();
        told.retain(|address| seen.insert(address.clone()));
        told
    }

    /// What a letter about the incident is made of, but for whom and which tokens it is about.
    fn facts(&self, occasion: Occasion) -> Result<LetterFacts<'a>, inventory::Error> {
        Ok(LetterFacts {
            incident: self.incident,
            occasion,
            tokens: &[],
            count: 0,
            recipients: &[],
            operators: &self.rules.operators,
            login_link: None,
            broken_since: self.tx.broken_since(self.incident.id)?,
            next_letter: None,
            now: self.now,
            zone: &self.rules.timezone,
            language: self.rules.language,
        })
    }

    /// Words that cannot be laid out still go out: the subject alone tells who must do what.
    fn post(&self, facts: &LetterFacts<'_>) -> Result<(), inventory::Error> {
        let words = letter::compose(facts).unwrap_or_else(|error| {
            tracing::error!(
                incident = self.incident.id.0,
                error = format!("{error:#}"),
                "a letter could not be laid out; its subject is sent alone"
            );
            letter::bare(facts)
        });
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
