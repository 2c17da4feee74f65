//! Logins: from a link to tokens that Meta has confirmed. The worker exchanges the codes from Meta's dialog and stores
//! what they grant as candidates; the sweeps confirm the candidates and put them in use.
//!
//! - `worker`: completes the answered logins · `graph_calls`: their calls to Meta · `store_grant`: stores the result
//! - `oauth_dialog`: the URL of Meta's dialog and the address that it returns to · `policy`: what an answer means
//!   (pure)
//! - `progress`: how far a login is

mod graph_calls;
pub mod oauth_dialog;
pub mod policy;
mod progress;
mod store_grant;
mod worker;

use crate::graph_api::Platform;
use crate::model::Scopes;

pub use progress::{Account, LoginProgress, progress};
pub use worker::LoginWorker;

/// The login settings of an app.
#[derive(Clone, Debug)]
pub struct App {
    pub name: String,
    pub platform: &'static Platform,
    /// Meta's app id.
    pub id: String,
    pub graph_version: String,
    /// Without a trailing slash.
    pub dialog_url: String,
    /// The permissions requested in the dialog.
    pub scopes: Scopes,
    /// Login for Business: sent instead of the scopes.
    pub config_id: Option<String>,
}

/// The apps that people can log in to, and where they return to.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub apps: Vec<App>,
    /// The public URL of `[web]`, without a trailing slash. `None` without `[web]`.
    pub public_url: Option<String>,
}

impl Settings {
    pub fn app(&self, name: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.name == name)
    }

    /// Where people log in to the app, as they call it.
    pub fn platform_title(&self, app: &str) -> &'static str {
        self.app(app).map_or("Meta", |app| app.platform.title)
    }

    /// The OAuth redirect URI. Without `[web]` it is an empty page of Meta's, and the person copies its address back to
    /// us. `None` if there is neither.
    pub fn redirect_uri(&self, app: &App) -> Option<String> {
        match &self.public_url {
            Some(url) => Some(format!("{url}{CALLBACK}")),
            None => {
                let path = app.platform.landing_path?;
                Some(format!("{}{path}", app.dialog_url))
            }
        }
    }
}

/// The path of the callback below the public URL.
pub const CALLBACK: &str = "/login/callback";
