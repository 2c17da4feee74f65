//! Where a message is sent. Many services put their key into the URL, so an address is a secret and never prints itself.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use super::networks;
use crate::secret::Secret;

/// The URL of a receiver, checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    url: Url,
    reach: Reach,
}

/// Whether the host's name may lead to a private address. One that is written as numbers, or `localhost`, always may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    #[default]
    Public,
    Private,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("is not an https:// URL")]
    NotUrl,
    #[error("is plain http to another machine; use https, so that nobody on the way can read it")]
    PlainHttp,
    #[error("contains a user name or a password, which are not supported")]
    Login,
    #[error("leads to an address that no server has")]
    Unusable,
    #[error("leads to a link-local address; set allow_private = true if that is what you want")]
    LinkLocal,
}

impl Address {
    pub fn parse(url: &Secret, reach: Reach) -> Result<Self, AddressError> {
        let url = Url::parse(url.expose().trim()).map_err(|_| AddressError::NotUrl)?;
        let Some(host) = url.host_str() else {
            return Err(AddressError::NotUrl);
        };
        let literal = literal(host);
        let is_here = host == LOCALHOST || literal.is_some_and(|ip| ip.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if is_here => {}
            "http" => return Err(AddressError::PlainHttp),
            _ => return Err(AddressError::NotUrl),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Login);
        }
        literal.map_or(Ok(()), |ip| check_literal(ip, reach))?;
        Ok(Self { url, reach })
    }

    pub(super) fn url(&self) -> Url {
        self.url.clone()
    }

    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    pub(super) fn reach(&self) -> Reach {
        self.reach
    }
}

/// The name of this machine for itself.
pub(super) const LOCALHOST: &str = "localhost";

/// The address of a host that is written as one, without the mapping of IPv4 into IPv6.
fn literal(host: &str) -> Option<IpAddr> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let address: IpAddr = host.parse().ok()?;
    Some(address.to_canonical())
}

/// An operator who writes a private address means it. A cloud's metadata service is never meant.
fn check_literal(address: IpAddr, reach: Reach) -> Result<(), AddressError> {
    let is_broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    if address.is_unspecified() || address.is_multicast() || is_broadcast {
        return Err(AddressError::Unusable);
    }
    if reach == Reach::Public && networks::is_link_local(address) {
        return Err(AddressError::LinkLocal);
    }
    Ok(())
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str, reach: Reach) -> Result<Address, AddressError> {
        Address::parse(&Secret::new(url), reach)
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for (url, error) in [
            ("https://hooks.example.com/T0/B0/key?wait=true", None),
            ("https://hooks.example.com:8443/\n", None),
            ("https://10.0.0.1/hook", None),
            ("https://[fd00::1]/hook", None),
            ("https://localhost/hook", None),
            ("http://localhost:8080/hook", None),
            ("http://127.0.0.1:8080/hook", None),
            ("http://127.1:8080/hook", None),
            ("http://[::1]:8080/hook", None),
            ("http://[::ffff:127.0.0.1]/hook", None),
            ("http://10.0.0.1/hook", Some(AddressError::PlainHttp)),
            ("http://hooks.example.com", Some(AddressError::PlainHttp)),
            (
                "http://localhost.example.com",
                Some(AddressError::PlainHttp),
            ),
            (
                "http://127.0.0.1.example.com",
                Some(AddressError::PlainHttp),
            ),
            ("https://0.0.0.0/", Some(AddressError::Unusable)),
            ("https://[::]/", Some(AddressError::Unusable)),
            ("https://224.0.0.1/", Some(AddressError::Unusable)),
            ("https://[ff02::1]/", Some(AddressError::Unusable)),
            ("https://255.255.255.255/", Some(AddressError::Unusable)),
            ("https://169.254.169.254/", Some(AddressError::LinkLocal)),
            ("https://[fe80::1]/", Some(AddressError::LinkLocal)),
            (
                "https://me:pw@hooks.example.com/",
                Some(AddressError::Login),
            ),
            ("https://me@hooks.example.com/", Some(AddressError::Login)),
            ("ftp://127.0.0.1/", Some(AddressError::NotUrl)),
            ("hooks.example.com", Some(AddressError::NotUrl)),
            ("https://", Some(AddressError::NotUrl)),
            ("", Some(AddressError::NotUrl)),
        ] {
            assert_eq!(parse(url, Reach::Public).err(), error, "{url}");
        }
        assert!(parse("https://169.254.1.1/", Reach::Private).is_ok());
    }

    #[test]
    fn an_address_never_prints_itself() {
        let address = parse("https://hooks.example.com/canary", Reach::Public).unwrap();
        assert_eq!(format!("{address:?}"), "Address(…)");
    }
}
