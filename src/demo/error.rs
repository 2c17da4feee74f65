//! Why a demo ends before its time.

use std::io;

use super::browser::BrowserError;
use crate::config::DiagnosticList;
use crate::daemon::ServicesError;
use crate::graph_sim::WorldError;
use crate::secret::KeyError;
use crate::{api_client, http, inventory};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the demo could not be set up: {0}")]
    Io(#[from] io::Error),
    #[error(
        "the demo's own configuration is invalid. This is a bug in Perennial; please report it:\n{0}"
    )]
    Config(#[from] DiagnosticList),
    #[error(transparent)]
    Services(#[from] ServicesError),
    #[error(transparent)]
    Inventory(#[from] inventory::Error),
    #[error("the demo's servers: {0}")]
    Bind(#[from] http::BindError),
    #[error("the demo's socket: {0}")]
    Client(#[from] api_client::Error),
    #[error("a person's browser: {0}")]
    Browser(#[from] BrowserError),
    #[error("the simulated Meta refuses: {0}")]
    World(#[from] WorldError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the demo's scenario is wrong. This is a bug in Perennial; please report it: {0}")]
    Scenario(&'static str),
}
