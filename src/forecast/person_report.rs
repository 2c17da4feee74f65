//! What a person's timeline says in numbers and names.

use std::collections::HashSet;

use super::Settings;
use super::person::{Class, Person};
use super::simulation::opened;
use super::timeline::{ClassIndex, Email};
use crate::alerts::Recipients;
use crate::email::context::EmailContext;
use crate::email::incident_email;
use crate::model::{EmailReason, ForeseenEmail, Incident, IncidentKey, Token};

/// How many tokens an email names at most, for its subject.
const NAMED: usize = 20;

pub(super) const DAY: f64 = 86_400.0;

/// A person, with the classes by their position.
pub(super) struct PersonReport<'a> {
    pub(super) person: &'a Person,
    pub(super) classes: Vec<&'a Class>,
    pub(super) app: &'a str,
    pub(super) settings: &'a Settings,
}

impl PersonReport<'_> {
    /// Intervals are shortened by up to a tenth, so that checks are spread.
    pub(super) fn checks_a_day(&self) -> f64 {
        let app = self.settings.apps.get(self.person.app);
        let interval = app.map_or(DAY, |app| app.rules.check_every.as_secs_f64());
        DAY / (0.95 * interval)
    }

    pub(super) fn class(&self, at: ClassIndex) -> Option<&Class> {
        self.classes.get(at as usize).copied()
    }

    pub(super) fn count(&self, classes: &[ClassIndex]) -> u64 {
        let counts = classes.iter().filter_map(|at| self.class(*at));
        counts.map(|class| class.count).sum()
    }

    pub(super) fn email(&self, email: &Email, recipients: &Recipients) -> ForeseenEmail {
        let mut to = match email.reason {
            EmailReason::Escalated => recipients.escalation.clone(),
            _ if email.is_escalated => [&recipients.to[..], &recipients.escalation].concat(),
            _ => recipients.to.clone(),
        };
        let mut seen = HashSet::new();
        to.retain(|address| seen.insert(address.clone()));
        ForeseenEmail {
            at: email.at,
            subject: self.subject(email, &to, recipients),
            to,
        }
    }

    /// As the email would say it.
    fn subject(&self, email: &Email, to: &[String], recipients: &Recipients) -> String {
        let count = self.count(&email.classes);
        let incident = Incident {
            subject_name: self.person.name.clone(),
            deadline: email.deadline,
            affected: count,
            ..opened(
                IncidentKey {
                    app: self.app.to_owned(),
                    cause: email.incident_cause,
                    subject: self.person.id.clone(),
                },
                email.cause,
                email.at,
            )
        };
        let classes = email.classes.iter().filter_map(|at| self.class(*at));
        let tokens: Vec<Token> = classes
            .map(|class| class.course.token().clone())
            .take(NAMED)
            .collect();
        incident_email::subject(&EmailContext {
            incident: &incident,
            reason: email.reason,
            tokens: &tokens,
            count,
            pages: self.person.pages,
            apps: &[],
            sink: None,
            recipients: to,
            operators: &self.settings.alerts.operators,
            login_link: None,
            calendar: None,
            broken_since: None,
            next_email: None,
            now: email.at,
            zone: &recipients.hours.timezone,
            language: recipients.language,
        })
    }
}
