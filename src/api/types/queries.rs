//! The query parameters of all calls.

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Duration, Supposition};
use crate::inventory::Sort;
use crate::model::{
    ForecastQuestion, IncidentFilter, IncidentSort, Kind, NotASpan, NotASupposition, Span, State,
};

/// `GET /v1/tokens`; every filter is optional.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct TokenQuery {
    /// Only tokens in this state.
    pub state: Option<State>,
    /// Only tokens of this kind.
    pub kind: Option<Kind>,
    /// Only tokens of this app.
    pub app: Option<String>,
    /// Only page tokens that were derived from the token of this name.
    pub parent: Option<String>,
    /// Only tokens that expire within this time, by either clock: `90s`, `15m`, `12h`, `30d`.
    /// Longer than 3650d counts as 3650d.
    #[serde(deserialize_with = "span")]
    #[param(value_type = Option<Duration>)]
    pub expires_within: Option<Span>,
    /// Only tokens with a consumer that still uses an earlier version.
    #[serde(deserialize_with = "flag", skip_serializing_if = "std::ops::Not::not")]
    pub behind: bool,
    /// Only tokens whose name begins like this.
    pub prefix: Option<String>,
    /// The order; by name if left out.
    pub sort: Option<Sort>,
    /// The most tokens to return; 100 by default, at most 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
    /// The `next` of the previous page, in the same order.
    pub after: Option<String>,
}

/// `GET /v1/tokens/{name}/secret`
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SecretQuery {
    /// Refuse when the secret expires sooner than this: `90s`, `15m`, `12h`, `30d`.
    /// Longer than 3650d counts as 3650d.
    #[serde(deserialize_with = "span")]
    #[param(value_type = Option<Duration>)]
    pub min_remaining: Option<Span>,
    /// An earlier version, as long as it is kept; by default the one in use.
    pub version: Option<u32>,
}

/// `GET /v1/incidents`
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct IncidentQuery {
    /// Which incidents to list; the unresolved ones by default.
    #[param(inline)]
    pub state: Option<IncidentFilter>,
    /// The order; the newest first if left out.
    #[param(inline)]
    pub sort: Option<IncidentSort>,
    /// The most incidents to return; 500 by default and at most.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<usize>,
}

/// `GET /v1/events`
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// The id of the last event that you know. By default, the answer starts with the first event or, with `follow`,
    /// with the next one.
    pub after: Option<u64>,
    /// Only events about the token of this name.
    pub token: Option<String>,
    /// Keep the connection open and send new events as they happen.
    #[serde(deserialize_with = "flag")]
    pub follow: bool,
}

/// `GET /v1/forecast`
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ForecastQuery {
    /// How many days to look ahead; 90 by default, at most 400.
    #[param(minimum = 1, maximum = 400)]
    pub days: Option<u16>,
    /// Only the tokens of this person: a name or an id.
    pub person: Option<String>,
    /// A supposition: `person NAME leaves 2027-01-15`, `app NAME throttled 50%` or `nobody logs in`.
    #[param(value_type = Option<Supposition>)]
    pub what_if: Option<String>,
    /// Assume more than is usual.
    #[param(inline)]
    pub assume: Option<Assumption>,
}

/// What a forecast may assume besides the usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Assumption {
    /// The exchange of a user token moves its end.
    Extends,
}

/// Why a forecast cannot be asked for like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAQuestion {
    #[error("days: expected a number from 1 to {}", ForecastQuestion::MOST_DAYS)]
    Days,
    #[error("what_if: {0}")]
    WhatIf(#[from] NotASupposition),
}

impl TryFrom<ForecastQuery> for ForecastQuestion {
    type Error = NotAQuestion;

    fn try_from(query: ForecastQuery) -> Result<Self, NotAQuestion> {
        let days = query.days.unwrap_or(Self::USUAL_DAYS);
        if !(1..=Self::MOST_DAYS).contains(&days) {
            return Err(NotAQuestion::Days);
        }
        Ok(Self {
            days,
            person: query.person,
            what_if: query.what_if.map(|text| text.parse()).transpose()?,
            exchange_extends: query.assume == Some(Assumption::Extends),
        })
    }
}

fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.parse() {
        Ok(span) => Ok(Some(span)),
        Err(NotASpan::TooLong) => Ok(Some(Span::LONGEST)),
        Err(NotASpan::Spelling) => Err(Error::invalid_value(
            Unexpected::Str(&text),
            &Span::EXPECTED,
        )),
    }
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(Error::invalid_value(
            Unexpected::Str(other),
            &"true or false",
        )),
    }
}
