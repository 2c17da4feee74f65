//! Logins: who is asked for one, every click on its link, and the outcome. Links and result addresses are found only by
//! their keyed digests. A code is sealed while it waits, and deleted once it is claimed. `queries` finds logins,
//! `updates` changes them, `cleanup` ends and deletes them.

mod cleanup;
mod queries;
mod updates;

use jiff::{SignedDuration, Timestamp};

use crate::model::{AttemptId, Login};
use crate::secret::Secret;

/// An answer from Meta to act on. The code is stored nowhere else any more.
#[derive(Debug)]
pub struct ClaimedCode {
    pub attempt: AttemptId,
    pub login: Login,
    /// `None` for a code that a script got, without a redirect.
    pub redirect_uri: Option<String>,
    pub code: Secret,
}

/// How many of the tokens that a login does not reach are named.
pub const NAMED_LEFT_OUT: usize = 20;

/// How long a link in an email is valid: through all its reminders.
const EMAIL_LINK: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A link that expires sooner is not put into another email.
const EMAIL_LINK_LEFT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long Meta may take to send the person back after the click.
const AT_METAS: SignedDuration = SignedDuration::from_hours(1);
/// A claimed code that is not finished by then is lost: the daemon was stopped in between.
const TAKEN: SignedDuration = SignedDuration::from_mins(5);
/// Meta's codes are valid for about ten minutes.
const CODE: SignedDuration = SignedDuration::from_mins(10);
/// How long the outcome of a login can be viewed.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many unfinished, and how many finished, clicks on one link are kept.
const CLICKS: usize = 20;

/// The fallback is never reached: these times are far from the ends of the calendar.
fn later(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

fn before(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_sub(span).unwrap_or(Timestamp::MIN)
}
