//! Calendars of coming logins as operators see them. An address is a key to what is there.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// `GET /v1/calendars`
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CalendarQuery {
    /// The most people to return; 100 by default, at most 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
    /// The `next` of the previous page.
    pub after: Option<String>,
}

/// The answer to `GET /v1/calendars`: on the first page the calendar of the operators, then those of people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CalendarList {
    /// The calendars of this page.
    pub calendars: Vec<CalendarView>,
    /// Pass it as `after` to get the next page; null on the last page.
    pub next: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CalendarView {
    /// Null for the calendar of the operators, which covers all apps.
    pub app: Option<String>,
    /// The person's id at Meta; null for the calendar of the operators.
    pub person: Option<String>,
    /// The person's name, if a token has it.
    pub name: Option<String>,
    /// The address for a calendar program. It works for anyone who has it.
    pub url: String,
}
