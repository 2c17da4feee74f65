//! Finds the endpoint for a path.

use super::access_token::GrantType;
use super::request::Request;
use crate::graph_sim::call_log::Endpoint;
use crate::graph_sim::world::Tenure;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    DebugToken,
    AccessToken(GrantType),
    ClientCode,
    Revoke,
    Me,
    Accounts(&'a str),
    Permissions(&'a str),
    Permission(&'a str, &'a str),
    AccessTokens(&'a str),
    SubscribedApps(&'a str),
    Businesses(&'a str),
    BusinessPages(&'a str, Tenure),
    PhoneNumbers(&'a str),
    Object(&'a str),
    /// Several objects at once: the root path with `ids`.
    Objects,
    Picture(&'a str),
    Unknown,
}

impl<'a> Route<'a> {
    pub(crate) fn of(request: &Request<'a>) -> Self {
        let mut segments = request
            .path
            .split('/')
            .filter(|segment| !segment.is_empty());
        let path = [
            segments.next(),
            segments.next(),
            segments.next(),
            segments.next(),
        ];
        match path {
            [None, ..] if request.params.get("ids").is_some() => Self::Objects,
            [Some("debug_token"), None, ..] => Self::DebugToken,
            [Some("oauth"), Some("access_token"), None, _] => {
                Self::AccessToken(GrantType::of(request))
            }
            [Some("oauth"), Some("client_code"), None, _] => Self::ClientCode,
            [Some("oauth"), Some("revoke"), None, _] => Self::Revoke,
            [Some("me"), None, ..] => Self::Me,
            [Some(id), None, ..] => Self::Object(id),
            [Some(id), Some("accounts"), None, _] => Self::Accounts(id),
            [Some(id), Some("permissions"), None, _] => Self::Permissions(id),
            [Some(id), Some("permissions"), Some(scope), None] => Self::Permission(id, scope),
            [Some(id), Some("access_tokens"), None, _] => Self::AccessTokens(id),
            [Some(id), Some("subscribed_apps"), None, _] => Self::SubscribedApps(id),
            [Some(id), Some("businesses"), None, _] => Self::Businesses(id),
            [Some(id), Some("owned_pages"), None, _] => Self::BusinessPages(id, Tenure::Owned),
            [Some(id), Some("picture"), None, _] => Self::Picture(id),
            [Some(id), Some("client_pages"), None, _] => Self::BusinessPages(id, Tenure::Client),
            [Some(id), Some("phone_numbers"), None, _] => Self::PhoneNumbers(id),
            _ => Self::Unknown,
        }
    }

    pub(crate) const fn endpoint(self) -> Endpoint {
        match self {
            Self::DebugToken => Endpoint::DebugToken,
            Self::AccessToken(grant_type) => grant_type.endpoint(),
            Self::Me => Endpoint::Me,
            Self::Accounts(_) => Endpoint::Accounts,
            Self::ClientCode => Endpoint::ClientCode,
            Self::Revoke => Endpoint::Revoke,
            Self::Permissions(_) | Self::Permission(..) => Endpoint::Permissions,
            Self::AccessTokens(_) => Endpoint::AccessTokens,
            Self::SubscribedApps(_) => Endpoint::SubscribedApps,
            Self::Businesses(_) => Endpoint::Businesses,
            Self::BusinessPages(..) => Endpoint::BusinessPages,
            Self::Object(_) | Self::Objects | Self::PhoneNumbers(_) | Self::Picture(_) => {
                Endpoint::Object
            }
            Self::Unknown => Endpoint::Unknown,
        }
    }

    /// Returns how many calls the request counts as.
    pub(crate) fn weight(self, request: &Request<'_>) -> usize {
        if self == Self::Objects {
            return request.params.list("ids").len().max(1);
        }
        1
    }
}
