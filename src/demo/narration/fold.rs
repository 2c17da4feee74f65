//! Folds what happened on one day: one line for what happened to many. Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::entry::{Actor, Entry, TokenNews, What};
use super::exchanges::Exchanges;
use super::texts::{names, token_text};
use super::tone::LineTone;
use crate::model::Cause;

/// A line without its day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folded {
    pub(super) at: Timestamp,
    pub(super) actor: Actor,
    pub(super) tone: LineTone,
    pub(super) text: String,
}

/// What a line is about, and the names in it.
struct Group {
    at: Timestamp,
    actor: Actor,
    key: Key,
    names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    /// What people or Meta do. Nothing after it is folded with what was before.
    Sentence(LineTone, String),
    /// The subject without its last part, which says of whom.
    Email(String),
    Token(TokenNews),
    /// With the day of the new end.
    Renewed(String),
    AppFails(Cause),
    AppWorks,
}

pub(super) fn fold(entries: Vec<Entry>, exchanges: &Exchanges, zone: &TimeZone) -> Vec<Folded> {
    let recovered = named(&entries, &TokenNews::Recovered);
    let in_use = named(&entries, &TokenNews::InUse);
    let mut groups: Vec<Group> = Vec::new();
    for entry in entries {
        let (key, name) = split(entry.what, zone);
        let is_same = |group: &&mut Group| group.actor == entry.actor && group.key == key;
        let is_apart = |group: &&mut Group| !matches!(group.key, Key::Sentence(..));
        let mut near = groups.iter_mut().rev().take_while(is_apart);
        match near.find(is_same) {
            Some(group) => group.add(name),
            None => groups.push(Group {
                at: entry.at,
                actor: entry.actor,
                key,
                names: name.into_iter().collect(),
            }),
        }
    }
    let renewed_otherwise = renewed_otherwise(&groups);
    let lines = groups.into_iter().filter_map(|mut group| {
        if group.key == Key::Token(TokenNews::Recovered) {
            // The line about its new secret says so.
            group.names.retain(|name| !renewed_otherwise.contains(name));
        }
        let mut line = group.line(&recovered, exchanges)?;
        if group.has_new_tokens() && group.names.iter().all(|name| in_use.contains(name)) {
            line.text.push_str(" →\u{a0}chatbot");
        }
        Some(line)
    });
    lines.collect()
}

fn named(entries: &[Entry], wanted: &TokenNews) -> BTreeSet<String> {
    let names = entries.iter().filter_map(|entry| match &entry.what {
        What::Token(news, name) if news == wanted => Some(name.clone()),
        _ => None,
    });
    names.collect()
}

/// The tokens with a new secret.
fn renewed_otherwise(groups: &[Group]) -> BTreeSet<String> {
    let groups = groups.iter().filter(|group| group.has_new_tokens());
    groups.flat_map(|group| group.names.clone()).collect()
}

fn split(what: What, zone: &TimeZone) -> (Key, Option<String>) {
    match what {
        What::Sentence(tone, sentence) => (Key::Sentence(tone, sentence), None),
        What::Email(subject) => match subject.rsplit_once(": ") {
            Some((head, about)) => (Key::Email(head.to_owned()), Some(about.to_owned())),
            None => (Key::Email(subject), None),
        },
        // Page tokens have no end, and a login gives both.
        What::Token(TokenNews::Accepted(_), name) => {
            (Key::Token(TokenNews::Accepted(None)), Some(name))
        }
        What::Token(TokenNews::Renewed(Some(end)), name) => {
            (Key::Renewed(day(end, zone)), Some(name))
        }
        What::Token(news, name) => (Key::Token(news), Some(name)),
        What::AppFails(cause, app) => (Key::AppFails(cause), Some(app)),
        What::AppWorks(app) => (Key::AppWorks, Some(app)),
    }
}

impl Group {
    fn add(&mut self, name: Option<String>) {
        if let Some(name) = name
            && !self.names.contains(&name)
        {
            self.names.push(name);
        }
    }

    const fn has_new_tokens(&self) -> bool {
        matches!(
            self.key,
            Key::Renewed(_) | Key::Token(TokenNews::Accepted(_) | TokenNews::Derived { .. })
        )
    }

