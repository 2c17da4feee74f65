//! Starts what sends HTTP requests, with the one provider of TLS ciphers.

use std::error::Error as _;

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

/// The error with all its sources, down to the operating system's message. Remove the URL from it first if it is secret.
pub fn describe(error: &reqwest::Error) -> String {
    let mut texts = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        texts.push_str(": ");
        texts.push_str(&cause.to_string());
        source = cause.source();
    }
    texts
}
