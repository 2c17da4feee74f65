//! Is a token alive, and what does Meta say of one that is not?

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::app::AppStanding;
use super::grant::Authorization;
use super::ids::TokenKey;
use super::person::{Nature, Standing};
use super::scopes::IMPERSONATION;
use super::token::{Kind, Token};
use super::{Grant, World};

/// Why Meta refuses a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Death {
    Expired,
    PasswordChanged,
    /// The person removed the app, or the app removed itself (`DELETE /me/permissions`).
    AppRemoved,
    /// `oauth/revoke`.
    Revoked,
    LoggedOut,
    /// Lifts by itself once the person has done what facebook.com asks.
    Checkpointed,
    Unconfirmed,
    RoleLost,
    PagePermissionMissing,
    PageGone,
    SecretReset,
    AppDeleted,
}

/// An error as the debugger and ordinary calls word it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenError {
    pub(crate) code: i64,
    pub(crate) subcode: Option<u32>,
    pub(crate) message: String,
}

impl Death {
    /// Meta hides when it was issued and when it would have ended, once a session was cut off.
    pub(crate) const fn hides_clocks(self) -> bool {
        match self {
            Self::PasswordChanged | Self::SecretReset | Self::LoggedOut | Self::AppRemoved => true,
            Self::Expired
            | Self::Revoked
            | Self::Checkpointed
            | Self::Unconfirmed
            | Self::RoleLost
            | Self::PagePermissionMissing
            | Self::PageGone
            | Self::AppDeleted => false,
        }
    }

    /// A recorded token that was ended by an API call showed no scopes any more.
    pub(crate) const fn hides_scopes(self) -> bool {
        matches!(self, Self::Revoked | Self::AppRemoved | Self::AppDeleted)
    }

    const fn code(self) -> (i64, Option<u32>) {
        match self {
            Self::Expired => (190, Some(463)),
            Self::PasswordChanged | Self::SecretReset => (190, Some(460)),
            Self::AppRemoved => (190, Some(458)),
            Self::Revoked => (190, Some(466)),
            Self::LoggedOut => (190, Some(467)),
            Self::Checkpointed => (190, Some(459)),
            Self::Unconfirmed => (190, Some(464)),
            Self::RoleLost => (190, Some(492)),
            Self::PagePermissionMissing | Self::AppDeleted => (190, None),
            Self::PageGone => (100, Some(33)),
        }
    }
}

impl World {
    pub fn is_alive(&self, token: &str) -> bool {
        self.token_key(token)
            .is_some_and(|key| self.verdict(key).is_ok())
    }

    /// Each cause is looked up where it arose, so one password change ends 1,842 page tokens at
    /// once and at no cost.
    pub(crate) fn verdict(&self, key: TokenKey) -> Result<(), Death> {
        let token = self.token(key);
        self.app_lives(token)?;
        self.was_not_ended(token)?;
        self.session_lives(token)?;
        if token.expires_at.is_some_and(|end| end <= self.now) {
            return Err(Death::Expired);
        }
        match token.kind {
            Kind::Page(_) => self.page_lives(token),
            Kind::User | Kind::SystemUser => Ok(()),
        }
    }

    fn app_lives(&self, token: &Token) -> Result<(), Death> {
        let app = self.app(token.app);
        match app.standing {
            AppStanding::Deleted => Err(Death::AppDeleted),
            AppStanding::Live if app.epoch != token.epochs.secret => Err(Death::SecretReset),
            AppStanding::Live => Ok(()),
        }
    }

    /// Revoking a user token is taken to end the page tokens read through it (no case recorded).
    fn was_not_ended(&self, token: &Token) -> Result<(), Death> {
        let own = token.ended;
        let parents = token.parent.and_then(|parent| self.token(parent).ended);
        own.or(parents).map_or(Ok(()), Err)
    }

    fn session_lives(&self, token: &Token) -> Result<(), Death> {
        let person = self.person(token.holder);
        if person.sessions != token.epochs.sessions {
            return Err(match person.nature {
                Nature::Human => Death::PasswordChanged,
                Nature::SystemUser { .. } => Death::Revoked,
            });
        }
        match self.grant(token.app, token.holder) {
            Some(Grant {
                standing: Authorization::Given,
                epoch,
                ..
            }) if *epoch == token.epochs.grant => {}
            Some(_) | None => return Err(Death::AppRemoved),
        }
        match person.standing {
            Standing::Good => Ok(()),
            Standing::Checkpointed => Err(Death::Checkpointed),
            Standing::Unconfirmed => Err(Death::Unconfirmed),
        }
    }

