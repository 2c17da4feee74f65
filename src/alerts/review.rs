//! Reviews one incident: asks the policy, queues the email that is due, and sets the next review, all in one
//! transaction.

use jiff::Timestamp;

use super::Rules;
use super::links;
use super::policy::{self, Decision, ReviewContext};
use super::posts;
use super::recipients::{Recipients, each_once, recipients_of_incident};
use crate::email::context::EmailContext;
use crate::email::incident_email;
use crate::inventory::{self, Tx};
use crate::model::{
    Cause, EmailReason, Incident, IncidentId, IncidentState, NewEmail, ReviewOutcome, SinkReport,
    Token,
};

/// The number of tokens that an email lists by name.
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
    let sink = tx.sink_report(&incident.incident_key, &tx.sinks(), LISTED, now)?;
    let hit = hit_apps(tx, &incident, rules)?;
    let apps = each_once([incident.apps.clone(), hit.clone()].concat());
    if apps != incident.apps {
        tx.record_affected_apps(id, &apps)?;
    }
    let review = Review {
        tx,
        incident: &incident,
        recipients_of_incident: recipients_of_incident(&incident, &tx.owners_of(id)?, rules),
        sink,
        hit,
        apps,
        rules,
        now,
    };
    let review_context = review.review_context()?;
    match policy::review(
        &incident,
        &review_context,
        &review.recipients_of_incident,
        rules,
        now,
    ) {
        Decision::Wait { until } => review.record(&ReviewOutcome::Nothing, until),
        Decision::Write {
            reason,
            next_review,
        } => review.write(reason, next_review),
        Decision::Stabilize { until } => review.record(&ReviewOutcome::Stabilizing, Some(until)),
        Decision::Close { resolution_email } => review.close(resolution_email),
    }
}

/// The apps that an outage affects now. Empty for other causes.
fn hit_apps(
    tx: &Tx<'_>,
    incident: &Incident,
    rules: &Rules,
) -> Result<Vec<String>, inventory::Error> {
    if incident.incident_key.cause != Cause::Outage {
        return Ok(Vec::new());
    }
    let apps = tx.apps()?.into_iter();
    let hit = apps.filter(|app| {
        let cause = app.error.map(|error| error.cause.of_app());
        cause == Some(Cause::Outage) && rules.apps.contains(&app.name)
    });
    Ok(hit.map(|app| app.name).collect())
}

struct Review<'a, 'db> {
    tx: &'a Tx<'db>,
    incident: &'a Incident,
    recipients_of_incident: Recipients,
    /// What is wrong with the sink, if the incident is about one and not over.
    sink: Option<SinkReport>,
    /// The apps that an outage affects now, and those that it ever affected.
    hit: Vec<String>,
    apps: Vec<String>,
    rules: &'a Rules,
    now: Timestamp,
}

impl Review<'_, '_> {
    fn review_context(&self) -> Result<ReviewContext, inventory::Error> {
        let own = self.tx.app(&self.incident.incident_key.app)?.error;
        let shared = self.hit.first().map(|_| Cause::Outage);
        let of_sink = self.sink.as_ref().map(|_| self.incident.cause);
        let recovered = match self.incident.still_affected {
            0 => self.tx.well_again(self.incident.id)?,
            _ => 0,
        };
        let unnotified_since = match self.incident.notified_at {
            Some(_) => self.tx.unnotified_since(self.incident)?,
            None => None,
        };
        Ok(ReviewContext {
            error: of_sink.or(shared).or(own.map(|error| error.cause)),
            recovered,
            unnotified_since,
        })
    }

    fn record(
        &self,
        outcome: &ReviewOutcome,
        next_review: Option<Timestamp>,
    ) -> Result<Outcome, inventory::Error> {
        self.tx
            .reviewed(self.incident, outcome, next_review, self.now)?;
        Ok(Outcome {
            wrote: matches!(outcome, ReviewOutcome::Notified { .. }),
            resolved: *outcome == ReviewOutcome::Over,
        })
    }

    fn write(
        &self,
        reason: EmailReason,
        next_review: Option<Timestamp>,
    ) -> Result<Outcome, inventory::Error> {
        let recipients = self.recipients(reason);
        let channels = posts::channels(self.incident, &self.recipients_of_incident, self.rules);
        if recipients.is_empty() && channels.is_empty() {
            tracing::error!(
                incident = self.incident.id.0,
                "an incident needs a person, but has no recipient: set [alerts] to, or the owners of its tokens"
            );
            let later = self.now.checked_add(self.rules.remind_every).ok();
            return self.record(&ReviewOutcome::Nothing, later);
        }
        let incident = self.with_what_ends_soon_after()?;
        let tokens = self.tx.tokens_of_incident(&incident, LISTED)?;
        let links = links::of_person(self.tx, &incident, &tokens, self.rules, self.now)?;
        let context = EmailContext {
            incident: &incident,
            tokens: &tokens,
            login_link: links.login.as_deref(),
            calendar: links.calendar.as_deref(),
            count: self
                .sink
                .as_ref()
                .map_or(incident.affected, |sink| sink.count),
            pages: self.pages(&incident)?,
            recipients: &recipients,
            next_email: next_review,
            ..self.facts(reason)?
        };
        if !recipients.is_empty() {
            self.enqueue(&context)?;
        }
        posts::of_change(self.tx, &context, &channels, self.rules)?;
        let notified = ReviewOutcome::Notified {
            everybody: each_once([self.incident.notified.clone(), recipients].concat()),
            of: reason,
        };
        self.record(&notified, next_review)
    }

