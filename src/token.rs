//! The nouns of the trade: what a token is, what Meta last told of it, and who must act.
//! Nothing here asks a clock, a disk or a network.

use jiff::Timestamp;

/// A token's row in the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub i64);

/// A token as the inventory knows it. The secret itself travels apart, see [`crate::secret`].
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub id: TokenId,
    pub app: String,
    pub name: String,
    /// What Meta last told of it; `None` until Meta has described it once.
    pub facts: Option<Facts>,
    pub subject_name: Option<String>,
    /// The user token that a page token was derived from.
    pub parent: Option<TokenId>,
    pub health: Health,
    pub required_scopes: Scopes,
    pub owners: Vec<String>,
    /// Which secret is the current one: 1 for the imported, then counting up.
    pub version: u32,
    pub fingerprint: String,
    pub imported_at: Timestamp,
    pub checked_at: Option<Timestamp>,
    pub rotated_at: Option<Timestamp>,
    pub last_rotation: Option<Rotation>,
    /// What the next visit is for and when; `None` when only a person can change anything.
    pub next: Option<Next>,
}

/// What Meta's debugger says of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub kind: Kind,
    /// The user's id, or the page's.
    pub subject: String,
    /// The user behind it: for a page token the person who granted it.
    pub person: String,
    pub issued_at: Option<Timestamp>,
    pub expires_at: Clock,
    pub data_access_expires_at: Clock,
    pub scopes: Scopes,
}

/// An enum whose variants are words to users, programs and the database alike.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word that users, programs and the database know it by.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

pub(crate) use words;

words! {
    /// What sort of token it is, as Meta's debugger says, not as the importer believed.
    Kind {
        User = "user",
        Page = "page",
        SystemUser = "system_user",
        App = "app",
    }
}

words! {
    /// One word for how a token is doing.
    State {
        Unverified = "unverified",
        Healthy = "healthy",
        Expiring = "expiring",
        Failing = "failing",
        Dead = "dead",
    }
}

words! {
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

words! {
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
        matches!(
            self,
            Self::Checkpoint | Self::PageRoleLost | Self::PageGone | Self::PermissionMissing
        )
    }

    /// Only the operator can do anything about it; the token's owner is left in peace.
    pub const fn concerns_operator(self) -> bool {
        matches!(self.remedy(), Remedy::FixApp | Remedy::Wait) || matches!(self, Self::Unreadable)
    }

    /// What is one story for a person: an end that comes and the same end come.
    pub const fn story(self) -> Self {
        match self {
            Self::ExpiresSoon => Self::Expired,
            Self::DataAccessExpiresSoon => Self::DataAccessExpired,
            other => other,
        }
    }
}

words! {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub outcome: Outcome,
    pub at: Timestamp,
}

words! {
    /// What a visit to Meta is for.
    Action {
        Check = "check",
        Rotate = "rotate",
        Derive = "derive",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    pub action: Action,
    pub at: Timestamp,
}

/// An end that may not exist. Never is not a number, and neither is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    Unknown,
    Never,
    At(Timestamp),
}

impl Clock {
    pub const fn at(self) -> Option<Timestamp> {
        match self {
            Self::At(end) => Some(end),
            Self::Never | Self::Unknown => None,
        }
    }

    pub fn is_before(self, instant: Timestamp) -> bool {
        self.at().is_some_and(|end| end < instant)
    }
}

/// How a token is doing; a variant holds only what is true in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Imported; Meta has not been asked yet.
    Unverified,
    Healthy,
    /// Works, but ends within the first warning step and no measured renewal moved that.
    Expiring {
        cause: Cause,
    },
    /// Our calls do not get through, or a verdict awaits its second look. The last known good is kept and served.
    Failing {
        since: Timestamp,
        failures: u32,
        cause: Cause,
    },
    /// Meta refuses the token for good.
    Dead {
        since: Timestamp,
        cause: Cause,
    },
}

impl Health {
    pub const fn state(self) -> State {
        match self {
            Self::Unverified => State::Unverified,
            Self::Healthy => State::Healthy,
            Self::Expiring { .. } => State::Expiring,
            Self::Failing { .. } => State::Failing,
            Self::Dead { .. } => State::Dead,
        }
    }
}

impl Token {
    pub const fn state(&self) -> State {
        self.health.state()
    }

    /// Why somebody is needed, if anybody is.
    pub fn cause(&self) -> Option<Cause> {
        match self.health {
            Health::Expiring { cause }
            | Health::Failing { cause, .. }
            | Health::Dead { cause, .. } => Some(cause),
            Health::Healthy if !self.missing_scopes().is_empty() => Some(Cause::PermissionMissing),
            Health::Healthy | Health::Unverified => None,
        }
    }

    pub fn remedy(&self) -> Option<Remedy> {
        self.cause().map(Cause::remedy)
    }

