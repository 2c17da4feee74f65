//! Validates URLs. Secrets are sent there, so connections must be encrypted unless they stay on this machine. No
//! message repeats a URL, because it may contain a password.

use std::net::IpAddr;

use url::Url;

const NO_URL: &str = "is not a URL; write it in full, such as https://example.com";
const NOT_ENCRYPTED: &str =
    "must begin with https:// (http:// only to this machine: 127.0.0.1, [::1], localhost)";
const PASSWORD: &str =
    "must not contain a user or password: secrets do not belong in the configuration";
const QUERY: &str = "must end with the host or a path, without ? or #";

/// Validates the base of other URLs. Returns it without a trailing slash.
pub fn base(text: &str) -> Result<String, String> {
    let url = endpoint(text)?;
    if url.contains('?') {
        return Err(QUERY.to_owned());
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// Validates the URL of an endpoint.
pub(super) fn endpoint(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|_| NO_URL)?;
    let host = url.host_str().ok_or(NO_URL)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(PASSWORD.to_owned());
    }
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(host)) {
        return Err(NOT_ENCRYPTED.to_owned());
    }
    if url.fragment().is_some() {
        return Err(QUERY.to_owned());
    }
    Ok(url.into())
}

/// Returns whether connections to `host` stay on this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encrypted_or_on_this_machine() {
        for (text, expected) in [
            (
                "https://graph.facebook.com",
                Ok("https://graph.facebook.com"),
            ),
            (
                "https://graph.facebook.com/",
                Ok("https://graph.facebook.com"),
            ),
            (
                "https://proxy.example.com/graph/",
                Ok("https://proxy.example.com/graph"),
            ),
            ("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080")),
            ("http://127.9.9.9", Ok("http://127.9.9.9")),
            ("http://[::1]:8080/", Ok("http://[::1]:8080")),
            ("http://LOCALHOST:1", Ok("http://localhost:1")),
            ("http://graph.facebook.com", Err(NOT_ENCRYPTED)),
            ("http://128.0.0.1", Err(NOT_ENCRYPTED)),
            ("http://localhost.example.com", Err(NOT_ENCRYPTED)),
            ("http://127.0.0.1.example.com", Err(NOT_ENCRYPTED)),
            ("http://[::2]", Err(NOT_ENCRYPTED)),
            ("ftp://localhost", Err(NOT_ENCRYPTED)),
            ("graph.facebook.com", Err(NO_URL)),
            ("https://", Err(NO_URL)),
            ("mailto:a@example.com", Err(NO_URL)),
            ("", Err(NO_URL)),
            ("https://user@example.com", Err(PASSWORD)),
            ("https://:word@example.com", Err(PASSWORD)),
            ("https://example.com/?a=b", Err(QUERY)),
            ("https://example.com/#a", Err(QUERY)),
        ] {
            let found = base(text);
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{text}");
        }
    }

    #[test]
    fn an_endpoint_may_have_a_query() {
        let url = "https://example.com/hook?a=b";
        assert_eq!(endpoint(url), Ok(url.to_owned()));
        assert_eq!(endpoint("https://example.com/#a"), Err(QUERY.to_owned()));
    }
}
