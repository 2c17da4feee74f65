//! The settings of a client for one app, and their validation before the first call.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::Url;

use super::Platform;
use crate::secret::Secret;

/// One app, and how to reach Meta.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The app's name in the configuration.
    pub app: String,
    pub platform: &'static Platform,
    /// The app's id at Meta.
    pub id: String,
    /// The app's secrets. The first one is used; the others are tried when Meta rejects it.
    pub secrets: Vec<Secret>,
    /// Such as `v25.0`.
    pub version: String,
    pub url: String,
    /// Where a login's code is redeemed, if that is another host.
    pub code_url: Option<String>,
    /// The token of one of the app's testers, on a platform whose debugger answers only testers.
    pub tester_token: Option<Secret>,
    /// How many tokens one call inspects; 1 turns off batches.
    pub batch: usize,
    /// The time limit of one call, from connecting to the last byte.
    pub timeout: Duration,
}

impl Settings {
    /// The usual time limit of a call.
    pub const TIMEOUT: Duration = Duration::from_secs(30);
}

/// Why the settings are invalid.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("graph_url is not an http(s) URL; leave it out to use Meta's own")]
    Url,
    #[error(
        "graph_url is plain http to another machine; use https, because tokens must be encrypted on a network"
    )]
    PlainHttp,
    #[error("the app id must be Meta's number for the app, digits only; see the app's dashboard")]
    Id,
    #[error("the app has no secret; configure at least one")]
    NoSecret,
    #[error(
        "an app secret is empty or contains characters that Meta does not use; copy it again from the app's dashboard"
    )]
    Secret,
    #[error("graph_version must look like v25.0")]
    Version,
    #[error("batch must be between 1 and {MAX_BATCH}")]
    Batch,
    #[error("TLS cannot be set up: {0}; check the machine's root certificates")]
    Tls(String),
}

/// The largest batch that Meta accepts.
pub(super) const MAX_BATCH: usize = 50;

impl Settings {
    /// Checks everything except TLS and the secrets, which [`super::credentials`] checks.
    pub(super) fn check(&self) -> Result<Url, SettingsError> {
        if self.id.is_empty() || !is_digits(&self.id) {
            return Err(SettingsError::Id);
        }
        if !is_version(&self.version) {
            return Err(SettingsError::Version);
        }
        if !(1..=MAX_BATCH).contains(&self.batch) {
            return Err(SettingsError::Batch);
        }
        if let Some(url) = &self.code_url {
            check_url(url)?;
        }
        check_url(&self.url)
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_version(text: &str) -> bool {
    let parts = text
        .strip_prefix('v')
        .and_then(|number| number.split_once('.'));
    parts.is_some_and(|(major, minor)| {
        [major, minor]
            .iter()
            .all(|part| !part.is_empty() && part.len() <= 3 && is_digits(part))
    })
}

fn check_url(text: &str) -> Result<Url, SettingsError> {
    let url = Url::parse(text).map_err(|_| SettingsError::Url)?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    match (url.scheme(), url.host_str()) {
        ("https", Some(_)) if bare => Ok(url),
        ("http", Some(host)) if bare && is_loopback(host) => Ok(url),
        ("http", Some(_)) if bare => Err(SettingsError::PlainHttp),
        _ => Err(SettingsError::Url),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            app: "acme".to_owned(),
            platform: &crate::graph_api::FACEBOOK,
            id: "257422819769992".to_owned(),
            secrets: vec![Secret::new("s")],
            version: "v25.0".to_owned(),
            url: "https://graph.facebook.com".to_owned(),
            code_url: None,
            tester_token: None,
            batch: 50,
            timeout: Duration::from_secs(30),
        }
    }

    #[test]
    fn tokens_cross_no_network_in_the_clear() {
        for (url, expected) in [
            ("https://graph.facebook.com", None),
            ("https://graph.facebook.com/", None),
            ("http://127.0.0.1:8080", None),
            ("http://127.9.9.9", None),
            ("http://[::1]:8080/graph", None),
            ("http://localhost:1", None),
            ("http://graph.facebook.com", Some(SettingsError::PlainHttp)),
            ("http://10.0.0.1", Some(SettingsError::PlainHttp)),
            (
                "http://localhost.example.com",
                Some(SettingsError::PlainHttp),
            ),
            (
                "http://127.0.0.1.example.com",
                Some(SettingsError::PlainHttp),
            ),
            ("ftp://127.0.0.1", Some(SettingsError::Url)),
            ("graph.facebook.com", Some(SettingsError::Url)),
            ("https://me:pw@graph.facebook.com", Some(SettingsError::Url)),
            ("https://graph.facebook.com?a=b", Some(SettingsError::Url)),
            ("", Some(SettingsError::Url)),
        ] {
            assert_eq!(check_url(url).err(), expected, "{url}");
        }
    }

    #[test]
    fn what_would_end_up_in_a_path_is_checked() {
        for (version, id, batch, expected) in [
            ("v25.0", "1", 1, None),
            ("v25.0", "1", 51, Some(SettingsError::Batch)),
            ("v25.0", "1", 0, Some(SettingsError::Batch)),
            ("25.0", "1", 50, Some(SettingsError::Version)),
            ("v25", "1", 50, Some(SettingsError::Version)),
            ("v25.0/..", "1", 50, Some(SettingsError::Version)),
            ("v.", "1", 50, Some(SettingsError::Version)),
            ("v25.0", "acme", 50, Some(SettingsError::Id)),
            ("v25.0", "", 50, Some(SettingsError::Id)),
        ] {
            let settings = Settings {
                version: version.to_owned(),
                id: id.to_owned(),
                batch,
                ..settings()
            };
            assert_eq!(settings.check().err(), expected, "{version} {id} {batch}");
        }
    }
}
