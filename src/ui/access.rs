//! Who may open a page: a browser that came through the one-time address. An open port of this machine can be reached by
//! all its users, and by every site that their browsers show.

use std::sync::{Mutex, PoisonError};

use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method, Uri};

use super::headers::only;
use crate::secret::{KeyError, Secret, random_id};

const COOKIE_NAME: &str = "perennial_ui";

/// The path of the one-time address, below the prefix.
const OPENING: &str = "/open/";

/// Cookies do not know ports and paths do not know users, so neither the prefix nor the cookie is enough alone.
pub(super) struct Access {
    /// The first part of every path.
    prefix: Secret,
    /// The same as the beginning of a path.
    base: String,
    cookie: Secret,
    /// `None` once it was used.
    ticket: Mutex<Option<Secret>>,
}

/// What a request may get.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// The page at this path, which is without the prefix.
    Page(String),
    /// The cookie: it is the first visit of the one-time address.
    FirstVisit,
    Nothing,
}

impl Access {
    pub(super) fn new() -> Result<Self, KeyError> {
        let prefix = random_id()?;
        Ok(Self {
            base: format!("/{}", prefix.expose()),
            prefix,
            cookie: random_id()?,
            ticket: Mutex::new(Some(random_id()?)),
        })
    }

    /// The beginning of every path, without a slash at its end.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// `None` once it was used.
    pub(super) fn one_time_path(&self) -> Option<String> {
        let ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = ticket.as_ref()?;
        Some(format!("{}{OPENING}{}", self.base(), ticket.expose()))
    }

    pub(super) fn set_cookie(&self) -> String {
        format!(
            "{COOKIE_NAME}={}; HttpOnly; SameSite=Strict; Path={}/",
            self.cookie.expose(),
            self.base
        )
    }

    pub(super) fn admit(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Admission {
        let path = uri.path().strip_prefix('/').unwrap_or_default();
        let (prefix, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
        let is_read = method == Method::GET || method == Method::HEAD;
        let is_addressed = uri.authority().is_none()
            && host(headers).is_some_and(|host| is_read || comes_from(host, headers));
        if !is_addressed || !self.prefix.is(prefix) {
            return Admission::Nothing;
        }
        if let Some(ticket) = rest.strip_prefix(OPENING) {
            return match method == Method::GET && self.uses_up(ticket) {
                true => Admission::FirstVisit,
                false => Admission::Nothing,
            };
        }
        match self.has_cookie(headers) {
            true => Admission::Page(rest.to_owned()),
            false => Admission::Nothing,
        }
    }

    fn uses_up(&self, presented: &str) -> bool {
        let mut ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = ticket.as_ref().is_some_and(|ticket| ticket.is(presented));
        if fits {
            *ticket = None;
        }
        fits
    }

    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let lines = headers.get_all(COOKIE).iter();
        let mut pairs = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(name, value)| name == COOKIE_NAME && self.cookie.is(value))
    }
}

/// The one host of the request, if it is a name of this machine that no name server can give to another site. Any port
/// will do, because `ssh -L` may forward another one.
fn host(headers: &HeaderMap) -> Option<&str> {
    let host = only(headers, &HOST)?;
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    ["127.0.0.1", "[::1]", "localhost"]
        .contains(&name)
        .then_some(host)
}

fn comes_from(host: &str, headers: &HeaderMap) -> bool {
    let origin = only(headers, &ORIGIN).and_then(|origin| origin.strip_prefix("http://"));
    origin == Some(host)
}
