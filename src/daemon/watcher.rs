//! The outside watcher that the heartbeat calls. Its address is a secret: it is never logged or shown.

use std::time::Duration;

use reqwest::{Client, redirect, retry};

use crate::http_client;
use crate::secret::Secret;

/// How long the watcher may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The outside watcher.
#[derive(Clone, Debug)]
pub(super) struct Watcher {
    http: Client,
    url: Secret,
}

impl Watcher {
    pub(super) fn new(url: Secret) -> Result<Self, reqwest::Error> {
        let http = http_client::builder()
            .user_agent(concat!("perennial/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .timeout(PATIENCE)
            .build()?;
        Ok(Self { http, url })
    }

    /// Returns why the call did not succeed. The error of the client is not passed on, because it may name the address.
    pub(super) async fn call(&self) -> Result<(), String> {
        match self.http.get(self.url.expose()).send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("it answered with {}", answer.status())),
            Err(error) if error.is_timeout() => Err("it did not answer in time".to_owned()),
            Err(_) => Err("it cannot be reached".to_owned()),
        }
    }
}
