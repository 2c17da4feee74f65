//! Validates URLs. Secrets are sent there, so connections must be encrypted unless they stay on this machine. No
//! message repeats a URL, because it may contain a password.

use std::net::IpAddr;

use url::Url;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UrlError {
    #[error("is not a URL; write it in full, such as https://example.com")]
    Url,
    #[error("must begin with https:// (http:// only to this machine: 127.0.0.1, [::1], localhost)")]
    NotEncrypted,
    #[error("must not contain a user or password: secrets do not belong in the configuration")]
    Password,
    #[error("must end with the host or a path, without ? or #")]
    Query,
}

/// Validates the base of other URLs. Returns it without a trailing slash.
pub(super) fn base(text: &str) -> Result<String, UrlError> {
    let url = encrypted(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(UrlError::Query);
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Validates the URL of an endpoint.
pub(super) fn endpoint(text: &str) -> Result<String, UrlError> {
    let url = encrypted(text)?;
    if url.fragment().is_some() {
        return Err(UrlError::Query);
    }
    Ok(url.into())
}

fn encrypted(text: &str) -> Result<Url, UrlError> {
    let url = Url::parse(text).map_err(|_| UrlError::Url)?;
    let host = url.host_str().ok_or(UrlError::Url)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::Password);
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(host) => Ok(url),
        _ => Err(UrlError::NotEncrypted),
    }
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
            ("http://graph.facebook.com", Err(UrlError::NotEncrypted)),
            ("http://128.0.0.1", Err(UrlError::NotEncrypted)),
            ("http://localhost.example.com", Err(UrlError::NotEncrypted)),
            ("http://127.0.0.1.example.com", Err(UrlError::NotEncrypted)),
            ("http://[::2]", Err(UrlError::NotEncrypted)),
            ("ftp://localhost", Err(UrlError::NotEncrypted)),
            ("graph.facebook.com", Err(UrlError::Url)),
            ("https://", Err(UrlError::Url)),
            ("mailto:a@example.com", Err(UrlError::Url)),
            ("", Err(UrlError::Url)),
            ("https://user@example.com", Err(UrlError::Password)),
            ("https://:word@example.com", Err(UrlError::Password)),
            ("https://example.com/?a=b", Err(UrlError::Query)),
            ("https://example.com/#a", Err(UrlError::Query)),
        ] {
            assert_eq!(base(text), expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn an_endpoint_may_have_a_query() {
        let url = "https://example.com/hook?a=b";
        assert_eq!(endpoint(url), Ok(url.to_owned()));
        assert_eq!(endpoint("https://example.com/#a"), Err(UrlError::Query));
    }
}
