//! Connections to the daemon: opened when none is idle, and kept for the next call.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::Error;
use crate::api::types::Problem;

/// Nothing on the socket waits for Meta or a person; only a reload takes longer than a moment.
const PATIENCE: Duration = Duration::from_secs(30);

/// Several times the longest answer, a list of 1000 tokens.
const LARGEST_ANSWER: usize = 16 << 20;

type Sender = SendRequest<Full<Bytes>>;

#[derive(Clone, Debug)]
pub(super) struct Line {
    socket: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Sender>>>,
}

/// A complete answer that is not an error.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl Line {
    pub(super) fn to(socket: PathBuf) -> Self {
        Self {
            socket: Arc::new(socket),
            idle: Arc::default(),
        }
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(super) async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Answer, Error> {
        let exchange = async {
            let (response, sender) = self.send(request).await?;
            let answer = answer(response).await?;
            self.idle().push(sender);
            Ok(answer)
        };
        let answer = timeout(PATIENCE, exchange)
            .await
            .map_err(|_| Error::Silent)??;
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(error_of(&answer))
    }

    /// Opens an answer that the caller reads piece by piece.
    pub(super) async fn open(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Error> {
        let sent = timeout(PATIENCE, self.send(request)).await;
        let (response, _) = sent.map_err(|_| Error::Silent)??;
        if response.status().is_success() {
            return Ok(response);
        }
        let answer = timeout(PATIENCE, answer(response)).await;
        Err(error_of(&answer.map_err(|_| Error::Silent)??))
    }

    /// Sends on an idle connection, or on a new one if the daemon has closed the idle one. Repeating a call is safe:
    /// the same import or order again changes nothing.
    async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Sender), Error> {
        loop {
            let idle = self.idle().pop();
            let is_fresh = idle.is_none();
            let mut sender = match idle {
                Some(sender) => sender,
                None => self.connect().await?,
            };
            match sender.send_request(request.clone()).await {
                Ok(response) => return Ok((response, sender)),
                Err(error) if is_fresh => return Err(interrupted(&error)),
                Err(_) => {}
            }
        }
    }

    async fn connect(&self) -> Result<Sender, Error> {
        let stream =
            UnixStream::connect(self.socket())
                .await
                .map_err(|source| Error::Unreachable {
                    socket: self.socket().to_owned(),
                    source,
                })?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| interrupted(&error))?;
        // The task ends when both sides are done; the request that waits for the answer reports any error.
        tokio::spawn(async move { connection.await.ok() });
        Ok(sender)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Sender>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(response: Response<Incoming>) -> Result<Answer, Error> {
    let status = response.status();
    let body = Limited::new(response.into_body(), LARGEST_ANSWER);
    let body = body.collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            return too_long();
        }
        Error::Interrupted(error.to_string())
    })?;
    Ok(Answer {
        status,
        body: body.to_bytes(),
    })
}

/// The error for an answer that is longer than any answer of the daemon.
pub(super) fn too_long() -> Error {
    Error::NotUnderstood {
        path: "the socket".to_owned(),
        reason: "it is longer than any answer of the daemon".to_owned(),
    }
}

fn error_of(answer: &Answer) -> Error {
    match serde_json::from_slice::<Problem>(&answer.body) {
        Ok(problem) => Error::Refused(Box::new(problem)),
        Err(_) => Error::NotUnderstood {
            path: "the socket".to_owned(),
            reason: format!(
                "HTTP status {} without an explanation",
                answer.status.as_u16()
            ),
        },
    }
}

pub(super) fn interrupted(error: &hyper::Error) -> Error {
    Error::Interrupted(error.to_string())
}
