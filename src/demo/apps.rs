//! The operator's three apps at Meta.

use std::path::Path;

use jiff::Timestamp;

use crate::graph_sim::{AppSpec, Platform, Simulator, World};

/// An app of the operator, with the same secret as the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DemoApp {
    pub(super) name: &'static str,
    pub(super) id: &'static str,
    platform: Platform,
}

pub(super) const APP_SECRET: &str = "5f4dcc3b5aa765d61d8327deb882cf99";

pub(super) const MAIN_APP: DemoApp = DemoApp {
    name: "acme",
    id: "257422819769992",
    platform: Platform::Facebook,
};
pub(super) const INSTAGRAM_APP: DemoApp = DemoApp {
    name: "acme-instagram",
    id: "1094551772026115",
    platform: Platform::Instagram,
};
pub(super) const THREADS_APP: DemoApp = DemoApp {
    name: "acme-threads",
    id: "3310480272591046",
    platform: Platform::Threads,
};
pub(super) const APPS: [DemoApp; 3] = [MAIN_APP, INSTAGRAM_APP, THREADS_APP];

/// The consumer of all tokens, as the configuration names it.
pub(super) const CHATBOT: &str = "chatbot";

/// What a login to the main app asks for.
pub(super) const SCOPES: &[&str] = &[
    "public_profile",
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
];

/// A world with the apps. People come back from its dialog to the public pages.
pub(super) fn world(start: Timestamp, seed: u64, public_url: &str) -> World {
    let mut world = World::new(start, seed);
    for app in APPS {
        world.add_app(AppSpec {
            id: app.id.to_owned(),
            secret: APP_SECRET.to_owned(),
            name: "Acme".to_owned(),
            platform: app.platform,
            redirect_uris: vec![format!("{public_url}/login/callback")],
            ..AppSpec::default()
        });
    }
    world
}

impl DemoApp {
    /// The app in the configuration.
    pub(super) fn section(self, folder: &Path, meta: &Simulator) -> String {
        let url = meta.url_of(self.platform);
        let scopes = match self.platform {
            Platform::Facebook => format!("scopes = {SCOPES:?}\n"),
            Platform::Instagram | Platform::Threads => String::new(),
        };
        format!(
            r#"[[app]]
name = "{}"
id = "{}"
platform = "{}"
secret = {{ file = "{}/acme.secret" }}
graph_url = "{url}"
dialog_url = "{url}"
calls_per_hour = 200
{scopes}
"#,
            self.name,
            self.id,
            self.platform.title().to_lowercase(),
            folder.display(),
        )
    }
}
