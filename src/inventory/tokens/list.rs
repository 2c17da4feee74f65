//! Listing the tokens page by page: by name, or the most urgent first.

use std::fmt;

use jiff::Timestamp;

use crate::inventory::columns::{self, FROM_TOKEN, TOKEN, TOKEN_COLUMNS};
use crate::inventory::engine::{Params, ToColumn, readable};
use crate::inventory::{Error, View};
use crate::model::{Consumer, Kind, State, Token, string_enum};

string_enum! {
    /// In which order tokens are listed.
    Sort {
        Name = "name",
        /// Dead, failing, expiring, unverified, healthy; within all but the last by the next end, then by name.
        /// A state that has thousands of tokens is by name alone.
        Urgency = "urgency",
    }
}

/// Which tokens to list; what is `None` does not narrow.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub state: Option<State>,
    pub kind: Option<Kind>,
    pub app: Option<String>,
    pub parent: Option<String>,
    /// The earlier clock ends before this.
    pub ends_before: Option<Timestamp>,
    /// A consumer still uses an earlier version.
    pub behind: bool,
    /// The names that begin like this.
    pub prefix: Option<Prefix>,
    pub after: After,
}

/// The beginning of names, as the half-open range of the names that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    from: String,
    below: String,
}

impl Prefix {
    /// No name holds the last character of Unicode, so every name that begins like `text` is before `below`.
    pub fn new(text: String) -> Self {
        let below = format!("{text}{}", char::MAX);
        Self { from: text, below }
    }
}

/// The order of a list, and the token that the page before ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    Name(Option<String>),
    Urgency(Option<Cursor>),
}

/// Where a list by urgency goes on, however its tokens have changed since: `dead:1795510800:acme-maria`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    state: State,
    deadline: i64,
    name: String,
}

#[derive(Debug)]
pub struct TokenPage {
    /// Each with its parent's name and its consumers.
    pub tokens: Vec<(Token, Option<String>, Vec<Consumer>)>,
    /// Pass this as `after` for the rest; `None` when this was all.
    pub next: Option<String>,
}

const BY_URGENCY: [State; 5] = [
    State::Dead,
    State::Failing,
    State::Expiring,
    State::Unverified,
    State::Healthy,
];

/// The most tokens of a state that are sorted for a page.
const MOST_SORTED: u64 = 2_000;

/// A token without a deadline comes after those that have one.
const DEADLINE: &str = "coalesce(s.deadline, 9223372036854775807)";

/// See [`Consumer::is_behind`].
const BEHIND: &str = "t.id IN (SELECT c.token FROM consumer c JOIN token v ON v.id = c.token
    WHERE coalesce(c.in_use_version, c.seen_version) < v.version)";

type Listed = (Token, Option<String>, i64);

/// The conditions that are asked for, and only their values. `?1` is the limit.
#[derive(Default)]
struct Conditions<'f> {
    sql: Vec<String>,
    values: Vec<&'f dyn ToColumn>,
}

impl<'f> Conditions<'f> {
    /// `$` stands for the value.
    fn add(&mut self, condition: &str, value: &'f dyn ToColumn) {
        self.values.push(value);
        let place = self.last_place();
        self.sql.push(condition.replace('$', &place));
    }

    fn last_place(&self) -> String {
        format!("?{}", self.values.len() + 1)
    }

    /// In so many words, because only then an index of a part of the tokens serves.
    fn state(&mut self, state: State) {
        self.sql.push(format!("t.state = '{state}'"));
    }

    fn after(&mut self, last: &'f Cursor) {
        self.add(&format!("{DEADLINE} >= $"), &last.deadline);
        let place = self.last_place();
        self.add(&format!("({DEADLINE} > {place} OR t.name > $)"), &last.name);
    }
}

