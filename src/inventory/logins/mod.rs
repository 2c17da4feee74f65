//! Logins: who is asked for one, every click on its link, and what came of it. A link or an address is found by its
//! keyed digest alone; a code is sealed while it waits, and gone once it was taken.
//!
//! - `reading`: finding them · `writing`: what changes them

mod cleanup;
mod queries;
mod updates;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::IncidentId;
use crate::model::{Remedy, TokenId, string_enum};
use crate::secret::Secret;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LoginId(pub i64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptId(pub i64);

/// A login that somebody is to be asked for.
#[derive(Clone, Debug)]
pub struct NewLogin {
    pub app: String,
    /// Whose, by Meta's id; anybody's without it.
    pub person: Option<String>,
    /// The token that is to be replaced, where one was named.
    pub token: Option<TokenId>,
    pub incident: Option<IncidentId>,
    pub remedy: Remedy,
    /// An operator said that fewer permissions will do.
    pub accepts_fewer: bool,
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct Login {
    pub id: LoginId,
    pub wanted: NewLogin,
    /// How the person is called, where a token tells.
    pub person_name: Option<String>,
}

/// One click on a link.
#[derive(Clone, Debug)]
pub struct LoginAttempt {
    pub id: AttemptId,
    pub login: LoginId,
    pub progress: Progress,
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The person is at Meta's.
    Begun,
    /// Meta sent the person back; the rest is ours.
    Answered {
        since: Timestamp,
    },
    Ended {
        at: Timestamp,
        ending: Ending,
    },
}

/// An answer of Meta's to be acted on. The code is nowhere else any more.
#[derive(Debug)]
pub struct ClaimedCode {
    pub attempt: AttemptId,
    pub login: Login,
    pub redirect_uri: String,
    pub code: Secret,
}

/// What came of a click.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Ending {
    Granted(Granted),
    /// Somebody else logged in than was expected; nothing of it was kept.
    WrongPerson {
        name: Option<String>,
    },
    /// Nothing was kept, and a new login is needed.
    Failed {
        why: LoginError,
        /// Meta's number for it.
        code: Option<i64>,
    },
}

/// What was handed in after a login. Whether it is put in use, the next pass over the tokens tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// By Meta's id.
    pub person: String,
    pub name: Option<String>,
    /// The person's token in the inventory.
    pub token: String,
    /// What the person did not allow, of what was asked for.
    pub declined: Vec<String>,
    /// Tokens of the person's pages that the login does not reach: the first of them, and how many there are.
    pub left_out: Vec<String>,
    pub left_out_in_all: u64,
}

/// The tokens of one person in an app, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenCounts {
    pub working: u64,
    pub broken: u64,
    /// Among all of them, those that are about to be asked about.
    pub unfinished: u64,
}

string_enum! {
    /// Why a login came to nothing.
    LoginError {
        /// Meta sent the person back without a permission. Not the person's fault: it says so of an app that is not
        /// live, too.
        NotAllowed = "not_allowed",
        /// Meta does not let people log in to the app.
        AppRefused = "app_refused",
        CodeUsed = "code_used",
        CodeExpired = "code_expired",
        /// The address that Meta is to come back to is not among those of the app.
        RedirectRefused = "redirect_refused",
        /// Meta limits the app's calls.
        Busy = "busy",
        /// No answer came, so nobody knows whether the code is used up.
        Lost = "lost",
        /// Meta refuses the token that it just gave, or gave one of no use.
        Unusable = "unusable",
    }
}

/// How many of the tokens that a login does not reach are named.
pub const NAMED_LEFT_OUT: usize = 20;

/// A link in an email: through all its reminders.
const LETTER_LINK: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A link that ends before this is not put into another email.
const LETTER_LINK_LEFT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// From the click until Meta sends the person back.
const AT_METAS: SignedDuration = SignedDuration::from_hours(1);
/// An answer that was taken and came to no end by then is lost: the daemon stopped in the middle of it.
const TAKEN: SignedDuration = SignedDuration::from_mins(5);
/// Meta's codes live about ten minutes.
const CODE: SignedDuration = SignedDuration::from_mins(10);
/// How long what came of a login can be looked at.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// So many clicks on one link may be on their way at once.
const CLICKS: usize = 20;

impl Login {
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.wanted.expires_at
    }
}

impl LoginAttempt {
    /// Is the person still expected back from Meta?
    pub fn is_awaited(&self, now: Timestamp) -> bool {
        self.progress == Progress::Begun && now < self.expires_at
    }
}

/// Instants of this age are far from the ends of the calendar.
fn later(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

fn before(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_sub(span).unwrap_or(Timestamp::MIN)
}
