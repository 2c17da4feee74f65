//! What may stand behind the question mark.

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::IntoParams;

use super::Span;
use crate::inventory::Sort;
use crate::model::{Kind, State, string_enum};

/// `GET /v1/tokens`; what is left out does not narrow.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct TokenQuery {
    pub state: Option<State>,
    pub kind: Option<Kind>,
    pub app: Option<String>,
    /// Only page tokens derived from the token of this name.
    pub parent: Option<String>,
    /// The earlier of both clocks ends within this: `90s`, `15m`, `12h`, `30d`.
    #[param(value_type = Option<String>)]
    pub expires_within: Option<Span>,
    /// By name if left out.
    pub sort: Option<Sort>,
    /// At most so many; 100 if left out, never more than 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
    /// The `next` of the page before, in the same order.
    pub after: Option<String>,
}

/// `GET /v1/tokens/{name}/secret`
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SecretQuery {
    /// Refuse when less life than this is left: `90s`, `15m`, `12h`, `30d`.
    #[param(value_type = Option<String>)]
    pub min_remaining: Option<Span>,
}

string_enum! {
    /// IncidentSelection incidents to list.
    IncidentFilter {
        Open = "open",
        Acknowledged = "acknowledged",
        Unresolved = "unresolved",
        Resolved = "resolved",
        All = "all",
    }
}

/// `GET /v1/incidents`
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct IncidentQuery {
    /// The unresolved ones if left out.
    #[param(inline)]
    pub state: Option<IncidentFilter>,
}

/// `GET /v1/events`
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// The id of the last event already known. If left out: everything, or with `follow` what comes from now on.
    pub after: Option<u64>,
    /// Only what is about the token of this name.
    pub token: Option<String>,
    /// Stay and send what comes.
    #[serde(deserialize_with = "flag")]
    pub follow: bool,
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
