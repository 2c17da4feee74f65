//! Starts what sends HTTP requests, with the one provider of TLS ciphers.

use reqwest::{Client, ClientBuilder};
use rustls::crypto::ring;

/// `reqwest` panics if the process has no provider, so no client is built in another way.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the provider is installed"
)]
pub fn builder() -> ClientBuilder {
    // Fails only if a provider is already installed.
    let _ = ring::default_provider().install_default();
    Client::builder()
}
