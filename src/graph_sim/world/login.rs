//! A person's login to an app, and the tokens that it issues.

use jiff::Timestamp;

use super::app::LongLived;
use super::callbacks::Verb;
use super::grant::{Authorization, Grant, PageSelection};
use super::ids::{AppKey, Id, TokenKey};
use super::person::{AccountStatus, Nature};
use super::refresh::{LONG_LIVED, SHORT_LIVED};
use super::scopes::PUBLIC_PROFILE;
use super::token::{Draft, Kind, Lifetime, SIXTY_DAYS};
use super::{World, WorldError, later};
use crate::graph_sim::platform::Platform;

/// A person's answers in the login dialog.
#[derive(Clone, Debug, Default)]
pub(crate) struct Consent {
    pub(crate) granted: Vec<String>,
    pub(crate) declined: Vec<String>,
    pub(crate) pages: PageSelection,
}

impl World {
    /// Issues the token of a browser login before the exchange, with all pages: valid for one or two hours at Facebook,
    /// and for one elsewhere.
    pub fn issue_short_lived(
        &mut self,
        app: &str,
        person: &str,
        scopes: &[&str],
    ) -> Result<String, WorldError> {
        let (app, person) = self.consent(app, person, scopes, PageSelection::All)?;
        let key = self.issue_short_user_token(app, person);
        Ok(self.token(key).text.to_string())
    }

    /// Login, code and long-lived exchange in one. Renews both the token's expiry and the data access.
    pub fn log_in(
        &mut self,
        app: &str,
        person: &str,
        scopes: &[&str],
        pages: PageSelection,
    ) -> Result<String, WorldError> {
        let (app, person) = self.consent(app, person, scopes, pages)?;
        let key = self.issue_long_user_token(app, person);
        Ok(self.token(key).text.to_string())
    }

    pub(super) fn consent(
        &mut self,
        app: &str,
        person: &str,
        scopes: &[&str],
        pages: PageSelection,
    ) -> Result<(AppKey, Id), WorldError> {
        let key = (self.app_key(app)?, self.person_id(person)?);
        let consent = Consent {
            granted: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            declined: Vec::new(),
            pages,
        };
        self.authorize(key.0, key.1, consent)?;
        Ok(key)
    }

    /// Records a login. Permissions accumulate over logins; the latest page selection replaces the one before.
    pub(crate) fn authorize(
        &mut self,
        app: AppKey,
        person: Id,
        mut consent: Consent,
    ) -> Result<(), WorldError> {
        if self.person(person).status != AccountStatus::Good {
            return Err(WorldError::Checkpointed(person.to_string()));
        }
        let picked = self.picked(&consent.pages)?;
        let platform = self.app(app).platform;
        if platform == Platform::Facebook {
            consent.granted.push(PUBLIC_PROFILE.to_owned());
        }
        let now = self.now;
        let grant = self
            .grants
            .entry((app, person))
            .or_insert_with(|| Grant::new(now, None));
        grant.status = Authorization::Given;
        grant.picked = picked;
        grant.logged_in_at = now;
        // Instagram shows no such time.
        if platform != Platform::Instagram {
            grant.renew_data_access(now);
        }
        let changes = grant.record(consent.granted, consent.declined);
        for scope in changes {
            self.post_permission(app, person, &scope, Verb::Granted);
        }
        Ok(())
    }

    pub(crate) fn issue_short_user_token(&mut self, app: AppKey, person: Id) -> TokenKey {
        let now = self.now;
        let end = match self.app(app).platform {
            Platform::Facebook => short_lived_end(now),
            Platform::Instagram | Platform::Threads => later(now, SHORT_LIVED),
        };
        self.issue_user_token(app, person, Lifetime::Short, now, Some(end))
    }

    pub(crate) fn issue_long_user_token(&mut self, app: AppKey, person: Id) -> TokenKey {
        match self.app(app).platform {
            Platform::Facebook => self.issue_long_facebook_token(app, person),
            Platform::Instagram | Platform::Threads => {
                let (now, end) = (self.now, later(self.now, LONG_LIVED));
                self.issue_user_token(app, person, Lifetime::Long, now, Some(end))
            }
        }
    }

    /// The lifetime starts at the login, not at the exchange: all measured re-exchanges show this.
    fn issue_long_facebook_token(&mut self, app: AppKey, person: Id) -> TokenKey {
        let logged_in_at = self
            .grant(app, person)
            .map_or(self.now, |grant| grant.logged_in_at);
        let expires_at = match self.app(app).long_lived {
            LongLived::SixtyDays => Some(later(logged_in_at, SIXTY_DAYS)),
            LongLived::Never => None,
        };
        self.issue_user_token(app, person, Lifetime::Long, logged_in_at, expires_at)
    }

    pub(super) fn issue_user_token(
        &mut self,
        app: AppKey,
        person: Id,
        validity: Lifetime,
        issued_at: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> TokenKey {
        let scopes = self
            .grant(app, person)
            .map(|grant| grant.granted().collect());
        self.issue(Draft {
            app,
            kind: self.kind_of(person),
            subject: person,
            validity,
            issued_at,
            expires_at,
            scopes: scopes.unwrap_or_default(),
            parent: None,
        })
    }

    fn kind_of(&self, person: Id) -> Kind {
        match self.person(person).nature {
            Nature::Human => Kind::User,
            Nature::SystemUser { .. } => Kind::SystemUser,
        }
    }
}

/// Every recorded short-lived token of Facebook expires on a full hour, one to two hours ahead.
pub(super) fn short_lived_end(now: Timestamp) -> Timestamp {
    const HOUR: i64 = 3_600;
    let end = (now.as_second() + 2 * HOUR - 1).div_euclid(HOUR) * HOUR;
    Timestamp::from_second(end).unwrap_or(Timestamp::MAX)
}
