//! Emails about incidents: one of every cause, and one of everything else that makes an email different.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::DAY;
use super::fixtures::{self, incident, token, tokens};
use crate::email::context::{EmailContext, Readers};
use crate::email::incident_email;
use crate::email::model::EmailModel;
use crate::email::text::Language;
use crate::model::{Cause, EmailReason, Expiry, Health, Incident, Kind, SinkReport, Token};

const LINK: &str = "https://tokens.example.com/login/k3JdT0vN5Qm8xYw2aPzR7c";

/// Owns everything that an email borrows.
#[derive(Clone)]
pub(super) struct Draft {
    name: &'static str,
    incident: Incident,
    reason: EmailReason,
    tokens: Vec<Token>,
    count: u64,
    sink: Option<SinkReport>,
    login_link: Option<&'static str>,
    copy: Readers,
}

const CALENDAR: &str = "https://tokens.example.com/calendar/Qm8xYw2aPzR7ck3JdT0vN5.ics";

impl Draft {
    pub(super) fn of(cause: Cause, now: Timestamp) -> Self {
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
            copy: Readers::Owners,
        }
    }

    /// The copies of the email, as it is sent: what concerns the operators alone has only theirs.
    pub(super) fn copies(self) -> Vec<(String, Self)> {
        let name = self.name.to_owned();
        if self.incident.incident_key.cause.concerns_operator() {
            return vec![(name, self)];
        }
        let of_operators = Self {
            copy: Readers::Operators,
            ..self.clone()
        };
        vec![(format!("{name}-operators"), of_operators), (name, self)]
    }

    /// Drafts of what no cause alone shows.
    pub(super) fn special(now: Timestamp) -> Vec<Self> {
        let with_link = |name, cause| Self {
            name,
            login_link: Some(LINK),
            ..Self::of(cause, now)
        };
        let again = |name, reason, cause| Self {
            name,
            reason,
            ..Self::of(cause, now)
        };
        let over = |name, cause| again(name, EmailReason::Recovered, cause).healed(now);
        vec![
            with_link("login_link", Cause::ExpiresSoon),
            with_link("login_link_dead", Cause::PasswordChanged),
            with_link("login_link_permission", Cause::PermissionMissing),
            with_link("check_link", Cause::PageRoleLost),
            Self {
                name: "refused_permission",
                ..Self::of(Cause::PermissionMissing, now).refused()
            },
            again("grown", EmailReason::Grown, Cause::PageRoleLost),
            again("nearer", EmailReason::Nearer, Cause::ExpiresSoon),
            again("reminder", EmailReason::Reminder, Cause::PasswordChanged),
            Self {
                incident: Incident {
                    relapses: 3,
                    ..incident(Cause::SessionEnded, 4, now)
                },
                ..again("flapping", EmailReason::Flapping, Cause::SessionEnded)
            },
            again("escalated", EmailReason::Escalated, Cause::PasswordChanged),
            over("recovered", Cause::PasswordChanged),
            over("renewed_in_time", Cause::ExpiresSoon),
            over("app_recovered", Cause::Throttled),
            over("delivery_recovered", Cause::DeliveryFailing),
            over("consumer_recovered", Cause::ConsumerBehind),
            Self {
                tokens: Vec::new(),
                count: 0,
                ..again("withdrawn", EmailReason::Withdrawn, Cause::Expired)
            },
            Self::of_one_page(now),
            Self::of_a_system_user(now),
        ]
    }

    fn healed(mut self, now: Timestamp) -> Self {
        for token in &mut self.tokens {
            token.health = Health::Healthy;
            if let Some(facts) = &mut token.facts
                && let Expiry::At(_) = facts.expires_at
            {
                facts.expires_at = Expiry::At(now + DAY * 60);
            }
        }
        Self {
            // A sink that works again has nothing to report.
            count: self.sink.as_ref().map_or(self.count, |_| 0),
            sink: None,
            ..self
        }
    }

    /// The same for tokens that Meta refuses.
    pub(super) fn refused(mut self) -> Self {
        let cause = self.incident.cause;
        for token in &mut self.tokens {
            let since = self.incident.opened_at;
            token.health = Health::Dead { since, cause };
        }
        self
    }

    fn of_one_page(now: Timestamp) -> Self {
        let draft = Self::of(Cause::ReplacedElsewhere, now);
        Self {
            name: "one_page",
            tokens: draft.tokens[1..2].to_vec(),
            count: 1,
            ..draft
        }
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

    pub(super) fn page(&self, language: Language, zone: &TimeZone, now: Timestamp) -> EmailModel {
        let addresses = ["maria@example.com", "ops@example.com"].map(str::to_owned);
        let for_operators =
            self.copy == Readers::Operators || self.incident.incident_key.cause.concerns_operator();
        let recipients = &addresses[usize::from(for_operators)..];
        let is_dead = self.tokens.iter().any(Token::is_dead);
        incident_email::page(&EmailContext {
            incident: &self.incident,
            reason: self.reason,
            tokens: &self.tokens,
            count: self.count,
            pages: match self.login_link {
                Some(_) if self.incident.cause.is_upcoming() => 4_310,
                Some(_) | None => 0,
            },
            apps: &[],
            sink: self.sink.as_ref(),
            readers: Readers::of(recipients, &addresses[1..]),
            recipients,
            operators: &addresses[1..],
            login_link: self.login_link,
            calendar: self
                .login_link
                .filter(|_| !self.incident.cause.remedy().is_lifted_elsewhere())
                .map(|_| CALENDAR),
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