    fn line(&self, recovered: &BTreeSet<String>, exchanges: &Exchanges) -> Option<Folded> {
        let names = names(&self.names);
        let is_one = self.names.len() == 1;
        let apps = if is_one { "app" } else { "apps" };
        let (tone, text) = match &self.key {
            Key::Sentence(tone, sentence) => (*tone, sentence.clone()),
            Key::Email(head) => (LineTone::Plain, self.email(head)),
            Key::Token(_) if self.names.is_empty() => return None,
            Key::Renewed(end) => (LineTone::Good, format!("renewed {names} until {end}")),
            Key::Token(news) => {
                let works_again = self.names.iter().all(|name| recovered.contains(name));
                let text = token_text(news, &self.names, &names, exchanges);
                match (self.has_new_tokens() && works_again, is_one) {
                    (true, true) => (news.tone(), format!("{text}, works again")),
                    (true, false) => (news.tone(), format!("{text}, work again")),
                    (false, _) => (news.tone(), text),
                }
            }
            Key::AppFails(cause) => (
                LineTone::Bad,
                format!("{apps} {names}: {}", cause.describe()),
            ),
            Key::AppWorks => (LineTone::Good, format!("{apps} {names}: calls work again")),
        };
        Some(Folded {
            at: self.at,
            actor: self.actor,
            tone,
            text,
        })
    }

    fn email(&self, head: &str) -> String {
        match self.names.as_slice() {
            [] => head.to_owned(),
            [one] => format!("{head}: {one}"),
            many => {
                let whom = many
                    .iter()
                    .map(|about| about.split(',').next().unwrap_or(about));
                let whom: Vec<&str> = whom.collect();
                format!("{} emails: {head}: {}", many.len(), whom.join(", "))
            }
        }
    }
}

fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%-d %b").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_772_442_000 + 60 * minute).unwrap()
    }

    fn token(minute: i64, news: TokenNews, name: &str) -> Entry {
        Entry {
            at: at(minute),
            actor: Actor::Perennial,
            what: What::Token(news, name.to_owned()),
        }
    }

    fn texts(entries: Vec<Entry>) -> Vec<String> {
        let folded = fold(entries, &Exchanges::default(), &TimeZone::UTC);
        folded.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn what_happens_to_many_is_one_line() {
        let died = TokenNews::Died(Cause::PasswordChanged);
        let entries = ["acme-north-shop", "acme-south-shop", "acme-west-shop"]
            .map(|name| token(1, died.clone(), name));
        let why = Cause::PasswordChanged.describe();
        assert_eq!(
            texts(entries.into()),
            [format!("acme-north-shop and 2 more no longer work: {why}")]
        );
    }

    #[test]
    fn a_new_token_that_works_again_is_one_line() {
        let entries = vec![
            token(1, TokenNews::Accepted(Some(at(0))), "paul"),
            token(2, TokenNews::Recovered, "paul"),
            token(3, TokenNews::Accepted(None), "shop"),
            token(4, TokenNews::Recovered, "shop"),
            token(5, TokenNews::Recovered, "museum"),
        ];
        assert_eq!(
            texts(entries),
            [
                "paul, shop: new tokens confirmed, work again",
                "museum works again",
            ]
        );
    }

    #[test]
    fn a_delivered_renewal_says_so() {
        let renewed = TokenNews::Renewed(Some(at(0)));
        let mut entries = vec![
            token(1, renewed.clone(), "omar"),
            token(2, renewed, "robot"),
        ];
        assert_eq!(texts(entries.clone()), ["renewed omar, robot until 2 Mar"]);
        for name in ["omar", "robot"] {
            entries.push(Entry {
                actor: Actor::Consumer,
                ..token(3, TokenNews::InUse, name)
            });
        }
        assert_eq!(
            texts(entries),
            [
                "renewed omar, robot until 2 Mar →\u{a0}chatbot",
                "reads 2 new tokens, and confirms that it uses them",
            ]
        );
    }

    #[test]
    fn emails_of_one_subject_are_one_line() {
        let email = |subject: &str| Entry {
            at: at(1),
            actor: Actor::Email,
            what: What::Email(subject.to_owned()),
        };
        let entries = [
            "Log in by 1 May: Zoe, login for acme",
            "Summary: All",
            "Log in by 1 May: Ines",
        ];
        assert_eq!(
            texts(entries.map(email).into()),
            ["2 emails: Log in by 1 May: Zoe, Ines", "Summary: All"]
        );
    }
}
