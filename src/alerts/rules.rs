//! The settings of the alerts.

use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use super::channel::PostChannel;
use super::quiet_hours::Quiet;
use super::route::Route;
use crate::email::Templates;
use crate::email::text::Language;

/// The operator's settings for warnings and reminders.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How long before the earlier expiry to write, longest first.
    pub warn_before: Vec<SignedDuration>,
    pub remind_every: SignedDuration,
    /// Tokens that expire within this time after the first step are included in the same email.
    pub plan_window: SignedDuration,
    /// The recipients of operator incidents, and of emails about tokens without an owner.
    pub operators: Vec<String>,
    /// Send the operators a copy of every email.
    pub copy_operators: bool,
    /// After how long without a reaction an incident is escalated, and to whom; to the operators if nobody is named.
    pub escalate_after: Option<SignedDuration>,
    pub escalate_to: Vec<String>,
    /// The hours without emails that can wait.
    pub quiet_hours: Option<Quiet>,
    pub working_days: Vec<Weekday>,
    /// The first route that matches a token applies.
    pub routes: Vec<Route>,
    /// Where incidents are posted besides the emails.
    pub channels: Vec<PostChannel>,
    /// The configured apps. Errors of other apps are ignored.
    pub apps: Vec<String>,
    /// The domain of the sender, used in message ids.
    pub message_domain: String,
    pub language: Language,
    pub templates: Arc<Templates>,
    /// The time zone of times in emails.
    pub timezone: TimeZone,
    /// How to build login links; `None` without `[web]`.
    pub login_links: Option<LoginLinks>,
}

/// The settings for login links in emails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginLinks {
    /// Without a trailing slash.
    pub public_url: String,
    /// Apps whose logins may grant a system user's token (Login for Business).
    pub business_apps: Vec<String>,
}
