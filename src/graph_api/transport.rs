//! HTTP to Meta with limits: one host, no redirects, no proxy, limited time and size.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Response, redirect, retry};

use super::credentials::{Content, Request, Root};
use super::{Error, Reply, Settings, SettingsError, Usage, headers};
use crate::http_client::{self, describe};

pub(super) struct Transport {
    http: reqwest::Client,
    roots: Roots,
    version: String,
    /// Meta's latest time, and when it arrived by the monotonic clock.
    reported_time: Mutex<Option<(Timestamp, Instant)>>,
}

/// The URLs that requests begin with, without a trailing slash.
struct Roots {
    graph: String,
    /// Up to and including the Graph version.
    versioned: String,
    codes: String,
}

/// The status and body of an HTTP response.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// The size limits of an answer in bytes: to a batch, to a list of pages, to anything else.
pub(super) const ROOM_FOR_BATCH: usize = 8 << 20;
pub(super) const ROOM_FOR_PAGES: usize = 4 << 20;
pub(super) const ROOM: usize = 1 << 20;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

impl Transport {
    pub(super) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let url = settings.check()?;
        let http = http_client::builder()
            .user_agent(concat!("perennial/", env!("CARGO_PKG_VERSION")))
            .https_only(url.scheme() == "https")
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(settings.timeout)
            .build()
            .map_err(|error| SettingsError::Tls(describe(&error)))?;
        let graph = url.as_str().trim_end_matches('/');
        let codes = settings.code_url.as_deref().unwrap_or(graph);
        Ok(Self {
            http,
            roots: Roots {
                graph: graph.to_owned(),
                versioned: format!("{graph}/{}", settings.version),
                codes: codes.trim_end_matches('/').to_owned(),
            },
            version: settings.version.clone(),
            reported_time: Mutex::default(),
        })
    }

    /// Sends one request and reads the whole answer, at most `room` bytes of it.
    pub(super) async fn send(&self, request: Request, room: usize) -> Reply<Result<Answer, Error>> {
        let response = match self.prepare(request).send().await {
            Ok(response) => response,
            Err(error) => return unanswered(error),
        };
        let usage = headers::usage(response.headers(), &self.version);
        if let Some(at) = usage.served_at {
            let reported = Some((at, Instant::now()));
            *self
                .reported_time
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = reported;
        }
        let status = response.status().as_u16();
        let body = body(response, room).await;
        Reply {
            answer: body.map(|body| Answer { status, body }),
            usage,
        }
    }

    /// Returns the current time by Meta's clock, if an answer had one.
    pub(super) fn time(&self) -> Option<Timestamp> {
        let reported = *self
            .reported_time
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (at, then) = reported?;
        at.checked_add(then.elapsed()).ok()
    }

    /// The version that calls ask for.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    fn prepare(&self, request: Request) -> reqwest::RequestBuilder {
        let Request {
            root,
            target,
            content,
        } = request;
        let url = format!("{}{target}", self.roots.of(root));
        match content {
            Content::Get { bearer: None } => self.http.get(url),
            Content::Get {
                bearer: Some(bearer),
            } => self.http.get(url).header(AUTHORIZATION, bearer),
            Content::Post { form } => self
                .http
                .post(url)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form),
        }
    }
}

impl Roots {
    fn of(&self, root: Root) -> &str {
        match root {
            Root::Graph => &self.graph,
            Root::Versioned => &self.versioned,
            Root::Codes => &self.codes,
        }
    }
}

/// A call that was never sent costs nothing; Meta may have counted one that timed out.
fn unanswered<T>(error: reqwest::Error) -> Reply<Result<T, Error>> {
    let never_left = error.is_connect() || error.is_builder();
    Reply {
        usage: Usage {
            calls: u32::from(!never_left),
            ..Usage::default()
        },
        answer: Err(lost(error)),
    }
}

async fn body(mut response: Response, room: usize) -> Result<String, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if chunk.len() > room - body.len() {
            return Err(Error::unreachable("the answer is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    String::from_utf8(body).map_err(|_| Error::unreachable("the answer is not text"))
}

fn lost(error: reqwest::Error) -> Error {
    Error::unreachable(describe(&error.without_url()))
}