    fn page_lives(&self, token: &Token) -> Result<(), Death> {
        let page = token.subject();
        if self.page(page).is_none() {
            return Err(Death::PageGone);
        }
        if !self.person(token.holder).roles.contains_key(&page) {
            return Err(Death::RoleLost);
        }
        let may_act = self.grant(token.app, token.holder).is_some_and(|grant| {
            let mut scopes = token.live_scopes(grant);
            self.reaches(grant, token, page) && scopes.any(|scope| IMPERSONATION.contains(&scope))
        });
        if may_act {
            Ok(())
        } else {
            Err(Death::PagePermissionMissing)
        }
    }

    pub(crate) fn token_error(&self, key: TokenKey, death: Death) -> TokenError {
        let (code, subcode) = death.code();
        let message = match death {
            Death::AppDeleted | Death::RoleLost => plain_message(death).to_owned(),
            Death::PageGone => missing_object(&self.token(key).subject().to_string(), "get"),
            Death::PagePermissionMissing => permission_message(),
            Death::Expired => format!("Error validating access token: {}", self.expiry_of(key)),
            Death::AppRemoved => format!(
                "Error validating access token: The user has not authorized application {}.",
                self.app(self.token(key).app).id
            ),
            Death::PasswordChanged
            | Death::SecretReset
            | Death::Revoked
            | Death::LoggedOut
            | Death::Checkpointed
            | Death::Unconfirmed => {
                format!("Error validating access token: {}", plain_message(death))
            }
        };
        TokenError {
            code,
            subcode,
            message,
        }
    }

    fn expiry_of(&self, key: TokenKey) -> String {
        let end = self.token(key).expires_at.unwrap_or(self.now);
        let (end, now) = (pacific(end), pacific(self.now));
        format!("Session has expired on {end}. The current time is {now}.")
    }
}

const fn plain_message(death: Death) -> &'static str {
    match death {
        Death::PasswordChanged | Death::SecretReset => {
            "The session has been invalidated because the user changed their password or Facebook \
             has changed the session for security reasons."
        }
        Death::Revoked => "The session was invalidated explicitly using an API call.",
        Death::LoggedOut => "The session is invalid because the user logged out.",
        Death::Checkpointed => {
            "You cannot access the app till you log in to www.facebook.com and follow the \
             instructions given."
        }
        Death::Unconfirmed => {
            "Sessions for the user are not allowed because the user is not a confirmed user."
        }
        Death::RoleLost => {
            "The user must be an administrator, editor, or moderator of the page in order to \
             impersonate it. If the page business requires Two Factor Authentication, the user \
             also needs to enable Two Factor Authentication."
        }
        Death::AppDeleted => "Error validating application. Application has been deleted.",
        Death::Expired | Death::AppRemoved | Death::PagePermissionMissing | Death::PageGone => "",
    }
}

fn permission_message() -> String {
    let (last, others) = IMPERSONATION.split_last().unwrap_or((&"", &[]));
    format!(
        "Any of the {} or {last} permission(s) must be granted before impersonating a user's page.",
        others.join(", ")
    )
}

/// Meta tells missing objects and missing permissions apart for nobody.
pub(crate) fn missing_object(id: &str, method: &str) -> String {
    format!(
        "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due \
         to missing permissions, or does not support this operation. Please read the Graph API \
         documentation at https://developers.facebook.com/docs/graph-api"
    )
}

/// Meta words times in California's.
fn pacific(instant: Timestamp) -> String {
    let zone = TimeZone::posix("PST8PDT,M3.2.0,M11.1.0").unwrap_or(TimeZone::UTC);
    instant
        .to_zoned(zone)
        .strftime("%A, %d-%b-%y %H:%M:%S %Z")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_worded_as_in_the_recorded_answers() {
        for (second, text) in [
            (1_668_613_551, "Wednesday, 16-Nov-22 07:45:51 PST"),
            (1_621_000_000, "Friday, 14-May-21 06:46:40 PDT"),
        ] {
            assert_eq!(pacific(Timestamp::from_second(second).unwrap()), text);
        }
    }
}
