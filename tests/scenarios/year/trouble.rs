//! What keeps the daemon from Meta, in truth: not what it believes itself.

use super::Moment;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trouble {
    pub(super) outage: bool,
    /// The app secret that the daemon has is not valid.
    pub(super) secret: bool,
    until: Option<Moment>,
}

impl Trouble {
    pub(super) fn lasts_until(&mut self, at: Moment) {
        self.until = self.until.max(Some(at));
    }

    pub(super) fn is_there(&self, now: Moment) -> bool {
        self.outage || self.secret || self.until.is_some_and(|until| now < until)
    }
}
