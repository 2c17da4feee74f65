//! Why a token is rejected, and Meta's message about it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::World;
use super::answer_style::ExpiredAnswer;
use super::ids::TokenKey;
use super::scopes::IMPERSONATION;
use crate::graph_sim::platform::Platform;

/// The code of Threads for anything that is not there.
const MISSING_RESOURCE: i64 = 24;

/// Why Meta rejects a token.
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
    /// Ends when the person has followed the instructions on facebook.com.
    Checkpointed,
    /// A check that Facebook shows within the session rather than at the next login.
    LockedOut,
    Unconfirmed,
    /// The person did not use the app for 90 days.
    Disengaged,
    RoleLost,
    PagePermissionMissing,
    PageGone,
    SecretReset,
    AppDeleted,
    /// Meta does not let the app use its API with this token.
    ApiBlocked,
}

/// An error as the debugger and ordinary calls report it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenError {
    pub(crate) code: i64,
    pub(crate) subcode: Option<u32>,
    pub(crate) message: String,
}

impl Death {
    /// After a session ended, Meta hides when the token was issued and when it would have expired.
    pub(crate) const fn hides_clocks(self) -> bool {
        match self {
            Self::PasswordChanged | Self::SecretReset | Self::LoggedOut | Self::AppRemoved => true,
            Self::Expired
            | Self::Revoked
            | Self::Checkpointed
            | Self::LockedOut
            | Self::Unconfirmed
            | Self::Disengaged
            | Self::RoleLost
            | Self::PagePermissionMissing
            | Self::PageGone
            | Self::AppDeleted
            | Self::ApiBlocked => false,
        }
    }

    /// A recorded token that an API call had ended showed no scopes any more.
    pub(crate) const fn hides_scopes(self) -> bool {
        matches!(
            self,
            Self::Revoked | Self::AppRemoved | Self::AppDeleted | Self::ApiBlocked
        )
    }

    const fn code(self) -> (i64, Option<u32>) {
        match self {
            Self::Expired => (190, Some(463)),
            Self::PasswordChanged | Self::SecretReset => (190, Some(460)),
            Self::AppRemoved => (190, Some(458)),
            Self::Revoked => (190, Some(466)),
            Self::LoggedOut => (190, Some(467)),
            Self::Checkpointed => (190, Some(459)),
            Self::LockedOut => (190, Some(490)),
            Self::Unconfirmed => (190, Some(464)),
            Self::Disengaged => (190, Some(493)),
            Self::RoleLost => (190, Some(492)),
            Self::PagePermissionMissing | Self::AppDeleted => (190, None),
            Self::PageGone => (100, Some(33)),
            Self::ApiBlocked => (200, None),
        }
    }
}

impl World {
    pub(crate) fn token_error(&self, key: TokenKey, death: Death) -> TokenError {
        let (code, subcode) = self.code(key, death);
        let message = match death {
            Death::AppDeleted | Death::RoleLost | Death::ApiBlocked => {
                plain_message(death).to_owned()
            }
            Death::PageGone => missing_object(&self.token(key).subject().to_string(), "get"),
            Death::PagePermissionMissing => permission_message(),
            Death::Expired if code == MISSING_RESOURCE => {
                "The requested resource does not exist".to_owned()
            }
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
            | Death::LockedOut
            | Death::Unconfirmed
            | Death::Disengaged => {
                format!("Error validating access token: {}", plain_message(death))
            }
        };
        TokenError {
            code,
            subcode,
            message,
        }
    }

    fn code(&self, key: TokenKey, death: Death) -> (i64, Option<u32>) {
        let app = self.app(self.token(key).app);
        match (app.platform, death, app.answers.expired) {
            (Platform::Facebook, _, _) => death.code(),
            (_, Death::Expired, ExpiredAnswer::WithoutSubcode) => (190, None),
            (_, Death::Expired, ExpiredAnswer::SubcodeZero) => (190, Some(0)),
            (_, Death::Expired, ExpiredAnswer::MissingResource) => (MISSING_RESOURCE, None),
            (Platform::Instagram | Platform::Threads, _, _) => death.code(),
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
        Death::LockedOut => "The user is enrolled in a blocking, logged-in checkpoint",
        Death::Disengaged => {
            "The access token is invalid since the user hasn't engaged the app in longer than 90 \
             days."
        }
        Death::ApiBlocked => "API access blocked.",
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

/// Meta sends the same message for missing objects and missing permissions.
pub(crate) fn missing_object(id: &str, method: &str) -> String {
    format!(
        "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due \
         to missing permissions, or does not support this operation. Please read the Graph API \
         documentation at https://developers.facebook.com/docs/graph-api"
    )
}

/// Meta's messages contain times in Pacific Time.
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
