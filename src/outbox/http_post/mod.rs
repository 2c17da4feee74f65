//! Posts a message to a receiver over HTTP, or just calls it, with limits: no redirects, no proxy, no private addresses unless they are
//! allowed, limited time and size. Nothing here reveals the address or the message.

mod address;
mod error;
mod networks;
mod resolver;
mod retry_after;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::dns::Resolve;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, StatusCode, redirect, retry};

use crate::http_client;
pub use address::{Address, AddressError, Reach};
pub use error::PostError;
use resolver::{CheckedResolver, SystemResolver};

/// What a receiver answered that accepted the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub status: u16,
    /// The start of the answer; empty when it could not be read.
    pub body: String,
    pub took: Duration,
}

/// TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}; check the machine's root certificates")]
pub struct TlsError(String);

#[derive(Debug)]
pub struct HttpPost(reqwest::Client);

/// How much of an answer is read.
const ROOM: usize = 64 << 10;

const TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A call carries nothing, so its answer is not worth a long wait.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

impl HttpPost {
    /// Builds a client for these addresses. The names of others may not lead to private addresses.
    pub fn new(addresses: &[Address]) -> Result<Self, TlsError> {
        Self::with(addresses, Arc::new(SystemResolver), TIMEOUT)
    }

    fn with(
        addresses: &[Address],
        system: Arc<dyn Resolve>,
        timeout: Duration,
    ) -> Result<Self, TlsError> {
        let http = http_client::builder()
            .user_agent(concat!("perennial/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .dns_resolver(CheckedResolver::new(addresses, system))
            .pool_max_idle_per_host(1)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .build();
        http.map(Self)
            .map_err(|error| TlsError(http_client::describe(&error)))
    }

    /// Sends a JSON body once. Any 2xx is success, even if the rest of the answer cannot be read, because the receiver
    /// has the message. `now` is for a `Retry-After` that is a date.
    pub async fn post(
        &self,
        address: &Address,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<Receipt, PostError> {
        let started = Instant::now();
        let mut request = self.0.post(address.url());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        let sent = request.send().await;
        let response = sent.map_err(|error| PostError::unanswered(error, address))?;
        let status = response.status();
        let retry_after = retry_after::read(response.headers(), now);
        let body = start_of_body(response).await;
        match status {
            status if status.is_success() => Ok(Receipt {
                status: status.as_u16(),
                body,
                took: started.elapsed(),
            }),
            StatusCode::GONE => Err(PostError::Gone),
            status => Err(PostError::refused(status.as_u16(), &body, retry_after)),
        }
    }

    /// Calls the address with GET once. Only the status of the answer matters.
    pub async fn call(&self, address: &Address) -> Result<(), PostError> {
        self.get(address).await.map(drop)
    }

    /// Reads what is at the address, as text.
    pub async fn read(&self, address: &Address) -> Result<String, PostError> {
        Ok(start_of_body(self.get(address).await?).await)
    }

    async fn get(&self, address: &Address) -> Result<Response, PostError> {
        let called = self.0.get(address.url()).timeout(CALL_TIMEOUT).send().await;
        let response = called.map_err(|error| PostError::unanswered(error, address))?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status => Err(PostError::refused(status.as_u16(), "", None)),
        }
    }
}

async fn start_of_body(mut response: Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = ROOM - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if body.len() == ROOM {
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}
