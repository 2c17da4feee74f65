//! Permissions: an unchanging set that many tokens share, and what a person said to each.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Held by every token of a person, asked for or not.
pub(crate) const PUBLIC_PROFILE: &str = "public_profile";

/// Without it a person's pages are not listed and their tokens not handed out.
pub(crate) const SHOW_PAGES: &str = "pages_show_list";

/// One of these must be granted, or Meta refuses to act as a page
/// (error 190 without subcode, "... permission(s) must be granted before impersonating ...").
pub(crate) const IMPERSONATION: [&str; 6] = [
    "pages_manage_ads",
    "pages_manage_metadata",
    "pages_messaging",
    "pages_read_engagement",
    "pages_read_user_content",
    SHOW_PAGES,
];

/// What a token was issued with; sorted, shared between the tokens of one login.
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

/// What a person said to one permission.
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

/// Whether Meta names the assets behind a scope in `granular_scopes`.
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
