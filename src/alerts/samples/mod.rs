//! Letters of every cause about people who do not exist: to see how letters look, and to try an operator's templates.

mod cast;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::facts::LetterFacts;
use super::language::Language;
use super::layout::Layout;
use super::letter::{self, Page};
use super::policy::{self, Occasion};
use crate::inventory::Incident;
use crate::token::{Cause, Health, Kind, Token};
use cast::{incident, token, tokens};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A letter that nobody needs to act on.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The word of its cause, or what else it is about.
    pub name: &'static str,
    pub language: Language,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Every kind of letter in every language.
pub fn letters(layout: &Layout, zone: &TimeZone, now: Timestamp) -> Vec<Sample> {
    let pages = pages(zone, now).into_iter();
    pages
        .map(|(name, language, page)| {
            let words = layout.words(&page);
            Sample {
                name,
                language,
                subject: words.subject,
                text: words.text,
                html: words.html,
            }
        })
        .collect()
}

/// Tries the operator's own templates on every kind of letter: what fails, each fault once.
pub fn faults(layout: &Layout) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, _, page) in pages(&TimeZone::UTC, Timestamp::UNIX_EPOCH + DAY * 20_000) {
        let Err(fault) = layout.try_own(&page) else {
            continue;
        };
        layout.note_fault(&fault);
        let fault = fault.to_string();
        if !faults.iter().any(|(known, _)| *known == fault) {
            faults.push((fault, name));
        }
    }
    let faults = faults.into_iter();
    faults
        .map(|(fault, name)| format!("{fault} (in a letter about {name})"))
        .collect()
}

fn pages(zone: &TimeZone, now: Timestamp) -> Vec<(&'static str, Language, Page)> {
    let mut pages = Vec::new();
    for &language in Language::ALL {
        let causes = Cause::ALL.iter().map(|&cause| Draft::of(cause, now));
        let special = [
            Draft::with_login_link(now),
            Draft::escalated(now),
            Draft::recovered(now),
            Draft::withdrawn(now),
            Draft::of_a_system_user(now),
        ];
        for draft in causes.chain(special) {
            pages.push((draft.name, language, draft.page(language, zone, now)));
        }
        let summary = letter::summary(&cast::summary(language, zone, now));
        pages.push(("summary", language, summary));
    }
    pages
}

/// Everything that a letter borrows.
struct Draft {
    name: &'static str,
    incident: Incident,
    occasion: Occasion,
    tokens: Vec<Token>,
    count: u64,
    login_link: Option<&'static str>,
}

impl Draft {
    fn of(cause: Cause, now: Timestamp) -> Self {
        let of_the_app = policy::is_about_the_app(cause);
        let tokens = match of_the_app {
            true => Vec::new(),
            false => tokens(cause, now),
        };
        let count = match cause {
            Cause::PasswordChanged => 1_842,
            _ => tokens.len() as u64,
        };
        Self {
            name: cause.word(),
            incident: incident(cause, count, now),
            occasion: Occasion::First,
            tokens,
            count,
            login_link: None,
        }
    }

    fn with_login_link(now: Timestamp) -> Self {
        Self {
            name: "login_link",
            login_link: Some("https://tokens.example.com/login/k3JdT0vN5Qm8xYw2aPzR7c"),
            ..Self::of(Cause::ExpiresSoon, now)
        }
    }

    fn escalated(now: Timestamp) -> Self {
        Self {
            name: "escalated",
            occasion: Occasion::Escalated,
            ..Self::of(Cause::PasswordChanged, now)
        }
    }

    fn recovered(now: Timestamp) -> Self {
        let well = |token: Token| Token {
            health: Health::Healthy,
            ..token
        };
        let draft = Self::of(Cause::PasswordChanged, now);
        Self {
            name: "recovered",
            occasion: Occasion::Recovered,
            tokens: draft.tokens.into_iter().map(well).collect(),
            ..draft
        }
    }

    fn withdrawn(now: Timestamp) -> Self {
        Self {
            name: "withdrawn",
            occasion: Occasion::Withdrawn,
            tokens: Vec::new(),
            count: 0,
            ..Self::of(Cause::Expired, now)
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

    fn page(&self, language: Language, zone: &TimeZone, now: Timestamp) -> Page {
        let addresses = ["maria@example.com", "ops@example.com"].map(str::to_owned);
        let is_dead = self
            .tokens
            .iter()
            .any(|t| matches!(t.health, Health::Dead { .. }));
        letter::page(&LetterFacts {
            incident: &self.incident,
            occasion: self.occasion,
            tokens: &self.tokens,
            count: self.count,
            pages: if self.login_link.is_some() { 4_310 } else { 0 },
            apps: &[],
            recipients: &addresses,
            operators: &addresses[1..],
            login_link: self.login_link,
            broken_since: is_dead.then_some(self.incident.opened_at),
            next_letter: now.checked_add(DAY * 3).ok(),
            now,
            zone,
            language,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_sample_of_every_kind_of_letter() {
        let now = Timestamp::UNIX_EPOCH + DAY * 20_000;
        let samples = letters(&Layout::default(), &TimeZone::UTC, now);
        assert_eq!(samples.len(), Language::ALL.len() * (Cause::ALL.len() + 6));
        assert!(samples.iter().all(|sample| !sample.text.contains('{')));
    }

    #[test]
    fn a_template_that_fails_for_one_kind_of_letter_alone_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let template = "{{ headline }}{% for step in steps %}{% if step.button %}{{ nothing }}{% endif %}{% endfor %}";
        std::fs::write(folder.path().join("letter.txt"), template).unwrap();
        let layout = Layout::of_folder(folder.path()).unwrap();
        let faults = faults(&layout);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(
            faults[0].contains("letter.txt") && faults[0].contains("login_link"),
            "{faults:?}"
        );
        assert!(layout.fault().is_some());
    }
}
