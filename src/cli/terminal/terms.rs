//! Translates the inventory's terms into plain English.

use crate::model::{Action, Cause, Outcome, Remedy};

pub(crate) const fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::ExpiresSoon => "it expires soon, and no renewal has changed that",
        Cause::Expired => "it has expired",
        Cause::DataAccessExpiresSoon => "its access to the person's data ends soon",
        Cause::DataAccessExpired => "its access to the person's data has ended",
        Cause::PasswordChanged => "the person's password was changed",
        Cause::AppRemoved => "the person removed the app",
        Cause::SessionEnded => "Meta ended the person's session",
        Cause::ReplacedElsewhere => {
            "Meta ended only this token, as it does when someone generates a new one for the page"
        }
        Cause::Checkpoint => "Meta wants the person to pass a security check",
        Cause::PageRoleLost => "the person lost the role on the page",
        Cause::PageGone => "the page is gone or hidden",
        Cause::PermissionMissing => "a permission is missing",
        Cause::Unreadable => "Meta cannot read it",
        Cause::WrongApp => "it belongs to another app",
        Cause::AppSecretWrong => "Meta refuses the app's secret",
        Cause::AppUnavailable => "the app is deleted or disabled",
        Cause::Blocked => "Meta blocks the app's calls",
        Cause::Throttled => "Meta limits the app's calls",
        Cause::Outage => "Meta does not answer",
        Cause::Unexplained => "Meta gave an answer that Perennial does not know",
    }
}

/// What has to be done, short enough for a table.
pub(crate) const fn remedy(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Login => "log in again",
        Remedy::Reauthorize => "renew the data access",
        Remedy::GrantPermissions => "grant permissions",
        Remedy::RestorePageRole => "restore the page role",
        Remedy::ClearCheckpoint => "pass Meta's security check",
        Remedy::FixApp => "fix the app",
        Remedy::Wait => "nothing, Perennial retries",
    }
}

pub(crate) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Renewed => "renewed: it now expires later",
        Outcome::SameExpiry => "a new token with the same expiry; not renewed",
        Outcome::Unchanged => "Meta gave the same token back; not renewed",
        Outcome::Refused => "Meta refused to renew it",
        Outcome::Failed => "no usable answer; the token in use is kept",
    }
}

pub(crate) const fn action(action: Action) -> &'static str {
    match action {
        Action::Check => "check",
        Action::Rotate => "renewal",
        Action::Derive => "reading it again through its parent",
    }
}

/// Why an order to rotate was not carried out, from the reason in its event.
pub(crate) fn not_rotated(word: &str) -> &str {
    match word {
        "never_expires" => "it never expires, so there is nothing to renew",
        "end_unknown" => "its expiry is unknown, so a renewal could not be measured",
        "wrong_kind" => {
            "its kind cannot be renewed; page tokens are read again through their parent"
        }
        "tried_today" => "it was tried within the last 24 hours",
        other => other,
    }
}
