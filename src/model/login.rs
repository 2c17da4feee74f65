//! Logins: who is asked for one, every click on its link, and the outcome.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{IncidentId, LoginId, Remedy, TokenId, string_enum};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptId(pub i64);

/// A login to ask a person for.
#[derive(Clone, Debug)]
pub struct NewLogin {
    pub app: String,
    /// The person's id at Meta. Without it, any person may log in.
    pub person: Option<String>,
    /// The token to replace, if one was named.
    pub token: Option<TokenId>,
    pub incident: Option<IncidentId>,
    pub remedy: Remedy,
    /// An operator accepts fewer permissions.
    pub accepts_fewer: bool,
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct Login {
    pub id: LoginId,
    pub wanted: NewLogin,
    /// The person's name, if a token has it.
    pub person_name: Option<String>,
}

impl Login {
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.wanted.expires_at
    }
}

/// One click on a login link.
#[derive(Clone, Debug)]
pub struct LoginAttempt {
    pub id: AttemptId,
    pub login: LoginId,
    pub progress: Progress,
    pub expires_at: Timestamp,
}

impl LoginAttempt {
    /// Whether the person is still expected back from Meta.
    pub fn is_awaited(&self, now: Timestamp) -> bool {
        self.progress == Progress::Begun && now < self.expires_at
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The person is at Meta.
    Begun,
    /// Meta sent the person back. The rest is up to the daemon.
    Answered {
        since: Timestamp,
    },
    Ended {
        at: Timestamp,
        ending: Ending,
    },
}

/// The outcome of a click.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Ending {
    Granted(Granted),
    /// Another person than expected logged in. Nothing was kept.
    WrongPerson {
        name: Option<String>,
    },
    /// Nothing was kept, and a new login is needed.
    Failed {
        why: LoginError,
        /// Meta's error code.
        code: Option<i64>,
    },
}

/// The result of a login. The next sweep decides whether the token is put in use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The person's id at Meta.
    pub person: String,
    pub name: Option<String>,
    /// The name of the person's token in the inventory.
    pub token: String,
    /// The scopes that were asked for and that the person declined.
    pub declined: Vec<String>,
    /// Tokens of the person's pages that the login does not reach: the first of them, and how many there are.
    pub left_out: Vec<String>,
    pub left_out_in_all: u64,
}

/// How many tokens a person has in an app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenCounts {
    pub working: u64,
    pub broken: u64,
    /// Of all these tokens, those that are about to be checked.
    pub unfinished: u64,
}

string_enum! {
    /// Why a login failed.
    LoginError {
        /// Meta sent the person back without a permission. That may not be the person's fault: Meta says the same of an
        /// app that is not live.
        NotAllowed = "not_allowed",
        /// Meta does not let people log in to the app.
        AppRefused = "app_refused",
        CodeUsed = "code_used",
        CodeExpired = "code_expired",
        /// The redirect address is not among those of the app.
        RedirectRefused = "redirect_refused",
        /// Meta limits the app's calls.
        Busy = "busy",
        /// No answer came, so the code may be used up.
        Lost = "lost",
        /// Meta refuses the token that it just gave, or gave an unusable one.
        Unusable = "unusable",
    }
}
