//! What a letter about an incident is made of, and how it speaks of people and tokens. Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::language::{Cases, Language, Number, Phrases, fill};
use super::policy::{self, Occasion};
use super::words;
use crate::inventory::Incident;
use crate::token::{Cause, Health, Kind, Token};

#[derive(Clone, Copy, Debug)]
pub(super) struct LetterFacts<'a> {
    pub(super) incident: &'a Incident,
    pub(super) occasion: Occasion,
    /// Those to name.
    pub(super) tokens: &'a [Token],
    /// How many there are.
    pub(super) count: u64,
    /// How many page tokens hang on the person.
    pub(super) pages: u64,
    /// The apps that an outage hits.
    pub(super) apps: &'a [String],
    pub(super) recipients: &'a [String],
    pub(super) operators: &'a [String],
    /// Where the person can log in at once, if there is such a place.
    pub(super) login_link: Option<&'a str>,
    /// When the first of the tokens died.
    pub(super) broken_since: Option<Timestamp>,
    pub(super) next_letter: Option<Timestamp>,
    pub(super) now: Timestamp,
    pub(super) zone: &'a TimeZone,
    pub(super) language: Language,
}

/// Picks the form of an expression that a sentence needs.
pub(super) type Case = fn(&Cases) -> &'static str;

impl LetterFacts<'_> {
    pub(super) const fn cause(&self) -> Cause {
        self.incident.cause
    }

    pub(super) fn is_about_the_app(&self) -> bool {
        policy::is_of_the_app(&self.incident.story)
    }

    /// Meta refuses them because of it, rather than that they work in part.
    pub(super) fn is_refused(&self) -> bool {
        let dead = |token: &Token| matches!(token.health, Health::Dead { .. });
        self.tokens.iter().any(dead)
    }

    /// The app, or all those that an outage hits.
    pub(super) fn app_names(&self) -> String {
        match self.apps {
            [] => self.incident.story.app.clone(),
            apps => self.language.all_of(apps),
        }
    }

    pub(super) fn person_name(&self) -> Option<String> {
        let name = self.incident.subject_name.as_deref().map(words::name);
        name.filter(|name| !name.is_empty())
    }

    pub(super) const fn phrases(&self) -> &'static Phrases {
        self.language.phrases()
    }

    /// Whom the tokens hang on, to stand within a sentence.
    pub(super) fn person(&self, case: Case) -> String {
        let subject = &self.incident.story.subject;
        let phrases = self.phrases();
        match self.person_name() {
            Some(name) if self.is_of_a_system_user() => {
                fill(case(&phrases.system_user_named), &[("name", &name)])
            }
            Some(name) => name,
            None if self.is_of_a_system_user() => case(&phrases.system_user).to_owned(),
            None if subject.is_empty() => case(&phrases.unknown_person).to_owned(),
            None => fill(
                case(&phrases.person_by_id),
                &[("id", &words::name(subject))],
            ),
        }
    }

    pub(super) fn is_of_a_system_user(&self) -> bool {
        let mut kinds = self.tokens.iter().filter_map(kind);
        kinds.any(|kind| kind == Kind::SystemUser)
    }

    /// `this token`, or `these 12 tokens`
    pub(super) fn these(&self, case: Case) -> String {
        self.counted(&self.phrases().these_tokens, case)
    }

    pub(super) fn these_pages(&self, case: Case) -> String {
        self.counted(&self.phrases().these_pages, case)
    }

    fn counted(&self, number: &Number, case: Case) -> String {
        match self.count {
            1 => case(&number.one).to_owned(),
            many => fill(case(&number.many), &[("count", &self.language.count(many))]),
        }
    }

    /// The end that is still to come, where the incident is about one.
    pub(super) fn coming_end(&self) -> Option<Timestamp> {
        let end = self.incident.deadline.filter(|end| *end > self.now);
        end.filter(|_| policy::is_coming(self.cause()))
    }

    /// The token that a new one is to replace: the one that the others hang on, if there is only one such.
    pub(super) fn name_to_replace(&self) -> String {
        let stems: Vec<_> = self
            .tokens
            .iter()
            .filter(|t| kind(t) != Some(Kind::Page))
            .collect();
        match stems.as_slice() {
            [stem] => stem.name.clone(),
            [] | [_, _, ..] => self.only_name(),
        }
    }

    /// The name of the token, if it is only one.
    pub(super) fn only_name(&self) -> String {
        match self.tokens {
            [only] if self.count == 1 => only.name.clone(),
            _ => "NAME".to_owned(),
        }
    }
}

pub(super) fn kind(token: &Token) -> Option<Kind> {
    token.facts.as_ref().map(|facts| facts.kind)
}
