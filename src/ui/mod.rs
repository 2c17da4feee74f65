//! The overview for operators: pages about the tokens and the people who must act. Each user of this machine has the own
//! rights on the socket there. It never reads the inventory or a secret.
//!
//! - `server`: where it listens · `access`: who may open a page of `perennial ui` · `gate`: who asks through the operator's
//!   proxy · `headers`: security headers · `state`: what a route needs
//! - `routes`: one file per page · `form`: what a page sends back · `failure`: an answer that is an error
//! - `page`, `filters`, `ring`, `timeline`: how a page is rendered · `export`: the tokens as CSV

mod access;
mod export;
mod failure;
mod filters;
mod form;
mod gate;
mod headers;
mod page;
mod ring;
mod routes;
mod server;
mod state;
mod timeline;

pub use gate::{Proxy, Settings};
pub use server::{OpenError, Overview, SharedOverview, bind};

#[cfg(test)]
mod access_tests;
#[cfg(test)]
mod tests;
