//! The rules that must hold in every year, and which of them were broken.

use std::collections::BTreeMap;

use super::Moment;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    NothingLost,
    EveryDeathTold,
    NothingFineTold,
    OneIncident,
    OneExchange,
    Budget,
    NeverOlder,
    Forgotten,
    Sealed,
    Bounded,
    OneMessageId,
    Forecast,
}

/// The testing page quotes this table; `fleet_years --rules` prints it.
pub const RULES: [(Rule, &str, &str); 12] = [
    (
        Rule::NothingLost,
        "nothing-lost",
        "Every token that was imported and not forgotten is in the inventory, and its secret can be read.",
    ),
    (
        Rule::EveryDeathTold,
        "every-death-told",
        "A token that is dead, or that a person must renew, is in an email within one check interval; an expiry that is \
         known is in an email before it; every email is sent once mail works.",
    ),
    (
        Rule::NothingFineTold,
        "nothing-fine-told",
        "No email calls a working token broken or a broken one working, and no one is asked to do what only an operator \
         can do.",
    ),
    (
        Rule::OneIncident,
        "one-incident",
        "No two open incidents have the same app, cause and person.",
    ),
    (
        Rule::OneExchange,
        "one-exchange",
        "No secret is exchanged twice within 24 hours, nor a short-lived one over and over.",
    ),
    (
        Rule::Budget,
        "budget",
        "Checks make no more calls in an hour than the budget of the app allows, except one to finish what they have begun.",
    ),
    (
        Rule::NeverOlder,
        "never-older",
        "A secret that was replaced never comes back, neither in the inventory nor in the file of a consumer, and consumers \
         end with the newest.",
    ),
    (
        Rule::Forgotten,
        "forgotten",
        "A token that an operator forgot is no longer in the inventory, and those of a person who asked for deletion are in \
         no consumer's file either.",
    ),
    (
        Rule::Sealed,
        "sealed",
        "No token, app secret or inventory key can be read in the database, its write-ahead log, the log, an email or an \
         answer of the socket.",
    ),
    (
        Rule::Bounded,
        "bounded",
        "The database and its tables do not keep growing: they end the year no larger than their fleet explains.",
    ),
    (
        Rule::OneMessageId,
        "one-message-id",
        "Each email is sent once, under the Message-ID with which it was written, which no other email has.",
    ),
    (
        Rule::Forecast,
        "forecast",
        "A forecast names each end of a clock a fortnight before, right within one check interval, and writes nothing.",
    ),
];

impl Rule {
    pub fn name(self) -> &'static str {
        let mut rules = RULES.into_iter();
        rules
            .find(|(rule, ..)| *rule == self)
            .map_or("", |(_, name, _)| name)
    }
}

/// How often each rule was broken, and the first time in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breaches(BTreeMap<Rule, (usize, String)>);

impl Breaches {
    pub(super) fn record(&mut self, rule: Rule, at: Moment, words: &str) {
        let first = || (0, format!("{at}: {words}"));
        self.0.entry(rule).or_insert_with(first).0 += 1;
    }

    pub(super) fn check(
        &mut self,
        rule: Rule,
        holds: bool,
        at: Moment,
        words: impl FnOnce() -> String,
    ) {
        if !holds {
            self.record(rule, at, &words());
        }
    }

    pub(super) fn add(&mut self, others: Self) {
        for (rule, (count, words)) in others.0 {
            self.0.entry(rule).or_insert((0, words)).0 += count;
        }
    }

    pub fn of(&self, rule: Rule) -> usize {
        self.0.get(&rule).map_or(0, |(count, _)| *count)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rule, how often it was broken, and the first time in words.
    pub fn iter(&self) -> impl Iterator<Item = (Rule, usize, &str)> {
        self.0
            .iter()
            .map(|(rule, (count, words))| (*rule, *count, words.as_str()))
    }
}
