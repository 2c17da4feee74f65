//! When a token expires, if it does.

use jiff::Timestamp;

/// An expiry that may not exist. Neither never nor unknown is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    Unknown,
    Never,
    At(Timestamp),
}

impl Expiry {
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
