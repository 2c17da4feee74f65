//! The facts of an email about an incident, and the expressions for its people and tokens. Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::formatting;
use super::text::{Cases, Language, Number, Phrases, fill};
use crate::model::{Cause, EmailReason, Incident, Kind, SinkReport, Token};

#[derive(Clone, Copy, Debug)]
pub(crate) struct EmailContext<'a> {
    pub(crate) incident: &'a Incident,
    pub(crate) reason: EmailReason,
    /// The tokens to list.
    pub(crate) tokens: &'a [Token],
    /// The number of tokens in all.
    pub(crate) count: u64,
    /// The number of page tokens derived from the person's.
    pub(crate) pages: u64,
    /// The apps that an outage affects.
    pub(crate) apps: &'a [String],
    /// What is wrong with the sink, while the incident is about one.
    pub(crate) sink: Option<&'a SinkReport>,
    /// Who reads this copy.
    pub(crate) readers: Readers,
    /// Everyone who gets a copy.
    pub(crate) recipients: &'a [String],
    pub(crate) operators: &'a [String],
    /// The login link for the person, if there is one.
    pub(crate) login_link: Option<&'a str>,
    /// The address of the person's calendar of coming logins, if there is one.
    pub(crate) calendar: Option<&'a str>,
    /// When the first of the tokens died.
    pub(crate) broken_since: Option<Timestamp>,
    pub(crate) next_email: Option<Timestamp>,
    pub(crate) now: Timestamp,
    pub(crate) zone: &'a TimeZone,
    pub(crate) language: Language,
}

/// Who reads a copy of an email.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// They know tokens by their names, and have a shell.
    Operators,
    /// They know the names of people and pages.
    Owners,
}

impl Readers {
    /// Owners, as soon as one of the recipients is no operator.
    pub(crate) fn of(recipients: &[String], operators: &[String]) -> Self {
        match recipients.iter().all(|address| operators.contains(address)) {
            true => Self::Operators,
            false => Self::Owners,
        }
    }

    /// The copies of an email, each with its recipients.
    pub(crate) fn copies(all: &[String], operators: &[String]) -> Vec<(Self, Vec<String>)> {
        let (of_operators, of_owners) = all
            .iter()
            .cloned()
            .partition(|address| operators.contains(address));
        let copies = [(Self::Owners, of_owners), (Self::Operators, of_operators)];
        let copies = copies.into_iter();
        copies
            .filter(|(_, to): &(_, Vec<String>)| !to.is_empty())
            .collect()
    }
}

/// Selects the grammatical case that a sentence needs.
pub(crate) type Case = fn(&Cases) -> &'static str;

impl EmailContext<'_> {
    pub(crate) const fn cause(&self) -> Cause {
        self.incident.cause
    }

    pub(crate) fn is_about_the_app(&self) -> bool {
        self.incident.incident_key.is_of_app()
    }

    /// The name of the sink, if the incident is about one.
    pub(crate) fn sink_name(&self) -> Option<&str> {
        self.incident.incident_key.sink()
    }

    /// Whether Meta refuses at least one of the listed tokens, so that the cause does more than limit them.
    pub(crate) fn is_refused(&self) -> bool {
        self.tokens.iter().any(Token::is_dead)
    }

    /// The app, or all apps that an outage affects.
    pub(crate) fn app_names(&self) -> String {
        match self.apps {
            [] => self.incident.incident_key.app.clone(),
            apps => self.language.all_of(apps),
        }
    }

    pub(crate) fn person_name(&self) -> Option<String> {
        let name = self.incident.subject_name.as_deref().map(formatting::name);
        name.filter(|name| !name.is_empty())
    }

    pub(crate) fn phrases(&self) -> &'static Phrases {
        self.language.phrases()
    }

    /// The person that the tokens belong to, for use within a sentence.
    pub(crate) fn person(&self, case: Case) -> String {
        let subject = &self.incident.incident_key.subject;
        let people = &self.language.catalog().people;
        match self.person_name() {
            Some(name) if self.is_of_a_system_user() => {
                fill(case(&people.system_user_named), &[("name", &name)])
            }
            Some(name) => name,
            None if self.is_of_a_system_user() => case(&people.system_user).to_owned(),
            None if subject.is_empty() => case(&people.unknown_person).to_owned(),
            None => fill(
                case(&people.person_by_id),
                &[("id", &formatting::name(subject))],
            ),
        }
    }

    /// Where the person logs in.
    pub(crate) fn platform(&self) -> &'static str {
        match self.tokens.iter().find_map(kind) {
            Some(kind) => kind.platform(),
            None if self.tokens.is_empty() => Kind::User.platform(),
            // Meta has described none of them.
            None => "Meta",
        }
    }

    pub(crate) fn is_of_a_system_user(&self) -> bool {
        let mut kinds = self.tokens.iter().filter_map(kind);
        kinds.any(|kind| kind == Kind::SystemUser)
    }

    /// Such as `these 12 tokens`; owners know no tokens, and read of access.
    pub(crate) fn these(&self, case: Case) -> String {
        let catalog = self.language.catalog();
        let expression = match self.is_of_tokens() {
            true => &catalog.these_tokens,
            false => &catalog.this_access,
        };
        self.counted(expression, case)
    }

    /// Whether the reader knows tokens; owners do not.
    pub(crate) fn is_of_tokens(&self) -> bool {
        self.readers == Readers::Operators || self.cause().concerns_operator()
    }

    pub(crate) fn these_pages(&self, case: Case) -> String {
        self.counted(&self.language.catalog().these_pages, case)
    }

    fn counted(&self, number: &Number, case: Case) -> String {
        match self.count {
            1 => case(&number.one).to_owned(),
            many => fill(case(&number.many), &[("count", &self.language.count(many))]),
        }
    }

    /// The coming expiry, if the incident is about one.
    pub(crate) fn coming_end(&self) -> Option<Timestamp> {
        let end = self.incident.deadline.filter(|end| *end > self.now);
        end.filter(|_| self.cause().is_upcoming())
    }

    /// The name of the token that a new one replaces: the only one that is not a page's, if there is exactly one.
    pub(crate) fn name_to_replace(&self) -> String {
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

    /// The name of the token, if there is only one.
    pub(crate) fn only_name(&self) -> String {
        let lagging = self.sink.map_or(&[][..], |sink| &sink.tokens);
        match (self.tokens, lagging) {
            ([only], []) if self.count == 1 => only.name.clone(),
            ([], [only]) if self.count == 1 => only.name.clone(),
            _ => "NAME".to_owned(),
        }
    }
}

pub(crate) fn kind(token: &Token) -> Option<Kind> {
    token.facts.as_ref().map(|facts| facts.kind)
}