    /// After an escalation its recipients get all further emails of the incident.
    fn recipients(&self, reason: EmailReason) -> Vec<String> {
        let Recipients { to, escalation, .. } = &self.recipients_of_incident;
        if reason == EmailReason::Escalated {
            let knows = |address: &&String| self.incident.notified.contains(address);
            return escalation.iter().filter(|a| !knows(a)).cloned().collect();
        }
        match self.incident.escalated_at {
            Some(_) => each_once([to.clone(), escalation.clone()].concat()),
            None => to.clone(),
        }
    }

    /// Adds the person's tokens that expire soon after to the same email, so that one login covers them.
    fn with_what_ends_soon_after(&self) -> Result<Incident, inventory::Error> {
        let incident = self.incident;
        let is_of_a_person = !incident.incident_key.subject.is_empty();
        if incident.cause.is_upcoming() && is_of_a_person {
            let horizon = policy::horizon(self.rules, self.now);
            self.tx.add_upcoming(incident, horizon, self.now)?;
        }
        let after = self.tx.incident(incident.id)?;
        Ok(after.unwrap_or_else(|| incident.clone()))
    }

    /// The number of pages that one login keeps alive.
    fn pages(&self, incident: &Incident) -> Result<u64, inventory::Error> {
        if incident.cause.is_upcoming() {
            let incident_key = &incident.incident_key;
            self.tx.pages_of(&incident_key.app, &incident_key.subject)
        } else {
            Ok(0)
        }
    }

    fn close(&self, resolution_email: Option<EmailReason>) -> Result<Outcome, inventory::Error> {
        if self.incident.notified_at.is_some() {
            let tokens = self.well_tokens()?;
            let context = EmailContext {
                tokens: &tokens,
                count: self.tx.well_again(self.incident.id)?,
                apps: &self.apps,
                recipients: &self.incident.notified,
                ..self.facts(resolution_email.unwrap_or(EmailReason::Withdrawn))?
            };
            if resolution_email.is_some() && !self.incident.notified.is_empty() {
                self.enqueue(&context)?;
            }
            posts::of_end(self.tx, &context, resolution_email, self.rules)?;
        }
        let closed = self.record(&ReviewOutcome::Over, None)?;
        Ok(Outcome {
            wrote: resolution_email.is_some(),
            ..closed
        })
    }

    /// Some tokens of the incident that have no problem now.
    fn well_tokens(&self) -> Result<Vec<Token>, inventory::Error> {
        let resolved = Incident {
            state: IncidentState::Resolved { at: self.now },
            ..self.incident.clone()
        };
        let mut tokens = self.tx.tokens_of_incident(&resolved, LISTED)?;
        tokens.retain(|token| policy::incident_key(token).is_none());
        Ok(tokens)
    }

    /// The facts of an email, without its recipients and tokens.
    fn facts(&self, reason: EmailReason) -> Result<EmailContext<'_>, inventory::Error> {
        Ok(EmailContext {
            incident: self.incident,
            reason,
            tokens: &[],
            count: 0,
            pages: 0,
            apps: &self.hit,
            sink: self.sink.as_ref(),
            recipients: &[],
            operators: &self.rules.operators,
            login_link: None,
            calendar: None,
            broken_since: self.tx.broken_since(self.incident.id)?,
            next_email: None,
            now: self.now,
            zone: &self.recipients_of_incident.hours.timezone,
            language: self.recipients_of_incident.language,
        })
    }

    fn enqueue(&self, facts: &EmailContext<'_>) -> Result<(), inventory::Error> {
        let page = incident_email::page(facts);
        let rendered = self.rules.templates.render_email(&page);
        let email = NewEmail {
            incident: Some(self.incident.id),
            in_reply_to: self.tx.first_message_id(self.incident.id)?,
            ..rendered.addressed(facts.recipients.to_vec(), self.message_id()?)
        };
        self.tx.enqueue_email(&email, self.now)
    }

    /// The message id, which stays the same if the email is written again after a crash. It contains the opening time,
    /// because a new or restored inventory reuses incident numbers, and mail programs hide messages whose id they have
    /// seen.
    fn message_id(&self) -> Result<String, inventory::Error> {
        let id = self.incident.id;
        let number = self.tx.emails_about(id)? + 1;
        let opened = self.incident.opened_at.as_second();
        let domain = &self.rules.message_domain;
        Ok(format!("incident-{}.{number}.{opened}@{domain}", id.0))
    }
}