impl View<'_> {
    /// One page of the inventory, each token with its parent's name.
    pub fn tokens(&self, filter: &Filter, limit: usize) -> Result<TokenPage, Error> {
        let rows = match &filter.after {
            After::Name(after) => self.by_name(filter, after.as_ref(), limit + 1)?,
            After::Urgency(after) => self.by_urgency(filter, after.as_ref(), limit + 1)?,
        };
        let more = rows.len() > limit;
        let mut found: Vec<Listed> = rows.into_iter().flatten().collect();
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        Ok(TokenPage {
            next: last.map(|listed| filter.after.cursor(listed)),
            tokens: found
                .into_iter()
                .map(|(token, parent, _)| {
                    let consumers = self.consumers(token.id)?;
                    Ok((token, parent, consumers))
                })
                .collect::<Result<_, Error>>()?,
        })
    }

    fn by_name(
        &self,
        filter: &Filter,
        after: Option<&String>,
        limit: usize,
    ) -> Result<Vec<Option<Listed>>, Error> {
        let mut conditions = filter.conditions();
        if let Some(after) = after {
            conditions.add("t.name > $", after);
        }
        self.listed(&conditions, "t.name", limit)
    }

    /// State by state, so that an index finds each. The many that are healthy are read in the order of their names, and
    /// so are those of another state that has very many.
    fn by_urgency(
        &self,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<Option<Listed>>, Error> {
        let mut found = Vec::new();
        let passed = |state: &&State| after.is_some_and(|after| after.state != **state);
        for state in BY_URGENCY.iter().skip_while(passed) {
            if filter.state.is_some_and(|only| only != *state) || found.len() >= limit {
                continue;
            }
            let mut conditions = filter.conditions_except_state();
            conditions.state(*state);
            let by_name = *state == State::Healthy || self.has_very_many(*state)?;
            match after.filter(|after| after.state == *state) {
                Some(after) if by_name => conditions.add("t.name > $", &after.name),
                Some(after) => conditions.after(after),
                None => {}
            }
            let order = match by_name {
                true => "t.name".to_owned(),
                false => format!("{DEADLINE}, t.name"),
            };
            found.extend(self.listed(&conditions, &order, limit - found.len())?);
        }
        Ok(found)
    }

    /// Whether sorting the tokens of this state would take too long for a page.
    fn has_very_many(&self, state: State) -> Result<bool, Error> {
        let counted = format!(
            "SELECT count(*) FROM (SELECT 1 FROM token WHERE state = '{state}' LIMIT ?1) AS found"
        );
        let found: u64 = self.db.value(&counted, &[&(MOST_SORTED + 1)])?;
        Ok(found > MOST_SORTED)
    }

    /// `None` for one that cannot be read.
    fn listed(
        &self,
        conditions: &Conditions<'_>,
        order: &str,
        limit: usize,
    ) -> Result<Vec<Option<Listed>>, Error> {
        let narrowed = match conditions.sql.as_slice() {
            [] => String::new(),
            conditions => format!("WHERE {}", conditions.join(" AND ")),
        };
        let list = format!(
            "SELECT {TOKEN}, p.name, {DEADLINE} {FROM_TOKEN} LEFT JOIN token p ON p.id = t.parent
             {narrowed} ORDER BY {order} LIMIT ?1"
        );
        let limit: Params<'_> = &[&limit];
        let values = [limit, &conditions.values].concat();
        self.db.all(&list, &values, |row| {
            let (parent, deadline) = (row.get(TOKEN_COLUMNS)?, row.get(TOKEN_COLUMNS + 1)?);
            readable(columns::token(row).map(|token| (token, parent, deadline)))
        })
    }
}

impl Default for After {
    fn default() -> Self {
        Self::Name(None)
    }
}

impl After {
    fn cursor(&self, (token, _, deadline): &Listed) -> String {
        match self {
            Self::Name(_) => token.name.clone(),
            Self::Urgency(_) => Cursor {
                state: token.state(),
                deadline: *deadline,
                name: token.name.clone(),
            }
            .to_string(),
        }
    }
}

impl Cursor {
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        Some(Self {
            state: State::from_name(parts.next()?)?,
            deadline: parts.next()?.parse().ok()?,
            name: parts.next()?.to_owned(),
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.state, self.deadline, self.name)
    }
}

impl Filter {
    fn conditions(&self) -> Conditions<'_> {
        let mut conditions = self.conditions_except_state();
        if let Some(state) = self.state {
            conditions.state(state);
        }
        conditions
    }

    fn conditions_except_state(&self) -> Conditions<'_> {
        let asked: [(&str, Option<&dyn ToColumn>); 4] = [
            ("t.kind = $", self.kind.as_ref().map(|kind| kind as _)),
            ("t.app = $", self.app.as_ref().map(|app| app as _)),
            ("p.name = $", self.parent.as_ref().map(|parent| parent as _)),
            (
                "s.deadline < $",
                self.ends_before.as_ref().map(|end| end as _),
            ),
        ];
        let mut conditions = Conditions::default();
        for (condition, value) in asked {
            if let Some(value) = value {
                conditions.add(condition, value);
            }
        }
        if let Some(prefix) = &self.prefix {
            conditions.add("t.name >= $", &prefix.from);
            conditions.add("t.name < $", &prefix.below);
        }
        if self.behind {
            conditions.sql.push(BEHIND.to_owned());
        }
        conditions
    }
}
