//! Enums that users, programs and the database share: kinds, states, outcomes, actions.

/// An enum whose variants have fixed names for users, programs and the database.
macro_rules! string_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name that users, programs and the database use.
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
    /// The kind of a token, as Meta's debugger reports it, not as the importer believed.
    Kind {
        User = "user",
        Page = "page",
        SystemUser = "system_user",
        App = "app",
        InstagramUser = "instagram_user",
        ThreadsUser = "threads_user",
    }
}

impl Kind {
    /// Whether a person logs in for it, so that its subject is that person.
    pub const fn is_persons_own(self) -> bool {
        matches!(self, Self::User | Self::InstagramUser | Self::ThreadsUser)
    }

    /// Whether Meta says when such a token ends and what it permits only once: when it is granted or renewed.
    pub const fn is_described_once(self) -> bool {
        matches!(self, Self::InstagramUser | Self::ThreadsUser)
    }
}

string_enum! {
    /// The state of a token.
    State {
        Unverified = "unverified",
        Healthy = "healthy",
        Expiring = "expiring",
        Failing = "failing",
        Dead = "dead",
    }
}

impl State {
    /// Whether programs can use the token as they need to.
    pub const fn works(self) -> bool {
        matches!(self, Self::Healthy | Self::Expiring)
    }
}

string_enum! {
    /// Whether the app gets a page's webhooks.
    Subscription {
        Subscribed = "subscribed",
        /// Not at all, or not for all fields that the operator wants.
        Missing = "missing",
        /// Meta did not say.
        Unknown = "unknown",
    }
}

string_enum! {
    /// What an exchange did, measured before and after.
    Outcome {
        /// The new token expires measurably later, and is stored.
        Renewed = "renewed",
        /// Another string with the same expiry: nothing is gained.
        SameExpiry = "same_expiry",
        /// Meta gave the same string back.
        Unchanged = "unchanged",
        /// Meta renews a token of this platform only from an age of one day on. Only an order tries it sooner.
        TooYoung = "too_young",
        /// Meta refused the exchange for good.
        Refused = "refused",
        /// No usable answer, or an answer that was not confirmed for the same app, kind and subject.
        Failed = "failed",
    }
}

string_enum! {
    /// What the daemon does with a token when it is due.
    Action {
        Check = "check",
        Rotate = "rotate",
        Derive = "derive",
    }
}

string_enum! {
    /// Why an ordered exchange is not made.
    RejectReason {
        /// An exchange could turn a token that never expires into one that does.
        NeverExpires = "never_expires",
        /// The expiry is unknown, so the result could not be measured.
        EndUnknown = "end_unknown",
        /// App tokens cannot be exchanged, and page tokens are derived instead.
        WrongKind = "wrong_kind",
        TriedToday = "tried_today",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_serde_writes() {
        for &outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
    }
}
