//! The simulated Facebook: people, grants and issued tokens. Pure: only [`World::set_now`] moves the time, randomness
//! comes from the seed, and nothing here waits.

mod action;
mod answer_style;
mod app;
mod apply_action;
mod business;
mod callbacks;
mod codes;
mod death;
mod derive;
mod exchange;
mod fleet;
mod grant;
mod ground_truth;
mod ids;
mod liveness;
mod login;
mod person;
mod randomness;
mod refresh;
mod scopes;
mod strike;
mod subscription;
mod system_user;
mod token;
mod token_lookup;
mod usage;
mod whatsapp;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::call_log::CallLog;
use super::faults::{FaultRule, Outage};
use randomness::Randomness;
use usage::Usage;

pub use action::Action;
pub use answer_style::{
    AnswerEnvelope, AnswerStyle, ExpiredAnswer, PermissionsFormat, RefreshRefusal, RefreshedToken,
};
pub use app::{AppMode, AppSpec, CodeGives, LongLived, ProofRule, SystemUserRule};
pub use business::Tenure;
pub use callbacks::Delivery;
pub use death::Death;
pub use exchange::{Reexchange, SystemUserValidity};
pub use fleet::FleetMember;
pub use grant::PageSelection;
pub use ground_truth::{TokenKind, TokenTruth};
pub use scopes::Permission;
pub use usage::RateLimit;
pub use whatsapp::EmbeddedSignup;

pub(crate) use app::App;
pub(crate) use business::Business;
pub(crate) use codes::{CodeError, Origin};
pub(crate) use death::{TokenError, missing_object};
pub(crate) use exchange::ExchangeError;
pub(crate) use grant::Grant;
pub(crate) use ids::{AppKey, Id, TokenKey};
pub(crate) use login::Consent;
pub(crate) use person::{Nature, Person};
pub(crate) use scopes::concerns_assets;
pub(crate) use token::{Lifetime, Token, TokenUse};
pub(crate) use token_lookup::{Known, Unreadable};
pub(crate) use usage::Payer;
pub(crate) use whatsapp::{PhoneNumber, WhatsAppAccount};

/// The whole state of the simulated Facebook.
#[derive(Debug)]
pub struct World {
    now: Timestamp,
    randomness: Randomness,
    apps: Vec<App>,
    people: BTreeMap<Id, Person>,
    pages: HashMap<Id, person::Page>,
    businesses: BTreeMap<Id, Business>,
    whatsapp_accounts: BTreeMap<Id, WhatsAppAccount>,
    grants: HashMap<(AppKey, Id), Grant>,
    /// The system users that Login for Business created, by app and person or business.
    business_users: HashMap<(AppKey, Id), Id>,
    codes: HashMap<String, codes::Code>,
    subscriptions: BTreeMap<(Id, AppKey), Vec<String>>,
    tokens: token::Store,
    reexchange: Reexchange,
    base_url: String,
    paging_host: Option<String>,
    pub(crate) call_log: CallLog,
    faults: Vec<FaultRule>,
    outage: Option<Outage>,
    usage: Usage,
    outbox: Vec<Delivery>,
    /// Scheduled actions, sorted by time.
    scheduled_actions: Vec<(Timestamp, Action)>,
    mishaps: Vec<WorldError>,
}

/// Why the world rejects a request of its driver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    #[error("the world has no {what} {id:?}; add it first")]
    Unknown { what: &'static str, id: String },
    #[error("the world has not issued this token")]
    UnknownToken,
    #[error("the id {0:?} is taken or not a number; choose another")]
    BadId(String),
    #[error("{0}")]
    Dialog(String),
    #[error("{0} must clear the checkpoint before logging in")]
    Checkpointed(String),
    #[error(
        "Meta would not return this page's token: check the role, the selected pages, pages_show_list, and whether the user token is alive"
    )]
    Withheld,
}

impl WorldError {
    pub(crate) fn unknown(what: &'static str, id: &str) -> Self {
        Self::Unknown {
            what,
            id: id.to_owned(),
        }
    }
}

impl World {
    /// Creates an empty world. The same seed gives the same ids and tokens.
    pub fn new(now: Timestamp, seed: u64) -> Self {
        Self {
            now,
            randomness: Randomness::new(seed),
            apps: Vec::new(),
            people: BTreeMap::new(),
            pages: HashMap::new(),
            businesses: BTreeMap::new(),
            whatsapp_accounts: BTreeMap::new(),
            grants: HashMap::new(),
            business_users: HashMap::new(),
            codes: HashMap::new(),
            subscriptions: BTreeMap::new(),
            tokens: token::Store::default(),
            reexchange: Reexchange::default(),
            base_url: "https://graph.facebook.com".to_owned(),
            paging_host: None,
            call_log: CallLog::default(),
            faults: Vec::new(),
            outage: None,
            usage: Usage::default(),
            outbox: Vec::new(),
            scheduled_actions: Vec::new(),
            mishaps: Vec::new(),
        }
    }

    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Moves the time and applies the actions that are due on the way.
    pub fn set_now(&mut self, now: Timestamp) {
        let due = self.scheduled_actions.partition_point(|(at, _)| *at <= now);
        for (at, action) in self.scheduled_actions.drain(..due).collect::<Vec<_>>() {
            self.now = at;
            if let Err(rejection) = self.happen(&action) {
                self.mishaps.push(rejection);
            }
        }
        self.now = now;
    }

    /// Schedules an action.
    pub fn schedule(&mut self, at: Timestamp, action: Action) {
        let place = self
            .scheduled_actions
            .partition_point(|(other, _)| *other <= at);
        self.scheduled_actions.insert(place, (at, action));
    }

    /// Takes the errors of scheduled actions.
    pub fn take_mishaps(&mut self) -> Vec<WorldError> {
        std::mem::take(&mut self.mishaps)
    }

    pub const fn call_log(&self) -> &CallLog {
        &self.call_log
    }

    pub const fn ledger_mut(&mut self) -> &mut CallLog {
        &mut self.call_log
    }

    /// Makes `paging.next` point to another origin, as a forged answer could.
    pub fn set_paging_host(&mut self, origin: Option<&str>) {
        self.paging_host = origin.map(str::to_owned);
    }

    pub(crate) fn paging_host(&self) -> &str {
        self.paging_host.as_deref().unwrap_or(&self.base_url)
    }

    pub(crate) fn set_base_url(&mut self, url: &str) {
        url.clone_into(&mut self.base_url);
    }
}

/// Returns `start` plus a span, or the largest representable time.
fn later(start: Timestamp, span: SignedDuration) -> Timestamp {
    start.checked_add(span).unwrap_or(Timestamp::MAX)
}
