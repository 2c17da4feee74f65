//! Finds the endpoint of Instagram or Threads for a path.

use crate::graph_sim::call_log::Endpoint;
use crate::graph_sim::endpoints::request::Request;
use crate::graph_sim::platform::Platform;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// A login's code for a short-lived token.
    Code,
    /// A short-lived token for a long-lived one.
    Exchange,
    Refresh,
    /// `me`, or an id.
    Profile(&'a str),
    DebugToken,
    Unknown,
}

impl<'a> Route<'a> {
    pub(crate) fn of(platform: Platform, request: &Request<'a>) -> Self {
        let segments = request.path.split('/').filter(|part| !part.is_empty());
        let path: Vec<&str> = segments.collect();
        let exchanges = request.params.get("grant_type") == Some(platform.exchange_grant());
        match path.as_slice() {
            // python-facebook-api exchanges Threads' tokens here.
            ["oauth", "access_token"] if exchanges && platform == Platform::Threads => {
                Self::Exchange
            }
            ["oauth", "access_token"] => Self::Code,
            ["access_token"] => Self::Exchange,
            ["refresh_access_token"] => Self::Refresh,
            ["debug_token"] if platform == Platform::Threads => Self::DebugToken,
            ["debug_token"] => Self::Unknown,
            [id] => Self::Profile(id),
            _ => Self::Unknown,
        }
    }

    pub(crate) fn endpoint(self) -> Endpoint {
        match self {
            Self::Code => Endpoint::CodeExchange,
            Self::Exchange => Endpoint::Exchange,
            Self::Refresh => Endpoint::Refresh,
            Self::Profile("me") => Endpoint::Me,
            Self::Profile(_) => Endpoint::Object,
            Self::DebugToken => Endpoint::DebugToken,
            Self::Unknown => Endpoint::Unknown,
        }
    }
}
