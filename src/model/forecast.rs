//! A look ahead: what is asked, and what would happen. The answer holds no secret.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{SingleAdminPages, Token};

/// What to look ahead at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ForecastQuestion {
    /// From now on; 1 to [`ForecastQuestion::MOST_DAYS`].
    pub days: u16,
    /// Only the tokens of this person: an id, or a name without regard to case.
    pub person: Option<String>,
    pub what_if: Option<WhatIf>,
    /// The exchange of a user token moves its end, which it usually does not.
    pub exchange_extends: bool,
}

impl ForecastQuestion {
    pub const USUAL_DAYS: u16 = 90;
    pub const MOST_DAYS: u16 = 400;
}

impl Default for ForecastQuestion {
    fn default() -> Self {
        Self {
            days: Self::USUAL_DAYS,
            person: None,
            what_if: None,
            exchange_extends: false,
        }
    }
}

/// A token as far as a forecast needs it. Its secret is not in it.
#[derive(Clone, Debug)]
pub struct ForecastToken {
    pub token: Token,
    pub rotation_tried_at: Option<Timestamp>,
    /// Another person reaches its page.
    pub has_other_admin: bool,
}

impl ForecastToken {
    pub fn is_of(&self, (app, person): &(String, String)) -> bool {
        let facts = self.token.facts.as_ref();
        self.token.app == *app && facts.is_some_and(|facts| facts.person == *person)
    }
}

/// A supposition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WhatIf {
    /// The person loses access on that day, and logs in no more.
    Leaves {
        person: String,
        on: Date,
    },
    /// The app may make only so many percent of its calls.
    Throttled {
        app: String,
        percent: u8,
    },
    NobodyLogsIn,
}

/// What would happen. Each list begins with what comes first, and `left_out` says how many entries it lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Forecast {
    /// When the forecast begins.
    pub from: Timestamp,
    /// When it ends.
    pub to: Timestamp,
    /// What the forecast relies on, in sentences.
    pub assumes: Vec<String>,
    /// The forecast in numbers.
    pub summary: ForecastSummary,
    /// Who has to log in, by when, and how many tokens depend on it.
    pub logins: Vec<ForeseenLogin>,
    /// Renewals that need no one, in the weeks that begin on these Mondays.
    pub renewals: Vec<WeekOfRenewals>,
    /// The emails to owners and operators.
    pub emails: Vec<ForeseenEmail>,
    /// Calls to Meta on each day (UTC).
    pub calls: Vec<DayOfCalls>,
    /// Versions that end, of the Graph API and of the Marketing API.
    pub version_ends: Vec<VersionEnding>,
    /// Tokens that end by a clock although everyone who can act does; with `nobody logs in`, all that end.
    pub lapses: Vec<Lapse>,
    /// People without whom no one reaches some pages, most pages first.
    pub single_admin_pages: Vec<SingleAdminPages>,
    /// How much is not listed.
    pub left_out: ForecastLeftOut,
}

#[cfg(test)]
impl Forecast {
    /// In which nothing happens.
    pub(crate) fn of_nothing(from: Timestamp, to: Timestamp) -> Self {
        Self {
            from,
            to,
            assumes: Vec::new(),
            summary: ForecastSummary::default(),
            logins: Vec::new(),
            renewals: Vec::new(),
            emails: Vec::new(),
            calls: Vec::new(),
            version_ends: Vec::new(),
            lapses: Vec::new(),
            single_admin_pages: Vec::new(),
            left_out: ForecastLeftOut::default(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForecastSummary {
    /// How many logins.
    pub logins: u64,
    /// How many people log in.
    pub people: u64,
    /// How many tokens are renewed without a person.
    pub renewals: u64,
    /// How many emails.
    pub emails: u64,
    /// How many tokens stop working.
    pub lapses: u64,
    /// Null when no calls are foreseen.
    pub busiest_day: Option<BusiestDay>,
}

/// The day on which an app comes nearest to its budget of calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BusiestDay {
    /// The day.
    pub on: Date,
    /// The name of the app.
    pub app: String,
    /// The calls, in percent of the app's budget.
    pub calls_percent: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForeseenLogin {
    /// When the first of the tokens ends. In the past if it has ended.
    pub by: Timestamp,
    /// The person's id.
    pub person: String,
    /// The person's name.
    pub name: Option<String>,
    /// The name of the app.
    pub app: String,
    /// How many tokens end.
    pub tokens: u64,
    /// The person's page tokens, whether or not they end themselves.
    pub pages: u64,
    /// Counts the logins of this person in this forecast, from 1.
    pub round: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WeekOfRenewals {
    /// The first day of the week.
    pub week: Date,
    /// How many tokens are renewed.
    pub count: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForeseenEmail {
    /// When it is written.
    pub at: Timestamp,
    /// Its recipients.
    pub to: Vec<String>,
    /// Its subject.
    pub subject: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayOfCalls {
    /// The day.
    pub day: Date,
    /// The name of the app.
    pub app: String,
    /// The calls that are expected.
    pub expected: u64,
    /// The calls that `calls_per_hour` allows on a day.
    pub budget: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionEnding {
    /// The name of the app.
    pub app: String,
    /// `graph` or `marketing`.
    pub api: String,
    /// The version of the Graph API.
    pub version: String,
    /// The last day.
    pub on: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lapse {
    /// The name of the token.
    pub token: String,
    /// When the token stops working.
    pub at: Timestamp,
    /// Why nothing prevents it.
    pub why: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForecastLeftOut {
    /// How many logins are not listed.
    pub logins: u64,
    /// How many emails are not listed.
    pub emails: u64,
    /// How many lapses are not listed.
    pub lapses: u64,
    /// How many people with such pages are not listed.
    pub single_admin_pages: u64,
}

/// Why there is no forecast.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForecastError {
    #[error(
        "no token belongs to {0:?}. Give the name or the id of a person, as `perennial forecast` shows it"
    )]
    NoSuchPerson(String),
    #[error("no app is named {0:?}")]
    NoSuchApp(String),
    #[error("other forecasts are being made. Try again in a moment")]
    Busy,
    #[error("the daemon is stopping. Try again in a moment")]
    Stopping,
    /// The inventory could not be read.
    #[error("{0}")]
    Inventory(String),
}
