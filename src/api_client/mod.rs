//! The client of the socket: one typed call for each route.

mod calendars;
mod connection;
mod daemon;
mod deliveries;
mod events;
mod forecasts;
mod inside;
mod paths;

use std::io;
use std::path::{Path, PathBuf};

use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::types::{
    Accepted, AcknowledgeRequest, CallerView, CandidateRequest, CompletionRequest,
    CorrectionRequest, EventQuery, ImportRequest, ImportResult, ImportResults, IncidentList,
    IncidentQuery, IncidentView, LARGEST_IMPORT, LoginAccepted, LoginCodeRequest, LoginLink,
    LoginRequest, LoginView, MOST_IMPORTS, Problem, SecretQuery, SecretView, StatusReport,
    TokenDetail, TokenList, TokenQuery, TokenView,
};

use connection::{Answer, Connection};
pub use events::EventStream;
pub use paths::{escaped, token_path, with_query};

/// Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client(Connection);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No daemon answers at the socket.
    #[error("cannot reach the daemon at {}: {source}. {}", socket.display(), advice(source))]
    Unreachable { socket: PathBuf, source: io::Error },
    /// The daemon refused the call, and says why.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The connection ended in the middle of an answer.
    #[error(
        "the daemon closed the connection before it answered: {0}. It may be restarting: systemctl status perennial"
    )]
    Interrupted(String),
    #[error("the daemon did not answer in time. See its state: systemctl status perennial")]
    Silent,
    /// Daemon and command are of different versions, or another program listens on the socket.
    #[error(
        "this version does not understand the answer at {path}: {reason}. Compare the daemon's version: perennial \
         version"
    )]
    NotUnderstood { path: String, reason: String },
}

fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied => {
            "Members of the group perennial may use it: sudo adduser $USER perennial"
        }
        _ => "Is it running? systemctl status perennial",
    }
}

/// The result of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    Added(Box<TokenView>),
    /// The token was there already; nothing was changed.
    Known(Box<TokenView>),
}

/// The result of adding a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CandidateAnswer {
    /// The candidate is stored beside the current secret; later events say what Meta answered.
    Accepted(Accepted),
    AlreadyInUse,
}

impl Client {
    /// Does not connect before the first call.
    pub fn at(socket: impl Into<PathBuf>) -> Result<Self, Error> {
        Connection::to(socket.into()).map(Self)
    }

    pub fn socket(&self) -> &Path {
        self.0.socket()
    }

    pub async fn caller(&self) -> Result<CallerView, Error> {
        self.get("/v1/caller").await
    }

    pub async fn status(&self) -> Result<StatusReport, Error> {
        self.get("/v1/status").await
    }

    pub async fn tokens(&self, query: &TokenQuery) -> Result<TokenList, Error> {
        self.get(&with_query("/v1/tokens", query)).await
    }

    pub async fn token(&self, name: &str) -> Result<TokenDetail, Error> {
        self.get(&token_path(name, "")).await
    }

    /// Returns the daemon's JSON of the corrected token.
    pub async fn correct(&self, name: &str, request: &CorrectionRequest) -> Result<String, Error> {
        let answer = self
            .send(Method::PATCH, &token_path(name, ""), request)
            .await?;
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }

    pub async fn import(&self, request: &ImportRequest) -> Result<Imported, Error> {
        let path = "/v1/tokens";
        let answer = self.send(Method::POST, path, request).await?;
        let token = Box::new(understood(path, &answer)?);
        Ok(match answer.status {
            StatusCode::OK => Imported::Known(token),
            _ => Imported::Added(token),
        })
    }

    /// Imports as many of these tokens as one request takes, beginning with the first. Returns a result for each of
    /// those.
    pub async fn import_first(
        &self,
        requests: &[&ImportRequest],
    ) -> Result<Vec<ImportResult>, Error> {
        let path = "/v1/imports";
        let (sent, body) = import_body(requests).map_err(|error| not_understood(path, &error))?;
        let answer = self.0.ask(Method::POST, path, body).await?;
        let ImportResults { results } = understood(path, &answer)?;
        if results.len() != sent {
            let reason = format!("it has {} results for {sent} tokens", results.len());
            let path = path.to_owned();
            return Err(Error::NotUnderstood { path, reason });
        }
        Ok(results)
    }

