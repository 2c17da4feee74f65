//! Sample emails of every cause about fictional people, to preview emails and to test an operator's templates.

pub(in crate::email) mod fixtures;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::context::EmailContext;
use super::model::EmailModel;
use super::templates::Templates;
use super::text::Language;
use super::{digest, incident_email};
use crate::model::{Cause, EmailReason, Health, Incident, Kind, SinkReport, Token};
use fixtures::{incident, token, tokens};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A sample email.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its cause, or what else it is about.
    pub name: &'static str,
    pub language: Language,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Every kind of email in every language.
pub fn emails(templates: &Templates, zone: &TimeZone, now: Timestamp) -> Vec<Sample> {
    let pages = pages(zone, now).into_iter();
    pages
        .map(|(name, language, page)| {
            let rendered = templates.render_email(&page);
            Sample {
                name,
                language,
                subject: rendered.subject,
                text: rendered.text,
                html: rendered.html,
            }
        })
        .collect()
}

/// Tries the operator's templates on every kind of email. Returns each error once.
pub fn template_errors(templates: &Templates) -> Vec<String> {
    let mut template_errors = Vec::new();
    for (name, _, page) in pages(&TimeZone::UTC, Timestamp::UNIX_EPOCH + DAY * 20_000) {
        let Err(error) = templates.try_own(&page) else {
            continue;
        };
        templates.record_error(&error);
        let error = error.to_string();
        if !template_errors.iter().any(|(known, _)| *known == error) {
            template_errors.push((error, name));
        }
    }
    let template_errors = template_errors.into_iter();
    template_errors
        .map(|(error, name)| format!("{error} (in an email about {name})"))
        .collect()
}

fn pages(zone: &TimeZone, now: Timestamp) -> Vec<(&'static str, Language, EmailModel)> {
    let mut pages = Vec::new();
    for &language in Language::ALL {
        let causes = Cause::ALL.iter().map(|&cause| Draft::of(cause, now));
        for draft in causes.chain(Draft::special(now)) {
            pages.push((draft.name, language, draft.page(language, zone, now)));
        }
        let summary = digest::summary(&fixtures::summary(language, zone, now));
        pages.push(("summary", language, summary));
    }
    pages
}

/// Owns everything that an email borrows.
struct Draft {
    name: &'static str,
    incident: Incident,
    reason: EmailReason,
    tokens: Vec<Token>,
    count: u64,
    sink: Option<SinkReport>,
    login_link: Option<&'static str>,
}

const CALENDAR: &str = "https://tokens.example.com/calendar/Qm8xYw2aPzR7ck3JdT0vN5.ics";

impl Draft {
    fn of(cause: Cause, now: Timestamp) -> Self {
        let without_tokens =
            cause.is_about_app() || cause.is_about_sink() || cause.is_about_database();
        let tokens = match without_tokens {
            true => Vec::new(),
            false => tokens(cause, now),
        };
        let sink = cause.is_about_sink().then(|| fixtures::sink(cause, now));
        let count = match (cause, &sink) {
            (Cause::PasswordChanged, _) => 1_842,
            (_, Some(sink)) => sink.count,
            _ => tokens.len() as u64,
        };
        Self {
            name: cause.as_str(),
            incident: incident(cause, count, now),
            reason: EmailReason::First,
            tokens,
            count,
            sink,
            login_link: None,
        }
    }

    /// Drafts of what no cause alone shows.
    fn special(now: Timestamp) -> [Self; 5] {
        let mut recovered = Self {
            name: "recovered",
            reason: EmailReason::Recovered,
            ..Self::of(Cause::PasswordChanged, now)
        };
        for token in &mut recovered.tokens {
            token.health = Health::Healthy;
        }
        [
            Self {
                name: "login_link",
                login_link: Some("https://tokens.example.com/login/k3JdT0vN5Qm8xYw2aPzR7c"),
                ..Self::of(Cause::ExpiresSoon, now)
            },
            Self {
                name: "escalated",
                reason: EmailReason::Escalated,
                ..Self::of(Cause::PasswordChanged, now)
            },
            recovered,
            Self {
                name: "withdrawn",
                reason: EmailReason::Withdrawn,
                tokens: Vec::new(),
                count: 0,
                ..Self::of(Cause::Expired, now)
            },
            Self::of_a_system_user(now),
        ]
    }

    fn of_a_system_user(now: Timestamp) -> Self {
        let draft = Self::of(Cause::ExpiresSoon, now);
        let robot = token(
            "acme-reporting",
            "Reporting",
            Kind::SystemUser,
            Cause::ExpiresSoon,
            now,
        );
        Self {
            name: "system_user",
            incident: Incident {
                subject_name: Some("Reporting".to_owned()),
                ..draft.incident
            },
            tokens: vec![robot],
            count: 1,
            ..draft
        }
    }

    fn page(&self, language: Language, zone: &TimeZone, now: Timestamp) -> EmailModel {
        let addresses = ["maria@example.com", "ops@example.com"].map(str::to_owned);
        let is_dead = self.tokens.iter().any(Token::is_dead);
        incident_email::page(&EmailContext {
            incident: &self.incident,
            reason: self.reason,
            tokens: &self.tokens,
            count: self.count,
            pages: if self.login_link.is_some() { 4_310 } else { 0 },
            apps: &[],
            sink: self.sink.as_ref(),
            recipients: &addresses,
            operators: &addresses[1..],
            login_link: self.login_link,
            calendar: self.login_link.map(|_| CALENDAR),
            broken_since: is_dead.then_some(self.incident.opened_at),
            // Only what a person can end is reminded of.
            next_email: now
                .checked_add(DAY * 3)
                .ok()
                .filter(|_| !self.incident.cause.waits_for_meta()),
            now,
            zone,
            language,
        })
    }
}

#[cfg(test)]
mod tests;