    /// Scopes that the operator requires and Meta does not report.
    pub fn missing_scopes(&self) -> Scopes {
        match &self.facts {
            Some(facts) => self.required_scopes.without(&facts.scopes),
            None => Scopes::default(),
        }
    }

    /// The earliest end of both clocks that matters to this token.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.facts.as_ref().and_then(Facts::deadline)
    }
}

impl Facts {
    /// The earliest of both clocks. The 90-day clock of data access counts unless every scope is
    /// one that Meta exempts from it.
    pub fn deadline(&self) -> Option<Timestamp> {
        [self.expires_at.at(), self.data_access_end()]
            .into_iter()
            .flatten()
            .min()
    }

    /// When reads of the person's data stop, if any scope of this token is subject to that.
    pub fn data_access_end(&self) -> Option<Timestamp> {
        if self.kind == Kind::SystemUser || self.scopes.iter().all(keeps_data_access) {
            return None;
        }
        self.data_access_expires_at.at()
    }
}

/// Meta's list of permissions that the 90-day clock does not touch
/// (Facebook Login guide, "Auth vs. data access").
const KEEPS_DATA_ACCESS: [&str; 16] = [
    "ads_management",
    "ads_read",
    "business_management",
    "configure_page_transactions",
    "pages_manage_ads",
    "pages_manage_cta",
    "pages_manage_engagement",
    "pages_manage_instant_articles",
    "pages_manage_metadata",
    "pages_manage_posts",
    "pages_messaging",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_show_list",
    "read_audience_network_insights",
    "read_insights",
];

fn keeps_data_access(scope: &str) -> bool {
    KEEPS_DATA_ACCESS.binary_search(&scope).is_ok()
}

/// A set of permissions, sorted, kept as one line so that a fleet of 100,000 costs little.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes(Box<str>);

impl Scopes {
    /// From any order, with spaces or commas between.
    pub fn parse(line: &str) -> Self {
        line.split([' ', ',', '\n', '\t'])
            .filter(|scope| !scope.is_empty())
            .collect()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|scope| !scope.is_empty())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, scope: &str) -> bool {
        self.iter().any(|held| held == scope)
    }

    pub fn without(&self, other: &Self) -> Self {
        if self == other {
            Self::default()
        } else {
            self.iter().filter(|s| !other.contains(s)).collect()
        }
    }

    pub fn is_superset_of(&self, other: &Self) -> bool {
        other.iter().all(|scope| self.contains(scope))
    }
}

impl<S: AsRef<str>> FromIterator<S> for Scopes {
    fn from_iter<I: IntoIterator<Item = S>>(scopes: I) -> Self {
        let scopes: Vec<S> = scopes.into_iter().collect();
        let mut scopes: Vec<&str> = scopes.iter().map(AsRef::as_ref).collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes.join(" ").into_boxed_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exempt_scopes_are_sorted_for_the_search() {
        assert!(KEEPS_DATA_ACCESS.is_sorted());
    }

    #[test]
    fn words_are_what_serde_writes() {
        for &cause in Cause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.word());
            assert_eq!(Cause::from_word(cause.word()), Some(cause));
        }
        for &remedy in Remedy::ALL {
            assert_eq!(serde_json::to_value(remedy).unwrap(), remedy.word());
        }
        for &outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.word());
        }
    }

    #[test]
    fn scopes_are_a_set_whatever_the_spelling() {
        assert_eq!(Scopes::parse("b,a  c a"), Scopes::parse("a b c"));
        assert_eq!(
            Scopes::parse("a b").without(&Scopes::parse("b")),
            Scopes::parse("a")
        );
        assert!(Scopes::parse("").is_empty());
        assert!(Scopes::parse("a b c").is_superset_of(&Scopes::parse("c a")));
    }

    fn facts(expires_at: Clock, data_access: Clock, scopes: &str) -> Facts {
        Facts {
            kind: Kind::User,
            subject: "1".to_owned(),
            person: "1".to_owned(),
            issued_at: None,
            expires_at,
            data_access_expires_at: data_access,
            scopes: Scopes::parse(scopes),
        }
    }

    #[test]
    fn the_deadline_is_the_earlier_clock_that_matters() {
        let soon = Timestamp::from_second(1_000).unwrap();
        let late = Timestamp::from_second(2_000).unwrap();
        for (expires_at, data_access, scopes, expected) in [
            (Clock::Never, Clock::Never, "email", None),
            (Clock::Unknown, Clock::Never, "email", None),
            (Clock::At(late), Clock::Never, "email", Some(late)),
            (Clock::At(late), Clock::At(soon), "email", Some(soon)),
            (Clock::At(soon), Clock::At(late), "email", Some(soon)),
            (
                Clock::At(late),
                Clock::At(soon),
                "ads_read pages_messaging",
                Some(late),
            ),
            (Clock::Never, Clock::At(soon), "leads_retrieval", Some(soon)),
        ] {
            assert_eq!(
                facts(expires_at, data_access, scopes).deadline(),
                expected,
                "{scopes}"
            );
        }
    }
}
