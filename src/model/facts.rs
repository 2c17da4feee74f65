//! What Meta says about a token.

use jiff::{SignedDuration, Timestamp};

use super::{Expiry, Kind, Scopes, scopes};

/// What Meta's debugger reports about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub kind: Kind,
    /// The id of the user or the page.
    pub subject: String,
    /// The user behind the token: for a page token, the person who granted it.
    pub person: String,
    pub issued_at: Option<Timestamp>,
    pub expires_at: Expiry,
    pub data_access_expires_at: Expiry,
    pub scopes: Scopes,
}

/// A short-lived token ends within hours.
const LONGEST_SHORT_LIFE: SignedDuration = SignedDuration::from_hours(24);

impl Facts {
    /// The earlier of the two expiry times. The 90-day limit of data access counts unless Meta exempts every scope from
    /// it.
    pub fn deadline(&self) -> Option<Timestamp> {
        [self.expires_at.at(), self.data_access_end()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether this is a short-lived user token, worth an exchange before it is stored.
    pub fn is_short_lived(&self, now: Timestamp) -> bool {
        let soon = now
            .checked_add(LONGEST_SHORT_LIFE)
            .unwrap_or(Timestamp::MAX);
        self.kind.is_persons_own() && self.expires_at.is_before(soon)
    }

    /// Whether it was short-lived from the first, other than a long-lived one that is about to end. Meta says of the latter
    /// when it was issued.
    pub fn is_made_for_hours(&self) -> bool {
        let until = |end: Timestamp| {
            self.issued_at
                .is_none_or(|at| end <= at + LONGEST_SHORT_LIFE)
        };
        self.kind.is_persons_own() && self.expires_at.at().is_some_and(until)
    }

    /// Whether Meta has said that it lasts longer than a short-lived user token.
    pub fn is_known_to_last(&self, now: Timestamp) -> bool {
        self.expires_at != Expiry::Unknown && !self.is_short_lived(now)
    }

    /// With what was known of the same secret before, as far as Meta does not say it now.
    #[must_use]
    pub fn completed_by(self, known: &Self) -> Self {
        if self.kind != known.kind || self.subject != known.subject {
            return self;
        }
        Self {
            issued_at: self.issued_at.or(known.issued_at),
            expires_at: self.expires_at.or(known.expires_at),
            data_access_expires_at: self.data_access_expires_at.or(known.data_access_expires_at),
            scopes: if self.permits_unknown() {
                known.scopes.clone()
            } else {
                self.scopes
            },
            ..self
        }
    }

    /// Whether Meta has not said what the token permits, as is usual for tokens that it describes only once.
    pub fn permits_unknown(&self) -> bool {
        self.kind.is_described_once() && self.scopes.is_empty()
    }

    /// With what Meta said only when it gave the secret: until when it lasts. The age counts from when it was obtained.
    #[must_use]
    pub fn completed_by_grant(self, obtained_at: Timestamp, ends_at: Option<Timestamp>) -> Self {
        if !self.kind.is_described_once() {
            return self;
        }
        Self {
            issued_at: self.issued_at.or(Some(obtained_at)),
            expires_at: self.expires_at.or(ends_at.into()),
            ..self
        }
    }

    /// Without what Meta said only of the secret before.
    #[must_use]
    pub fn for_another_secret(self) -> Self {
        Self {
            issued_at: None,
            expires_at: Expiry::Unknown,
            data_access_expires_at: Expiry::Unknown,
            ..self
        }
    }

    /// A user token can list its pages only with this permission.
    pub fn may_list_pages(&self) -> bool {
        self.scopes.contains("pages_show_list")
    }

    /// When reads of the person's data stop, if any scope of this token is subject to that.
    pub fn data_access_end(&self) -> Option<Timestamp> {
        if self.kind == Kind::SystemUser || self.scopes.iter().all(scopes::keeps_data_access) {
            return None;
        }
        self.data_access_expires_at.at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(expires_at: Expiry, data_access: Expiry, scopes: &str) -> Facts {
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
            (Expiry::Never, Expiry::Never, "email", None),
            (Expiry::Unknown, Expiry::Never, "email", None),
            (Expiry::At(late), Expiry::Never, "email", Some(late)),
            (Expiry::At(late), Expiry::At(soon), "email", Some(soon)),
            (Expiry::At(soon), Expiry::At(late), "email", Some(soon)),
            (
                Expiry::At(late),
                Expiry::At(soon),
                "ads_read pages_messaging",
                Some(late),
            ),
            (
                Expiry::Never,
                Expiry::At(soon),
                "leads_retrieval",
                Some(soon),
            ),
        ] {
            assert_eq!(
                facts(expires_at, data_access, scopes).deadline(),
                expected,
                "{scopes}"
            );
        }
    }
}
