//! The API for the overview in the same process: the same routes, roles and records as on the socket, in the name of a
//! user whom the caller has identified.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use tokio::net::unix::UCred;
use tokio::sync::watch;

use super::Settings;
use super::accounts::{Accounts, can_connect};
use super::peer::{Account, Peer};
use crate::http;

/// Cheap to clone.
#[derive(Clone)]
pub struct LocalApi {
    router: Router,
    accounts: Arc<Accounts>,
    settings: watch::Receiver<Settings>,
}

/// A user, whose calls get what they would get on the socket.
#[derive(Clone, Debug)]
pub struct LocalCaller {
    peer: Peer,
    api: LocalApi,
}

/// Why a user cannot call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoSuchCaller {
    /// The machine has no account of this name.
    NoAccount,
    /// The modes of the socket keep this user out.
    KeptOut { user: String, socket: PathBuf },
}

impl LocalApi {
    pub(super) const fn new(
        router: Router,
        accounts: Arc<Accounts>,
        settings: watch::Receiver<Settings>,
    ) -> Self {
        Self {
            router,
            accounts,
            settings,
        }
    }

    /// The account of the process at the other end of a connection.
    pub async fn account(&self, credentials: UCred) -> Account {
        self.accounts.identify(credentials).await.account
    }

    /// The user of the process at the other end of a connection.
    pub async fn process(&self, credentials: UCred) -> Result<LocalCaller, NoSuchCaller> {
        self.caller(self.accounts.identify(credentials).await)
    }

    /// The user of this name.
    pub async fn user(&self, name: &str) -> Result<LocalCaller, NoSuchCaller> {
        let peer = self.accounts.named(name).await;
        self.caller(peer.ok_or(NoSuchCaller::NoAccount)?)
    }

    fn caller(&self, peer: Peer) -> Result<LocalCaller, NoSuchCaller> {
        let socket = self.settings.borrow().socket.clone();
        match can_connect(&socket, &peer) {
            true => Ok(LocalCaller {
                peer,
                api: self.clone(),
            }),
            false => Err(NoSuchCaller::KeptOut {
                user: peer.account.user,
                socket,
            }),
        }
    }
}

impl LocalCaller {
    pub const fn uid(&self) -> u32 {
        self.peer.uid
    }

    /// Where the same API is as a socket.
    pub fn socket(&self) -> Arc<Path> {
        self.api.settings.borrow().socket.clone().into()
    }

    /// The answer to a call with a JSON body, or no body. Returns `None` if it has more than `most` bytes.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        most: usize,
    ) -> Option<(StatusCode, Vec<u8>)> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .extension(self.peer.clone());
        let request = request.body(Body::from(body)).ok()?;
        let answer = http::answer(self.api.router.clone(), request).await;
        let status = answer.status();
        let body = to_bytes(answer.into_body(), most).await.ok()?;
        Some((status, body.into()))
    }
}

impl fmt::Debug for LocalApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalApi")
    }
}
