//! Meta's platforms: their hosts, what their tokens begin with, and the names of their grants.

use serde::{Deserialize, Serialize};

/// A platform with apps, tokens and hosts of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    #[default]
    Facebook,
    Instagram,
    Threads,
}

const HOSTS: [(&str, Platform); 13] = [
    ("graph.facebook.com", Platform::Facebook),
    ("www.facebook.com", Platform::Facebook),
    ("facebook.com", Platform::Facebook),
    ("graph.instagram.com", Platform::Instagram),
    ("api.instagram.com", Platform::Instagram),
    ("www.instagram.com", Platform::Instagram),
    ("instagram.com", Platform::Instagram),
    ("graph.threads.net", Platform::Threads),
    ("graph.threads.com", Platform::Threads),
    ("www.threads.net", Platform::Threads),
    ("www.threads.com", Platform::Threads),
    ("threads.net", Platform::Threads),
    ("threads.com", Platform::Threads),
];

impl Platform {
    pub(crate) const ALL: [Self; 3] = [Self::Facebook, Self::Instagram, Self::Threads];

    /// As people call it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Facebook => "Facebook",
            Self::Instagram => "Instagram",
            Self::Threads => "Threads",
        }
    }

    /// The host of its Graph API.
    pub const fn host(self) -> &'static str {
        match self {
            Self::Facebook => "graph.facebook.com",
            Self::Instagram => "graph.instagram.com",
            Self::Threads => "graph.threads.net",
        }
    }

    /// The platform with this host, whose port does not matter.
    pub(crate) fn of_host(host: &str) -> Option<Self> {
        let host = host.split_once(':').map_or(host, |(host, _)| host);
        let mut known = HOSTS.iter();
        known
            .find(|(name, _)| name.eq_ignore_ascii_case(host))
            .map(|(_, platform)| *platform)
    }

    /// What all its user tokens begin with.
    pub(crate) const fn token_prefix(self) -> &'static str {
        match self {
            Self::Facebook => "EAA",
            Self::Instagram => "IGAA",
            Self::Threads => "THAA",
        }
    }

    pub(crate) const fn exchange_grant(self) -> &'static str {
        match self {
            Self::Facebook => "fb_exchange_token",
            Self::Instagram => "ig_exchange_token",
            Self::Threads => "th_exchange_token",
        }
    }

    /// Facebook has none of its own.
    pub(crate) const fn refresh_grant(self) -> Option<&'static str> {
        match self {
            Self::Facebook => None,
            Self::Instagram => Some("ig_refresh_token"),
            Self::Threads => Some("th_refresh_token"),
        }
    }

    pub(crate) fn of_grant(grant: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.exchange_grant() == grant || one.refresh_grant() == Some(grant))
    }

    /// The permission without which a token can neither be used nor renewed.
    pub(crate) const fn basic_scope(self) -> &'static str {
        match self {
            Self::Facebook => "public_profile",
            Self::Instagram => "instagram_business_basic",
            Self::Threads => "threads_basic",
        }
    }
}

/// Splits a host in the place of a first segment from a path: clients that are configured with an address send every
/// platform's calls to the one port here, with the host's name below it.
pub(crate) fn split(path: &str) -> (Option<Platform>, &str) {
    let path = path.trim_start_matches('/');
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    match Platform::of_host(first) {
        Some(platform) => (Some(platform), rest),
        None => (None, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_segment_may_be_a_host() {
        for (path, expected) in [
            ("/graph.instagram.com/me", (Some(Platform::Instagram), "me")),
            (
                "/graph.threads.com/v1.0/me",
                (Some(Platform::Threads), "v1.0/me"),
            ),
            ("/graph.facebook.com", (Some(Platform::Facebook), "")),
            ("/v25.0/me", (None, "v25.0/me")),
            ("/example.com/me", (None, "example.com/me")),
            ("/", (None, "")),
        ] {
            assert_eq!(split(path), expected, "{path}");
        }
        assert_eq!(
            Platform::of_host("API.instagram.com:443"),
            Some(Platform::Instagram)
        );
    }

    #[test]
    fn a_grant_names_its_platform() {
        for (grant, expected) in [
            ("fb_exchange_token", Some(Platform::Facebook)),
            ("ig_refresh_token", Some(Platform::Instagram)),
            ("th_exchange_token", Some(Platform::Threads)),
            ("client_credentials", None),
        ] {
            assert_eq!(Platform::of_grant(grant), expected, "{grant}");
        }
    }
}
