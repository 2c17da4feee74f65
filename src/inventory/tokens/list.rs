//! Listing the tokens page by page: by name, or the most urgent first.

use std::fmt;

use jiff::Timestamp;
use rusqlite::ToSql;
use rusqlite::types::Value;

use crate::inventory::{Error, View, rows};
use crate::model::{Kind, State, Token, string_enum};

string_enum! {
    /// In which order tokens are listed.
    Sort {
        Name = "name",
        /// Dead, failing, expiring, unverified, healthy; within all but the last by the next end, then by name.
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
    pub after: After,
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
    pub tokens: Vec<(Token, Option<String>)>,
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

/// A token without a deadline comes after those that have one.
const NO_DEADLINE: i64 = i64::MAX;

type Listed = (Token, Option<String>, i64);
type Values = Vec<(&'static str, Value)>;

impl View<'_> {
    /// One page of the inventory, each token with its parent's name.
    pub fn tokens(&self, filter: &Filter, limit: usize) -> Result<TokenPage, Error> {
        let mut found = match &filter.after {
            After::Name(after) => self.by_name(filter, after.as_deref(), limit + 1)?,
            After::Urgency(after) => self.by_urgency(filter, after.as_ref(), limit + 1)?,
        };
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        Ok(TokenPage {
            next: last.map(|listed| filter.after.cursor(listed)),
            tokens: found
                .into_iter()
                .map(|(token, parent, _)| (token, parent))
                .collect(),
        })
    }

    fn by_name(
        &self,
        filter: &Filter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Listed>, Error> {
        let (mut conditions, mut values) = filter.conditions();
        if let Some(after) = after {
            conditions.push("t.name > :after");
            values.push((":after", Value::Text(after.to_owned())));
        }
        self.listed(&conditions, &values, "t.name", limit)
    }

    /// State by state, so that an index finds each. The many that are healthy are in the order of that index.
    fn by_urgency(
        &self,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<Listed>, Error> {
        let mut found = Vec::new();
        let passed = |state: &State| after.is_some_and(|after| after.state != *state);
        for state in BY_URGENCY.into_iter().skip_while(passed) {
            if filter.state.is_some_and(|only| only != state) || found.len() >= limit {
                continue;
            }
            let after = after.filter(|after| after.state == state);
            let of_state = Filter {
                state: Some(state),
                ..filter.clone()
            };
            let (mut conditions, mut values) = of_state.conditions();
            let order = match state {
                State::Healthy => "t.name",
                State::Unverified | State::Expiring | State::Failing | State::Dead => BY_DEADLINE,
            };
            if let Some(after) = after {
                conditions.push(match state {
                    State::Healthy => "t.name > :after",
                    State::Unverified | State::Expiring | State::Failing | State::Dead => {
                        AFTER_DEADLINE
                    }
                });
                values.push((":after", Value::Text(after.name.clone())));
                if state != State::Healthy {
                    values.push((":deadline", Value::Integer(after.deadline)));
                }
            }
            found.extend(self.listed(&conditions, &values, order, limit - found.len())?);
        }
        Ok(found)
    }

    fn listed(
        &self,
        conditions: &[&str],
        values: &Values,
        order: &str,
        limit: usize,
    ) -> Result<Vec<Listed>, Error> {
        let sql = format!(
            "SELECT {}, p.name, coalesce(s.deadline, {NO_DEADLINE}) {} LEFT JOIN token p ON p.id = t.parent
             WHERE {} ORDER BY {order} LIMIT {limit}",
            rows::TOKEN,
            rows::FROM,
            conditions.join(" AND "),
        );
        let values: Vec<(&str, &dyn ToSql)> = values.iter().map(|(n, v)| (*n, v as _)).collect();
        let mut found = self.db.prepare_cached(&sql)?;
        let found = found.query_map(values.as_slice(), |row| {
            let (parent, deadline) = (row.get(rows::COLUMNS)?, row.get(rows::COLUMNS + 1)?);
            Ok((rows::token(row)?, parent, deadline))
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

const BY_DEADLINE: &str = "coalesce(s.deadline, 9223372036854775807), t.name";
const AFTER_DEADLINE: &str =
    "(coalesce(s.deadline, 9223372036854775807), t.name) > (:deadline, :after)";

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
    /// The conditions that are asked for, and only their values.
    fn conditions(&self) -> (Vec<&'static str>, Values) {
        let text = |word: &str| Value::Text(word.to_owned());
        let (kind, state) = (self.kind.map(Kind::as_str), self.state.map(State::as_str));
        let asked = [
            ("t.state = :state", ":state", state.map(text)),
            ("t.kind = :kind", ":kind", kind.map(text)),
            ("t.app = :app", ":app", self.app.as_deref().map(text)),
            (
                "p.name = :parent",
                ":parent",
                self.parent.as_deref().map(text),
            ),
            (
                "s.deadline < :end",
                ":end",
                rows::seconds(self.ends_before).map(Value::Integer),
            ),
        ];
        let mut conditions = vec!["1"];
        let mut values = Vec::new();
        for (condition, name, value) in asked {
            let Some(value) = value else { continue };
            conditions.push(condition);
            values.push((name, value));
        }
        (conditions, values)
    }
}
