//! Meta's rate limits, and whose calls each one counts.

use serde::{Deserialize, Serialize};

use crate::graph_sim::endpoints::GraphError;
use crate::graph_sim::world::ids::{AppKey, Id};

/// The rate limit that was reached; each has its own error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateLimit {
    /// 4: the whole app.
    App,
    /// 17: one person, in all apps.
    User,
    /// 32: pages called with a person's token.
    Page,
    /// 613: a limit that Meta sets as it sees fit.
    Custom,
    /// 80001: pages called with their own tokens or with those of system users.
    PageBusiness,
}

impl RateLimit {
    pub(crate) fn error(self) -> GraphError {
        match self {
            Self::App => GraphError::oauth(4, "(#4) Application request limit reached")
                .with_status(403)
                .transient(),
            Self::User => GraphError::oauth(17, "(#17) User request limit reached"),
            Self::Page => GraphError::oauth(32, "(#32) Page request limit reached"),
            Self::Custom => GraphError::oauth(
                613,
                "(#613) Calls to this api have exceeded the rate limit.",
            ),
            Self::PageBusiness => GraphError::oauth(
                80001,
                "There have been too many calls to this Page account. Wait a bit and try again.",
            ),
        }
    }
}

/// The key by which calls are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Bucket {
    App(AppKey),
    Person(Id),
    Page(AppKey, Id),
}

/// The caller, as far as rate limits are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payer {
    App(AppKey),
    Person {
        app: AppKey,
        person: Id,
    },
    /// A page or a system user, with its own token.
    Business {
        app: AppKey,
        account: Id,
    },
}

impl Payer {
    pub(super) const fn app(self) -> AppKey {
        match self {
            Self::App(app) | Self::Person { app, .. } | Self::Business { app, .. } => app,
        }
    }

    pub(super) const fn bucket(self) -> Bucket {
        match self {
            Self::App(app) => Bucket::App(app),
            Self::Person { person, .. } => Bucket::Person(person),
            Self::Business { app, account } => Bucket::Page(app, account),
        }
    }

    pub(super) const fn limit(self) -> RateLimit {
        match self {
            Self::App(_) => RateLimit::App,
            Self::Person { .. } => RateLimit::User,
            Self::Business { .. } => RateLimit::PageBusiness,
        }
    }

    pub(super) const fn is_touched_by(self, limit: RateLimit) -> bool {
        match limit {
            RateLimit::App | RateLimit::Custom => true,
            RateLimit::User | RateLimit::Page => matches!(self, Self::Person { .. }),
            RateLimit::PageBusiness => matches!(self, Self::Business { .. }),
        }
    }
}
