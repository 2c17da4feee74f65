//! The words that users, programs and the database share: kinds, states, causes, remedies, outcomes, actions.

/// An enum whose variants are words to users, programs and the database alike.
macro_rules! string_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word that users, programs and the database know it by.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            pub fn from_name(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub(crate) use string_enum;

string_enum! {
    /// What sort of token it is, as Meta's debugger says, not as the importer believed.
    Kind {
        User = "user",
        Page = "page",
        SystemUser = "system_user",
        App = "app",
    }
}

string_enum! {
    /// One word for how a token is doing.
    State {
        Unverified = "unverified",
        Healthy = "healthy",
        Expiring = "expiring",
        Failing = "failing",
        Dead = "dead",
    }
}

string_enum! {
    /// Who or what can lift the trouble.
    Remedy {
        Login = "login",
        Reauthorize = "reauthorize",
        GrantPermissions = "grant_permissions",
        RestorePageRole = "restore_page_role",
        ClearCheckpoint = "clear_checkpoint",
        FixApp = "fix_app",
        Wait = "wait",
    }
}

string_enum! {
    /// Why a token needs somebody, in a short word that stays.
    Cause {
        /// It ends within the first warning step and nothing we did moved its end.
        ExpiresSoon = "expires_soon",
        Expired = "expired",
        DataAccessExpiresSoon = "data_access_expires_soon",
        DataAccessExpired = "data_access_expired",
        PasswordChanged = "password_changed",
        AppRemoved = "app_removed",
        /// Logged out, revoked by a call, or ended by Meta without a reason that we can tell.
        SessionEnded = "session_ended",
        /// Meta ended this page token alone, as when somebody generates a new one by hand.
        ReplacedElsewhere = "replaced_elsewhere",
        Checkpoint = "checkpoint",
        PageRoleLost = "page_role_lost",
        PageGone = "page_gone",
        PermissionMissing = "permission_missing",
        /// Meta cannot parse the stored value: truncated, altered or from another platform.
        Unreadable = "unreadable",
        /// The token belongs to another app than the one it is filed under.
        WrongApp = "wrong_app",
        AppSecretWrong = "app_secret_wrong",
        /// The app is deleted, disabled, or unknown to Meta.
        AppUnavailable = "app_unavailable",
        /// Meta blocks the app's calls for a while, for policy or abuse.
        Blocked = "blocked",
        Throttled = "throttled",
        /// Meta does not answer, or answers with its own faults.
        Outage = "outage",
        /// An answer that we do not understand.
        Unexplained = "unexplained",
    }
}

impl Cause {
    pub const fn remedy(self) -> Remedy {
        match self {
            Self::ExpiresSoon
            | Self::Expired
            | Self::PasswordChanged
            | Self::AppRemoved
            | Self::SessionEnded
            | Self::ReplacedElsewhere
            | Self::Unreadable => Remedy::Login,
            Self::DataAccessExpiresSoon | Self::DataAccessExpired => Remedy::Reauthorize,
            Self::Checkpoint => Remedy::ClearCheckpoint,
            Self::PageRoleLost | Self::PageGone => Remedy::RestorePageRole,
            Self::PermissionMissing => Remedy::GrantPermissions,
            Self::WrongApp | Self::AppSecretWrong | Self::AppUnavailable => Remedy::FixApp,
            Self::Blocked | Self::Throttled | Self::Outage | Self::Unexplained => Remedy::Wait,
        }
    }

    /// A person can lift it without giving us a new token, so looking again is worth a call.
    pub const fn may_lift_by_itself(self) -> bool {
        match self {
            // A later login renews the access to data without another token.
            Self::DataAccessExpired
            | Self::Checkpoint
            | Self::PageRoleLost
            | Self::PageGone
            | Self::PermissionMissing
            | Self::AppUnavailable => true,
            Self::ExpiresSoon
            | Self::Expired
            | Self::DataAccessExpiresSoon
            | Self::PasswordChanged
            | Self::AppRemoved
            | Self::SessionEnded
            | Self::ReplacedElsewhere
            | Self::Unreadable
            | Self::WrongApp
            | Self::AppSecretWrong
            | Self::Blocked
            | Self::Throttled
            | Self::Outage
            | Self::Unexplained => false,
        }
    }

    /// Only the operator can do anything about it; the token's owner is left in peace.
    pub const fn concerns_operator(self) -> bool {
        matches!(self.remedy(), Remedy::FixApp | Remedy::Wait) || matches!(self, Self::Unreadable)
    }

    /// An end that is still to come.
    pub const fn is_upcoming(self) -> bool {
        matches!(self, Self::ExpiresSoon | Self::DataAccessExpiresSoon)
    }

    /// Concerns the app itself rather than any of its tokens.
    pub const fn is_about_app(self) -> bool {
        matches!(
            self,
            Self::AppSecretWrong
                | Self::AppUnavailable
                | Self::Outage
                | Self::Blocked
                | Self::Unexplained
                | Self::Throttled
        )
    }

    /// What is one story for a person: an end that comes and the same end come.
    pub const fn incident_key(self) -> Self {
        match self {
            Self::ExpiresSoon => Self::Expired,
            Self::DataAccessExpiresSoon => Self::DataAccessExpired,
            other => other,
        }
    }
}

string_enum! {
    /// Whether the app is told of what happens on a page.
    Subscription {
        Subscribed = "subscribed",
        /// Not at all, or not of all that the operator wants.
        Missing = "missing",
        /// Meta did not say.
        Unknown = "unknown",
    }
}

string_enum! {
    /// What an exchange really did, measured before and after.
    Outcome {
        /// The new token ends measurably later, and is stored.
        Renewed = "renewed",
        /// Another string with the same end: nothing is won.
        SameExpiry = "same_expiry",
        /// Meta gave the same string back.
        Unchanged = "unchanged",
        /// Meta refused the exchange for good.
        Refused = "refused",
        /// No usable answer, or an answer that was not confirmed for the same app, kind and subject.
        Failed = "failed",
    }
}

string_enum! {
    /// What a visit to Meta is for.
    Action {
        Check = "check",
        Rotate = "rotate",
        Derive = "derive",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_serde_writes() {
        for &cause in Cause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.as_str());
            assert_eq!(Cause::from_name(cause.as_str()), Some(cause));
        }
        for &remedy in Remedy::ALL {
            assert_eq!(serde_json::to_value(remedy).unwrap(), remedy.as_str());
        }
        for &outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
    }
}