    pub async fn add_candidate(
        &self,
        name: &str,
        request: &CandidateRequest,
    ) -> Result<CandidateAnswer, Error> {
        let path = token_path(name, "/secret");
        let answer = self.send(Method::PUT, &path, request).await?;
        match answer.status {
            StatusCode::OK => Ok(CandidateAnswer::AlreadyInUse),
            _ => understood(&path, &answer).map(CandidateAnswer::Accepted),
        }
    }

    pub async fn secret(&self, name: &str, query: &SecretQuery) -> Result<SecretView, Error> {
        self.get(&with_query(&token_path(name, "/secret"), query))
            .await
    }

    pub async fn check(&self, name: &str) -> Result<Accepted, Error> {
        self.post(&token_path(name, "/check")).await
    }

    pub async fn rotate(&self, name: &str) -> Result<Accepted, Error> {
        self.post(&token_path(name, "/rotate")).await
    }

    pub async fn rollback(&self, name: &str) -> Result<Accepted, Error> {
        self.post(&token_path(name, "/rollback")).await
    }

    pub async fn forget(&self, name: &str) -> Result<(), Error> {
        let path = token_path(name, "");
        self.0
            .ask(Method::DELETE, &path, Vec::new())
            .await
            .map(drop)
    }

    pub async fn incidents(&self, query: &IncidentQuery) -> Result<IncidentList, Error> {
        self.get(&with_query("/v1/incidents", query)).await
    }

    pub async fn acknowledge(
        &self,
        id: &str,
        request: &AcknowledgeRequest,
    ) -> Result<IncidentView, Error> {
        self.post_body(
            &format!("/v1/incidents/{}/acknowledge", escaped(id)),
            request,
        )
        .await
    }

    pub async fn open_login(&self, request: &LoginRequest) -> Result<LoginLink, Error> {
        self.post_body("/v1/logins", request).await
    }

    pub async fn redeem_code(&self, request: &LoginCodeRequest) -> Result<LoginAccepted, Error> {
        self.post_body("/v1/logins/code", request).await
    }

    pub async fn login(&self, id: &str) -> Result<LoginView, Error> {
        self.get(&format!("/v1/logins/{}", escaped(id))).await
    }

    pub async fn complete_login(
        &self,
        id: &str,
        request: &CompletionRequest,
    ) -> Result<Accepted, Error> {
        self.post_body(&format!("/v1/logins/{}/complete", escaped(id)), request)
            .await
    }

    /// Reads the journal from where the query says, to its end or, with `follow`, until either side stops.
    pub async fn events(&self, query: &EventQuery) -> Result<EventStream, Error> {
        let response = self.0.open(&with_query("/v1/events", query)).await?;
        Ok(EventStream::new(response))
    }

    /// The daemon's JSON unchanged, for `--json`.
    pub async fn text(&self, path: &str) -> Result<String, Error> {
        let answer = self.0.ask(Method::GET, path, Vec::new()).await?;
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        understood(path, &self.0.ask(Method::GET, path, Vec::new()).await?)
    }

    async fn post<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        understood(path, &self.0.ask(Method::POST, path, Vec::new()).await?)
    }

    async fn post_body<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        understood(path, &self.send(Method::POST, path, body).await?)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Answer, Error> {
        let body = serde_json::to_vec(body).map_err(|error| not_understood(path, &error))?;
        self.0.ask(method, path, body).await
    }
}

/// How many of the requests fit, and the body with these. The first one always fits.
fn import_body(requests: &[&ImportRequest]) -> Result<(usize, Vec<u8>), serde_json::Error> {
    const END: &[u8] = b"]}";
    let mut body = br#"{"tokens":["#.to_vec();
    let mut sent = 0;
    for request in requests.iter().take(MOST_IMPORTS) {
        let entry = serde_json::to_vec(request)?;
        let size = body.len() + 1 + entry.len() + END.len();
        if sent > 0 && size > LARGEST_IMPORT {
            break;
        }
        if sent > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&entry);
        sent += 1;
    }
    body.extend_from_slice(END);
    Ok((sent, body))
}

fn understood<T: DeserializeOwned>(path: &str, answer: &Answer) -> Result<T, Error> {
    serde_json::from_slice(&answer.body).map_err(|error| not_understood(path, &error))
}

/// Says where the error is, but does not quote the answer: it may hold a token.
fn not_understood(path: &str, error: &serde_json::Error) -> Error {
    Error::NotUnderstood {
        path: path.to_owned(),
        reason: format!("line {}, column {}", error.line(), error.column()),
    }
}
