//! A person logs in: from a link to tokens that Meta has confirmed. The pass takes what Meta answered, asks whose it is,
//! and hands the tokens in; the passes over the tokens confirm them and put them in use.
//!
//! - `flow`: one pass over what Meta answered · `call`: what it asks of Meta · `hand_in`: what it leaves for the passes over the tokens
//! - `dialog`: the way to Meta's dialog and back · `policy`: what an answer means (pure)
//! - `standing`: how far a login has come · `webhooks`: what Meta tells by itself

mod graph_calls;
pub mod oauth_dialog;
pub mod policy;
mod progress;
mod store_grant;
mod worker;

use crate::model::Scopes;

pub use progress::{Account, LoginProgress, progress};
pub use worker::{LoginWorker, Report};

/// An app, as people log in to it.
#[derive(Clone, Debug)]
pub struct App {
    pub name: String,
    /// Meta's id of it.
    pub id: String,
    pub graph_version: String,
    /// Without a slash at its end.
    pub dialog_url: String,
    /// Asked for in the dialog.
    pub scopes: Scopes,
    /// Login for Business: stands instead of the scopes.
    pub config_id: Option<String>,
}

/// What people can log in to, and where they come back.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub apps: Vec<App>,
    /// Where the public part is reached, without a slash at its end; `None` when there is none.
    pub public_url: Option<String>,
}

impl Settings {
    pub fn app(&self, name: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.name == name)
    }

    /// Where Meta sends the person back. Without a public part it is a page of Meta's own that shows nothing, from whose
    /// address the person copies the answer.
    pub fn redirect_uri(&self, app: &App) -> String {
        match &self.public_url {
            Some(url) => format!("{url}{CALLBACK}"),
            None => format!("{}{METAS_OWN_PAGE}", app.dialog_url),
        }
    }
}

/// Below the public address.
pub const CALLBACK: &str = "/login/callback";

/// Meta's page for programs without a page of their own.
const METAS_OWN_PAGE: &str = "/connect/login_success.html";
