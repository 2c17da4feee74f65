//! The terms of the model in plain English: the same words wherever operators read them.

use super::{Action, Cause, Kind, LoginError, OrderOutcome, Outcome, RejectReason, Remedy};

impl Cause {
    pub const fn describe(self) -> &'static str {
        match self {
            Self::ExpiresSoon => "it expires soon, and no renewal has changed that",
            Self::Expired => "it has expired",
            Self::DataAccessExpiresSoon => "its access to the person's data ends soon",
            Self::DataAccessExpired => "its access to the person's data has ended",
            Self::PasswordChanged => "the person's password was changed",
            Self::AppRemoved => "the person removed the app",
            Self::SessionEnded => "Meta ended the person's session",
            Self::ReplacedElsewhere => {
                "Meta ended only this token, as it does when someone generates a new one for the page"
            }
            Self::Checkpoint => "Meta wants the person to pass a security check",
            Self::PageRoleLost => "the person lost the role on the page",
            Self::PageGone => "the page is gone or hidden",
            Self::PermissionMissing => "a permission is missing",
            Self::Unreadable => "Meta cannot read it",
            Self::WrongApp => "it belongs to another app",
            Self::AppSecretWrong => "Meta refuses the app's secret",
            Self::AppUnavailable => "the app is deleted or disabled",
            Self::VersionEnded => "Meta no longer serves the app's Graph version",
            Self::Blocked => "Meta blocks the app's calls",
            Self::Throttled => "Meta limits the app's calls",
            Self::Outage => "Meta does not answer",
            Self::Unexplained => "Meta gave an answer that Perennial does not know",
            Self::DeliveryFailing => "tokens cannot be delivered",
            Self::ConsumerBehind => "a consumer has not confirmed the version in use",
            Self::CommitsLost => "a standby of the database took over without the last commits",
        }
    }
}

impl Kind {
    /// What people call the place where they log in for such a token.
    pub const fn platform(self) -> &'static str {
        match self {
            Self::User | Self::Page | Self::SystemUser | Self::App => "Facebook",
            Self::InstagramUser => "Instagram",
            Self::ThreadsUser => "Threads",
        }
    }
}

impl Remedy {
    /// Whether the person acts at Meta, and a check then shows whether it works.
    pub const fn is_lifted_elsewhere(self) -> bool {
        matches!(self, Self::RestorePageRole | Self::ClearCheckpoint)
    }

    /// What has to be done, short enough for a table.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Login => "log in again",
            Self::Reauthorize => "renew the data access",
            Self::GrantPermissions => "grant permissions",
            Self::RestorePageRole => "restore the page role",
            Self::ClearCheckpoint => "pass Meta's security check",
            Self::FixApp => "fix the app",
            Self::FixDelivery => "fix the delivery",
            Self::UpdateConsumer => "update the consumer",
            Self::FixDatabase => "let commits wait for the standby",
            Self::Wait => "nothing, Perennial retries",
        }
    }
}

impl OrderOutcome {
    pub const fn describe(self) -> &'static str {
        match self {
            Self::CarriedOut => "carried out",
            Self::Refused => "not done: no call could be made for the app",
        }
    }
}

impl Outcome {
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Renewed => "renewed: it now expires later",
            Self::SameExpiry => "a new token with the same expiry; not renewed",
            Self::Unchanged => "Meta gave the same token back; not renewed",
            Self::TooYoung => "Meta does not renew it yet: it must be a day old",
            Self::Refused => "Meta refused to renew it",
            Self::Failed => "no usable answer; the token in use is kept",
        }
    }
}

impl Action {
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Rotate => "renewal",
            Self::Derive => "reading it again through its parent",
        }
    }
}

impl RejectReason {
    pub const fn describe(self) -> &'static str {
        match self {
            Self::NeverExpires => "it never expires, so there is nothing to renew",
            Self::EndUnknown => "its expiry is unknown, so a renewal could not be measured",
            Self::WrongKind => {
                "its kind cannot be renewed; page tokens are derived again through their parent"
            }
            Self::TriedToday => "it was tried within the last 24 hours",
        }
    }
}

impl LoginError {
    /// For operators. The person who logged in reads other sentences, on the page with the result.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::NotAllowed => {
                "Facebook sent the person back without a permission. It also does so if the app is not live or the \
                 person has no role in it"
            }
            Self::AppRefused => {
                "Meta does not let people log in to the app. Check the app's state in Meta's dashboard"
            }
            Self::CodeUsed | Self::CodeExpired => {
                "the code from Facebook was already used, or is too old"
            }
            Self::RedirectRefused => {
                "the redirect URI is not among the valid OAuth redirect URIs in Meta's dashboard"
            }
            Self::Busy => "Meta is limiting the app's calls",
            Self::Lost => "Meta did not answer, so the code may or may not have been used",
            Self::Unusable => "Meta does not confirm the new token",
        }
    }
}
