//! Who asks on the permanent form of the overview: the user whom the operator's proxy names in a header, or, without such
//! a header, the user of the process that asks. Each gets the rights of that user on the socket.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use jiff::tz::TimeZone;
use tokio::sync::watch;

use super::failure::Failure;
use super::headers::only;
use super::page;
use super::state::{Links, Templates, UiState};
use crate::api::peer::Account;
use crate::api::{LocalApi, LocalCaller, NoSuchCaller};
use crate::api_client::Client;
use crate::http::Origin;
use crate::secret::{DigestKey, KeyError};

/// The permanent form of the overview.
#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: PathBuf,
    /// `None` if the process that asks counts itself.
    pub proxy: Option<Proxy>,
    /// The time zone of times on pages.
    pub timezone: TimeZone,
}

/// Who names users, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    pub user_header: String,
    /// Users, or `@groups`. A header of anybody else is not believed.
    pub peers: Vec<String>,
}

pub(super) struct Gate {
    api: LocalApi,
    settings: watch::Receiver<Settings>,
    /// Binds a form to its user, for as long as the daemon runs.
    form_key: DigestKey,
    /// In the time zone that they were made for.
    templates: Mutex<(TimeZone, Templates)>,
    links: Arc<Links>,
}

impl Gate {
    /// `templates` are for the time zone in `settings`.
    pub(super) fn new(
        api: LocalApi,
        settings: watch::Receiver<Settings>,
        templates: Templates,
    ) -> Result<Self, KeyError> {
        let zone = settings.borrow().timezone.clone();
        Ok(Self {
            api,
            settings,
            form_key: DigestKey::generate()?,
            templates: Mutex::new((zone, templates)),
            links: Arc::default(),
        })
    }

    /// The overview of the user who asks.
    pub(super) async fn admit(
        &self,
        method: &Method,
        headers: &HeaderMap,
        origin: Option<Origin>,
    ) -> Result<UiState, Failure> {
        let caller = self.caller(headers, origin).await?;
        let only_reads = method == Method::GET || method == Method::HEAD;
        if !only_reads && !comes_from_own_page(headers) {
            return Err(foreign_form());
        }
        let form_token = self.form_key.digest(&caller.uid().to_string());
        Ok(UiState {
            base: String::new(),
            form_token: form_token.map_err(|_| unknown_peer())?.as_name(),
            uid: caller.uid(),
            templates: self.templates(),
            links: Arc::clone(&self.links),
            client: Client::inside(caller),
        })
    }

    async fn caller(
        &self,
        headers: &HeaderMap,
        origin: Option<Origin>,
    ) -> Result<LocalCaller, Failure> {
        let Some(Origin::Process(credentials)) = origin else {
            return Err(unknown_peer());
        };
        let proxy = self.settings.borrow().proxy.clone();
        let Some(proxy) = proxy else {
            let caller = self.api.process(credentials).await;
            return caller.map_err(|reason| no_such_caller(reason, "the process that asks"));
        };
        let account = self.api.account(credentials).await;
        let user = named_user(headers, &proxy, &account)?;
        let caller = self.api.user(user).await;
        caller.map_err(|reason| no_such_caller(reason, &proxy.user_header))
    }

    /// Made anew when a reload has changed the time zone.
    pub(super) fn templates(&self) -> Templates {
        let zone = self.settings.borrow().timezone.clone();
        let mut kept = self
            .templates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if kept.0 != zone
            && let Ok(templates) = page::templates(zone.clone())
        {
            *kept = (zone, Arc::new(templates));
        }
        Arc::clone(&kept.1)
    }
}

/// The user that the header names, if the proxy may name one.
fn named_user<'a>(
    headers: &'a HeaderMap,
    proxy: &Proxy,
    peer: &Account,
) -> Result<&'a str, Failure> {
    let header = &proxy.user_header;
    if !peer.is_among(&proxy.peers) {
        let user = &peer.user;
        return Err(forbidden(
            "This program may not name users",
            format!(
                "The program that asks runs as {user}, who is not in header_peers under [ui] in perennial.toml. If it \
                 is your proxy, add \"{user}\" there and reload: perennial reload. Without a proxy, run perennial ui."
            ),
        ));
    }
    let mut values = headers.get_all(header.as_str()).iter();
    let value = values
        .next()
        .map(|value| value.to_str().unwrap_or_default());
    match (value, values.next()) {
        (Some(user), None) if !user.is_empty() => Ok(user),
        (_, Some(_)) => Err(forbidden(
            "The proxy named more than one user",
            format!(
                "The request has the header {header} more than once. Make the proxy replace what a browser sends in \
                 this header, instead of adding to it."
            ),
        )),
        (_, None) => Err(forbidden(
            "The proxy named no user",
            format!(
                "The request has no user in the header {header}. Make the proxy ask everybody who they are, and send \
                 the user's name in this header."
            ),
        )),
    }
}

