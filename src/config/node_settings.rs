//! What the nodes on one inventory compare. Addresses of this machine alone, such as sockets and folders, are left out.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::{App, Config};
use crate::alerts;
use crate::model::NodeSettings;

impl Config {
    /// The apps with their ids, and a fingerprint of each section. A secret never shows itself, so none is a part of it.
    pub fn node_settings(&self) -> NodeSettings {
        let ids = self
            .apps
            .iter()
            .map(|app| (app.name.clone(), app.graph.id.clone()));
        let apps = self
            .apps
            .iter()
            .map(|app| (format!("[[app]] {}", app.name), of_app(app)));
        // Its templates, apps and channels have sections of their own.
        let alerts = alerts::Rules {
            templates: Arc::default(),
            apps: Vec::new(),
            channels: Vec::new(),
            ..self.alerts.clone()
        };
        let others = [
            ("[alerts]", fingerprint(&(alerts, &self.mail.from))),
            ("[rotation]", fingerprint(&self.rotation)),
            ("[inventory] retention", fingerprint(&self.retention)),
            ("[[delivery]]", fingerprint(&self.sinks)),
            ("[[post]]", fingerprint(&self.alerts.channels)),
        ];
        let others = others.map(|(name, value)| (name.to_owned(), value));
        NodeSettings {
            apps: ids.collect(),
            sections: apps.chain(others).collect(),
        }
    }
}

fn of_app(app: &App) -> String {
    let (graph, login) = (&app.graph, &app.login);
    let of_graph = (&graph.id, &graph.url, &graph.version, graph.batch);
    fingerprint(&(of_graph, login, &app.subscribed_fields, app.calls_per_hour))
}

fn fingerprint(value: &impl Debug) -> String {
    let mut hasher = DefaultHasher::new();
    format!("{value:?}").hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
