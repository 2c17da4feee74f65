//! The inventory's short words, as sentences for people.

use crate::model::{Action, Cause, Outcome, Remedy};

pub(crate) const fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::ExpiresSoon => "it ends soon, and no renewal has moved that",
        Cause::Expired => "it has expired",
        Cause::DataAccessExpiresSoon => "its access to the person's data ends soon",
        Cause::DataAccessExpired => "its access to the person's data has ended",
        Cause::PasswordChanged => "the person's password was changed",
        Cause::AppRemoved => "the person removed the app",
        Cause::SessionEnded => "Meta ended the person's session",
        Cause::ReplacedElsewhere => {
            "Meta ended this token alone, as when a new one is generated for the page by hand"
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
        Cause::Unexplained => "Meta gave an answer that nobody here understands",
    }
}

/// What has to be done, in as few words as a table has room for.
pub(crate) const fn remedy(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Login => "log in again",
        Remedy::Reauthorize => "renew the data access",
        Remedy::GrantPermissions => "grant permissions",
        Remedy::RestorePageRole => "restore the page role",
        Remedy::ClearCheckpoint => "pass Meta's security check",
        Remedy::FixApp => "fix the app",
        Remedy::Wait => "nothing, it is tried again",
    }
}

pub(crate) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Renewed => "renewed: it now ends later",
        Outcome::SameExpiry => "a new token with the same end; nothing was won",
        Outcome::Unchanged => "Meta gave the same token back; nothing was won",
        Outcome::Refused => "Meta refused to renew it",
        Outcome::Failed => "no usable answer; the token in use is kept",
    }
}

pub(crate) const fn action(action: Action) -> &'static str {
    match action {
        Action::Check => "check",
        Action::Rotate => "renewal",
        Action::Derive => "reading it anew through its parent",
    }
}

/// Why an order to rotate was not carried out, from the word in its event.
pub(crate) fn not_rotated(word: &str) -> &str {
    match word {
        "never_expires" => "it never expires, so there is nothing to renew",
        "end_unknown" => "its end is not known, so a renewal could not be measured",
        "wrong_kind" => {
            "its kind cannot be renewed; page tokens are read anew through their parent"
        }
        "tried_today" => "it was tried within the last 24 hours",
        other => other,
    }
}