/// The proxy passes on the host that the browser asked for. Only a page of that host sends it as the origin.
fn comes_from_own_page(headers: &HeaderMap) -> bool {
    let (host, origin) = (only(headers, &HOST), only(headers, &ORIGIN));
    let site = origin.and_then(|origin| {
        let encrypted = origin.strip_prefix("https://");
        encrypted.or_else(|| origin.strip_prefix("http://"))
    });
    site.is_some() && site == host
}

fn forbidden(title: &str, text: String) -> Failure {
    Failure::new(StatusCode::FORBIDDEN, title, text)
}

fn foreign_form() -> Failure {
    forbidden(
        "This form is not from here",
        "The address of the page with the form (Origin) is not the one that the proxy passed on (Host). If the form was \
         on a page of the overview, make the proxy pass on the Host of the browser unchanged."
            .to_owned(),
    )
}

fn unknown_peer() -> Failure {
    forbidden(
        "Who asks?",
        "The user at the other end of this connection is unknown. Run perennial ui instead."
            .to_owned(),
    )
}

/// `source` is where the name came from. The name itself is not repeated: a proxy may send something else there.
fn no_such_caller(reason: NoSuchCaller, source: &str) -> Failure {
    match reason {
        NoSuchCaller::NoAccount => forbidden(
            "This machine does not know you",
            format!(
                "The name in {source} is not that of a user of this machine. Make the proxy send the name of such a \
                 user, or add one: sudo adduser --disabled-password NAME."
            ),
        ),
        NoSuchCaller::KeptOut { user, socket } => forbidden(
            "You may not use the socket",
            format!(
                "You are {user}, and the modes of {} keep you out, so you see nothing here. Members of the group \
                 perennial may use it: sudo adduser {user} perennial.",
                socket.display()
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        headers
    }

    #[test]
    fn only_a_listed_proxy_names_one_user() {
        let proxy = Proxy {
            user_header: "X-Remote-User".to_owned(),
            peers: vec!["www-data".to_owned(), "@proxies".to_owned()],
        };
        let account = |user: &str, group: &str| Account {
            user: user.to_owned(),
            groups: vec![group.to_owned()],
        };
        let (listed, member) = (account("www-data", "www-data"), account("caddy", "proxies"));
        let others = account("eve", "www-data");
        let one = &[("x-remote-user", "ada")][..];
        for (peer, pairs, expected) in [
            (&listed, one, Ok("ada")),
            (&member, one, Ok("ada")),
            (&others, one, Err("This program may not name users")),
            (&others, &[], Err("This program may not name users")),
            (&listed, &[], Err("The proxy named no user")),
            (
                &listed,
                &[("remote-user", "ada")],
                Err("The proxy named no user"),
            ),
            (
                &listed,
                &[("x-remote-user", "")],
                Err("The proxy named no user"),
            ),
            (
                &listed,
                &[("x-remote-user", "\u{e4}da")],
                Err("The proxy named no user"),
            ),
            (
                &listed,
                &[("x-remote-user", "ada"), ("x-remote-user", "root")],
                Err("The proxy named more than one user"),
            ),
            (
                &listed,
                &[("x-remote-user", "ada"), ("x-remote-user", "ada")],
                Err("The proxy named more than one user"),
            ),
        ] {
            let headers = headers(pairs);
            let found = named_user(&headers, &proxy, peer);
            let found = found.as_deref().map_err(|failure| failure.title.as_str());
            assert_eq!(found, expected, "{pairs:?}");
        }
        let failure = named_user(&HeaderMap::new(), &proxy, &listed).unwrap_err();
        assert!(failure.text.contains("X-Remote-User"), "{}", failure.text);
    }

    #[test]
    fn a_form_comes_from_the_host_that_the_proxy_passes_on() {
        let (host, origin) = ("host", "origin");
        for (pairs, expected) in [
            (
                &[(host, "a.example"), (origin, "https://a.example")][..],
                true,
            ),
            (
                &[(host, "a.example:8443"), (origin, "https://a.example:8443")],
                true,
            ),
            (&[(host, "localhost"), (origin, "http://localhost")], true),
            (&[(host, "a.example"), (origin, "https://b.example")], false),
            (
                &[(host, "a.example"), (origin, "https://a.example:8443")],
                false,
            ),
            (&[(host, "a.example"), (origin, "a.example")], false),
            (&[(host, "a.example"), (origin, "null")], false),
            (&[(host, "null"), (origin, "null")], false),
            (&[(host, "a.example")], false),
            (&[(origin, "https://a.example")], false),
            (&[], false),
            (
                &[
                    (host, "a.example"),
                    (origin, "https://a.example"),
                    (origin, "https://b.example"),
                ],
                false,
            ),
            (
                &[
                    (host, "b.example"),
                    (host, "a.example"),
                    (origin, "https://a.example"),
                ],
                false,
            ),
        ] {
            assert_eq!(comes_from_own_page(&headers(pairs)), expected, "{pairs:?}");
        }
    }
}
