//! The routes of the socket without a connection, for `tests/fuzz`.

use axum::{Extension, Router};

use super::Service;
use super::peer::Peer;
use crate::http::ConnectionSlot;

/// The routes as this peer has them.
pub fn router(service: &Service, peer: Peer) -> Router {
    let slot = Extension(ConnectionSlot::default());
    service.router().layer(Extension(peer)).layer(slot)
}
