//! Permissions: an immutable set shared by many tokens, and a person's answer to each permission.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Every token of a person at Facebook has it, even if the app did not request it.
pub(crate) const PUBLIC_PROFILE: &str = "public_profile";

/// Without it, Meta lists no pages of the person and returns no page tokens.
pub(crate) const SHOW_PAGES: &str = "pages_show_list";

/// One of these must be granted, or Meta rejects calls as the page (error 190 without subcode, "... permission(s) must
/// be granted before impersonating ...").
pub(crate) const IMPERSONATION: [&str; 6] = [
    "pages_manage_ads",
    "pages_manage_metadata",
    "pages_messaging",
    "pages_read_engagement",
    "pages_read_user_content",
    SHOW_PAGES,
];

/// The scopes that a token was issued with; sorted, and shared by the tokens of one login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scopes(Arc<[Box<str>]>);

impl Scopes {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

impl<'a> FromIterator<&'a str> for Scopes {
    fn from_iter<I: IntoIterator<Item = &'a str>>(scopes: I) -> Self {
        let mut scopes: Vec<Box<str>> = scopes.into_iter().map(Into::into).collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes.into())
    }
}

/// A person's answer to one permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    Granted,
    Declined,
    Expired,
}

impl Permission {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Declined => "declined",
            Self::Expired => "expired",
        }
    }
}

pub(crate) type Permissions = BTreeMap<Box<str>, Permission>;

/// Returns whether `granular_scopes` lists the assets of a scope.
pub(crate) fn concerns_assets(scope: &str) -> bool {
    [
        "pages_",
        "instagram_",
        "leads_",
        "ads_",
        "business_",
        "whatsapp_",
    ]
    .iter()
    .any(|family| scope.starts_with(family))
}
