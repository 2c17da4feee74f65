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

    /// The other, if this one is unknown.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        match self {
            Self::Unknown => other,
            Self::Never | Self::At(_) => self,
        }
    }

    pub fn is_before(self, instant: Timestamp) -> bool {
        self.at().is_some_and(|end| end < instant)
    }
}

impl From<Option<Timestamp>> for Expiry {
    /// `None` means unknown.
    fn from(end: Option<Timestamp>) -> Self {
        end.map_or(Self::Unknown, Self::At)
    }
}
