//! The URL of a mail server. The connection is always encrypted, except on this machine.

use percent_encoding::percent_decode_str;
use url::Url;

use super::urls::is_loopback;
use crate::email::mailer::Security;

/// A mail server that accepts outgoing emails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SmtpUrl {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) user: Option<String>,
}

const NO_URL: &str = "is not the URL of a mail server; write smtps://user@smtp.example.com:465 for TLS from the first byte, \
                      smtp://user@smtp.example.com:587 for STARTTLS";
const PASSWORD: &str = "must not contain a password: secrets do not belong in the configuration; \
                        write password = { credential = \"smtp.password\" } beside it";
const OPTIONS: &str = "must end with the host or the port; TLS needs no option, it is always required \
                       except on this machine";
const PORT: &str = "must not have port 0";

pub(super) fn parse(text: &str) -> Result<SmtpUrl, &'static str> {
    let url = Url::parse(text).map_err(|_| NO_URL)?;
    if url.password().is_some() {
        return Err(PASSWORD);
    }
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or(NO_URL)?.to_ascii_lowercase();
    let (security, usual_port) = security(url.scheme(), &host).ok_or(NO_URL)?;
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(OPTIONS);
    }
    let user = percent_decode_str(url.username()).decode_utf8();
    let user = user.map_err(|_| NO_URL)?.into_owned();
    match url.port().unwrap_or(usual_port) {
        0 => Err(PORT),
        port => Ok(SmtpUrl {
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            security,
            user: Some(user).filter(|user| !user.is_empty()),
        }),
    }
}

/// Returns the security of the connection, with its default port.
fn security(scheme: &str, host: &str) -> Option<(Security, u16)> {
    match scheme {
        "smtps" => Some((Security::Implicit, 465)),
        "smtp" if is_loopback(host) => Some((Security::PlainLoopback, 25)),
        "smtp" | "smtp+starttls" => Some((Security::StartTls, 587)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_and_the_host_decide_how_the_connection_is_protected() {
        use Security::{Implicit, PlainLoopback, StartTls};
        for (url, host, port, security) in [
            (
                "smtps://smtp.example.com",
                "smtp.example.com",
                465,
                Implicit,
            ),
            (
                "smtps://SMTP.example.com:2465/",
                "smtp.example.com",
                2465,
                Implicit,
            ),
            ("smtps://localhost", "localhost", 465, Implicit),
            ("smtp://smtp.example.com", "smtp.example.com", 587, StartTls),
            (
                "smtp://smtp.example.com:25",
                "smtp.example.com",
                25,
                StartTls,
            ),
            (
                "smtp+starttls://smtp.example.com",
                "smtp.example.com",
                587,
                StartTls,
            ),
            (
                "smtp+starttls://127.0.0.1:2525",
                "127.0.0.1",
                2525,
                StartTls,
            ),
            ("smtp://localhost", "localhost", 25, PlainLoopback),
            ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, PlainLoopback),
            ("smtp://[::1]:2525", "::1", 2525, PlainLoopback),
            ("smtp://10.0.0.1", "10.0.0.1", 587, StartTls),
        ] {
            let relay = parse(url).unwrap();
            let found = (relay.host.as_str(), relay.port, relay.security);
            assert_eq!(found, (host, port, security), "{url}");
        }
    }

    #[test]
    fn the_user_may_be_a_mail_address() {
        for (url, user) in [
            ("smtps://example.com", None),
            ("smtps://user@example.com", Some("user")),
            (
                "smtps://ops@acme.example@example.com",
                Some("ops@acme.example"),
            ),
            (
                "smtps://ops%40acme.example@example.com",
                Some("ops@acme.example"),
            ),
            ("smtps://m%C3%BCller@example.com", Some("müller")),
        ] {
            assert_eq!(parse(url).unwrap().user.as_deref(), user, "{url}");
        }
    }

    #[test]
    fn what_is_no_mail_server_is_refused() {
        for (url, error) in [
            ("", NO_URL),
            ("smtp.example.com", NO_URL),
            ("smtp.example.com:465", NO_URL),
            ("smtps://", NO_URL),
            ("smtps:example.com", NO_URL),
            ("https://example.com", NO_URL),
            ("smtps://%ff@example.com", NO_URL),
            ("smtps://user:word@example.com", PASSWORD),
            ("smtps://:word@example.com", PASSWORD),
            ("smtp://example.com?tls=required", OPTIONS),
            ("smtp://example.com/path", OPTIONS),
            ("smtp://example.com#x", OPTIONS),
            ("smtp://example.com:0", PORT),
        ] {
            assert_eq!(parse(url).unwrap_err(), error, "{url}");
        }
    }
}
