//! Sets of permissions, and those that the 90-day limit of data access does not affect.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Kind;

/// A sorted set of permissions, kept as one line so that 100,000 tokens need little memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Scopes(Box<str>);

impl Scopes {
    /// Parses scopes in any order, separated by white space or commas.
    pub fn parse(line: &str) -> Self {
        if is_sorted(line) {
            return Self(line.into());
        }
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

    /// What is known of a token of this kind if Meta lists these. Of one that it describes only once, no list says nothing.
    pub fn known_for(self, kind: Kind) -> Option<Self> {
        Some(self).filter(|scopes| !(kind.is_described_once() && scopes.is_empty()))
    }

    /// Whether they permit the use of the Marketing API, whose versions end sooner than those of the Graph API.
    pub fn permit_ads(&self) -> bool {
        self.iter().any(|scope| FOR_ADS.contains(&scope))
    }

    pub fn without(&self, other: &Self) -> Self {
        if self == other {
            Self::default()
        } else {
            self.iter().filter(|s| !other.contains(s)).collect()
        }
    }

    /// The scopes of both sets.
    pub fn union(&self, other: &Self) -> Self {
        if other.is_empty() {
            self.clone()
        } else {
            self.iter().chain(other.iter()).collect()
        }
    }

    pub fn is_superset_of(&self, other: &Self) -> bool {
        other.iter().all(|scope| self.contains(scope))
    }
}

/// Whether the line is a set as it is kept, such as one that was stored.
fn is_sorted(line: &str) -> bool {
    let plain = !line.contains([',', '\n', '\t']);
    plain && (line.is_empty() || line.split(' ').is_sorted_by(|a, b| !a.is_empty() && a < b))
}

impl Display for Scopes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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

/// The permissions for ads, leads from ads, and catalogues.
const FOR_ADS: [&str; 5] = [
    "ads_management",
    "ads_read",
    "catalog_management",
    "leads_retrieval",
    "pages_manage_ads",
];

/// Meta's list of permissions that the 90-day limit of data access does not affect (Facebook Login guide, "Auth vs.
/// data access").
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

pub(super) fn keeps_data_access(scope: &str) -> bool {
    KEEPS_DATA_ACCESS.binary_search(&scope).is_ok()
}

/// Whether a permission that an app asks for applies to a token of this kind. A page token acts for the page, so
/// permissions that concern only the person do not apply. An app token holds no permission.
pub(super) fn applies_to(kind: Kind, scope: &str) -> bool {
    match kind {
        Kind::User | Kind::SystemUser | Kind::InstagramUser | Kind::ThreadsUser => true,
        Kind::Page => {
            let of_pages = scope.starts_with("pages_") || scope.starts_with("leads_");
            of_pages || scope.contains("_messag") || scope.contains("_content")
        }
        Kind::App => false,
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
    fn the_marketing_api_is_used_by_tokens_that_are_permitted_to() {
        for (scopes, expected) in [
            ("ads_read", true),
            ("email ads_management pages_show_list", true),
            ("leads_retrieval", true),
            ("pages_show_list pages_messaging business_management", false),
            ("", false),
        ] {
            assert_eq!(Scopes::parse(scopes).permit_ads(), expected, "{scopes}");
        }
    }

    #[test]
    fn a_page_is_measured_against_what_concerns_pages() {
        for (scope, expected) in [
            ("pages_show_list", true),
            ("pages_messaging", true),
            ("leads_retrieval", true),
            ("instagram_manage_messages", true),
            ("instagram_content_publish", true),
            ("whatsapp_business_messaging", true),
            ("email", false),
            ("ads_management", false),
            ("business_management", false),
        ] {
            assert_eq!(applies_to(Kind::Page, scope), expected, "{scope}");
            assert!(applies_to(Kind::User, scope) && applies_to(Kind::SystemUser, scope));
            assert!(!applies_to(Kind::App, scope));
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
}
