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
    /// `None` if Meta has not said what it permits.
    pub scopes: Option<Scopes>,
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
            scopes: self.scopes.or_else(|| known.scopes.clone()),
            ..self
        }
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

    /// Whether it has this permission, as far as Meta has said.
    pub fn has(&self, scope: &str) -> bool {
        let scopes = self.scopes.as_ref();
        scopes.is_some_and(|scopes| scopes.contains(scope))
    }

    /// Whether Meta has said that it does not have this permission.
    pub fn lacks(&self, scope: &str) -> bool {
        self.scopes.is_some() && !self.has(scope)
    }

    /// Whether it permits the use of the Marketing API, as far as Meta has said.
    pub fn permits_ads(&self) -> bool {
        self.scopes.as_ref().is_some_and(Scopes::permit_ads)
    }

    /// A user token can list its pages only with this permission.
    pub fn may_list_pages(&self) -> bool {
        !self.lacks("pages_show_list")
    }

    /// When reads of the person's data stop, if any scope of this token is subject to that.
    pub fn data_access_end(&self) -> Option<Timestamp> {
        let scopes = self.scopes.as_ref();
        let is_exempt = |scopes: &Scopes| scopes.iter().all(scopes::keeps_data_access);
        if self.kind == Kind::SystemUser || scopes.is_some_and(is_exempt) {
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
            scopes: Some(Scopes::parse(scopes)),
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
        let unsaid = Facts {
            scopes: None,
            ..facts(Expiry::At(late), Expiry::At(soon), "")
        };
        assert_eq!(
            unsaid.deadline(),
            Some(soon),
            "any scope may be subject to it"
        );
    }

    #[test]
    fn a_permission_that_meta_does_not_name_is_lacking_only_if_it_names_others() {
        let with = |scopes: Option<&str>| Facts {
            scopes: scopes.map(Scopes::parse),
            ..facts(Expiry::Never, Expiry::Never, "")
        };
        for (scopes, has, lacks) in [
            (None, false, false),
            (Some(""), false, true),
            (Some("ads_read"), false, true),
            (Some("ads_read pages_show_list"), true, false),
        ] {
            let facts = with(scopes);
            assert_eq!(facts.has("pages_show_list"), has, "{scopes:?}");
            assert_eq!(facts.lacks("pages_show_list"), lacks, "{scopes:?}");
            assert_eq!(facts.may_list_pages(), !lacks, "{scopes:?}");
            let for_ads = scopes.is_some_and(|scopes| !scopes.is_empty());
            assert_eq!(facts.permits_ads(), for_ads, "{scopes:?}");
        }
    }
}
