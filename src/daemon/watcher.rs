//! The outside watcher that the heartbeat calls.

use std::sync::Arc;

use crate::outbox::http_post::{Address, HttpPost, PostError, TlsError};

#[derive(Clone, Debug)]
pub(super) struct Watcher {
    http: Arc<HttpPost>,
    address: Address,
}

impl Watcher {
    pub(super) fn new(address: Address) -> Result<Self, TlsError> {
        let http = HttpPost::new(std::slice::from_ref(&address))?;
        Ok(Self {
            http: Arc::new(http),
            address,
        })
    }

    pub(super) async fn call(&self) -> Result<(), PostError> {
        self.http.call(&self.address).await
    }
}
