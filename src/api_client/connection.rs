//! Sends calls over the socket or, in the daemon itself, without it, and reads answers of limited length in limited time.

use std::error::Error as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use tokio::time::timeout;

use super::Error;
use crate::api::LocalCaller;
use crate::api::types::Problem;
use crate::http_client;

/// Nothing on the socket waits for Meta or a person; only a reload takes longer than a moment.
const PATIENCE: Duration = Duration::from_secs(30);

/// Several times the longest answer, a list of 1000 tokens.
const LARGEST_ANSWER: usize = 16 << 20;

#[derive(Clone, Debug)]
pub(super) struct Connection {
    socket: Arc<Path>,
    transport: Transport,
}

#[derive(Clone, Debug)]
enum Transport {
    Socket(reqwest::Client),
    /// In the daemon itself.
    Inside(LocalCaller),
}

/// A complete answer that is not an error.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

impl Connection {
    pub(super) fn to(socket: PathBuf) -> Result<Self, Error> {
        let socket: Arc<Path> = socket.into();
        // The socket needs no TLS, so a command does not load the machine's certificates.
        let http = http_client::builder()
            .unix_socket(&*socket)
            .tls_certs_only([])
            .build()
            .map_err(|error| unanswered(&socket, error))?;
        let transport = Transport::Socket(http);
        Ok(Self { socket, transport })
    }

    pub(super) fn inside(caller: LocalCaller) -> Self {
        Self {
            socket: caller.socket(),
            transport: Transport::Inside(caller),
        }
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Answer, Error> {
        let exchange = async {
            match &self.transport {
                Transport::Socket(http) => {
                    let response = self.send(http, method, path, body).await?;
                    checked(complete(response).await?)
                }
                Transport::Inside(caller) => {
                    let called = caller.call(method, path, body, LARGEST_ANSWER).await;
                    let (status, body) = called.ok_or_else(too_long)?;
                    checked(Answer { status, body })
                }
            }
        };
        timeout(PATIENCE, exchange)
            .await
            .map_err(|_| Error::Silent)?
    }

    /// Opens an answer that the caller reads piece by piece, which only the socket gives.
    pub(super) async fn open(&self, path: &str) -> Result<Response, Error> {
        let Transport::Socket(http) = &self.transport else {
            return Err(Error::Interrupted("it gives whole answers here".to_owned()));
        };
        let opening = async {
            let response = self.send(http, Method::GET, path, Vec::new()).await?;
            if response.status().is_success() {
                return Ok(response);
            }
            Err(error_of(&complete(response).await?))
        };
        timeout(PATIENCE, opening)
            .await
            .map_err(|_| Error::Silent)?
    }

    async fn send(
        &self,
        http: &reqwest::Client,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Response, Error> {
        http.request(method, format!("http://localhost{path}"))
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .map_err(|error| unanswered(&self.socket, error))
    }
}

fn checked(answer: Answer) -> Result<Answer, Error> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    Err(error_of(&answer))
}

async fn complete(mut response: Response) -> Result<Answer, Error> {
    let mut body = Vec::new();
    while let Some(part) = response
        .chunk()
        .await
        .map_err(|error| interrupted(&error))?
    {
        body.extend_from_slice(&part);
        if body.len() > LARGEST_ANSWER {
            return Err(too_long());
        }
    }
    Ok(Answer {
        status: response.status(),
        body,
    })
}

/// The error for an answer that is longer than any answer of the daemon.
pub(super) fn too_long() -> Error {
    not_understood_at_all("it is longer than any answer of the daemon".to_owned())
}

fn error_of(answer: &Answer) -> Error {
    match serde_json::from_slice::<Problem>(&answer.body) {
        Ok(problem) => Error::Refused(Box::new(problem)),
        Err(_) => not_understood_at_all(format!(
            "HTTP status {} without an explanation",
            answer.status.as_u16()
        )),
    }
}

fn not_understood_at_all(reason: String) -> Error {
    Error::NotUnderstood {
        path: "the socket".to_owned(),
        reason,
    }
}

fn unanswered(socket: &Path, error: reqwest::Error) -> Error {
    if !error.is_connect() && !error.is_builder() {
        return interrupted(&error);
    }
    let code = causes(&error).find_map(|cause| cause.downcast_ref::<io::Error>()?.raw_os_error());
    Error::Unreachable {
        socket: socket.to_owned(),
        source: code.map_or_else(|| io::Error::other(error), io::Error::from_raw_os_error),
    }
}

/// The innermost cause says what happened; those around it only where.
pub(super) fn interrupted(error: &reqwest::Error) -> Error {
    let innermost = causes(error).last().map(ToString::to_string);
    Error::Interrupted(innermost.unwrap_or_else(|| error.to_string()))
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause| (**cause).source())
}
