//! Which endpoint a path leads to.

use super::access_token::GrantType;
use super::request::Request;
use crate::graph_sim::ledger::Endpoint;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    DebugToken,
    AccessToken(GrantType),
    Me,
    Accounts(&'a str),
    Permissions(&'a str),
    Object(&'a str),
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
            [Some("debug_token"), None, ..] => Self::DebugToken,
            [Some("oauth"), Some("access_token"), None, _] => {
                Self::AccessToken(GrantType::of(request))
            }
            [Some("me"), None, ..] => Self::Me,
            [Some(id), None, ..] => Self::Object(id),
            [Some(id), Some("accounts"), None, _] => Self::Accounts(id),
            [Some(id), Some("permissions"), None, _] => Self::Permissions(id),
            _ => Self::Unknown,
        }
    }

    pub(crate) const fn endpoint(self) -> Endpoint {
        match self {
            Self::DebugToken => Endpoint::DebugToken,
            Self::AccessToken(grant_type) => grant_type.endpoint(),
            Self::Me => Endpoint::Me,
            Self::Accounts(_) => Endpoint::Accounts,
            Self::Permissions(_) => Endpoint::Permissions,
            Self::Object(_) => Endpoint::Object,
            Self::Unknown => Endpoint::Unknown,
        }
    }
}
