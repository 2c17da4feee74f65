//! The overview for operators: pages about the tokens and the people who must act, for one user of this machine. It asks
//! the socket with that user's own rights, and it never reads the inventory or a secret.
//!
//! - `server`: where it listens · `access`: who may open a page · `headers`: security headers · `state`: what all routes
//!   share
//! - `routes`: one file per page · `form`: what a page sends back · `failure`: an answer that is an error
//! - `page`, `filters`, `ring`, `timeline`: how a page is rendered · `export`: the tokens as CSV

mod access;
mod export;
mod failure;
mod filters;
mod form;
mod headers;
mod page;
mod ring;
mod routes;
mod server;
mod state;
mod timeline;

pub use server::{OpenError, Overview};

#[cfg(test)]
mod access_tests;
#[cfg(test)]
mod tests;
