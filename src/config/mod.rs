//! Reads and checks `perennial.toml`. The result is either a complete, valid configuration or a list of all problems
//! with their lines.

mod addresses;
mod check;
mod credential_names;
mod credentials;
mod defaults;
mod diagnostic;
mod diagnostics;
mod durations;
mod effective;
mod file;
mod hours;
mod key_suggestions;
mod names;
mod node_settings;
mod paths;
mod readers;
pub mod reference;
mod server_files;
mod smtp_url;
mod template;
mod tree;
mod urls;
pub mod validators;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::alerts;
use crate::email::mailer;
use crate::email::samples::Sample;
use crate::graph_api::VersionEnds;
use crate::model::Scopes;
use crate::outbox::http_post::Address;
use crate::{api, delivery, graph_api, inventory, login, posts, rotation, ui, web};

pub use credential_names::credentials_named;
pub use credentials::{Credentials, Machine};
pub use defaults::{FILE as USUAL_FILE, INVENTORY as USUAL_INVENTORY, SOCKET as USUAL_SOCKET};
pub use diagnostic::{Diagnostic, DiagnosticList};
pub use effective::Effective;
pub use server_files::{ServerFiles, authority, credential_file, server_url};
pub use template::{
    CREDENTIALS, Home, INVENTORY_KEY, MailTransport, SMTP_PASSWORD, Template, WEBHOOK_VERIFY,
    secret_of,
};

/// The whole configuration.
#[derive(Debug)]
pub struct Config {
    /// The time zone of schedules and emails.
    pub timezone: TimeZone,
    pub apps: Vec<App>,
    pub inventory: inventory::Settings,
    pub backups: Backups,
    /// How long events are kept.
    pub retention: inventory::Retention,
    pub rotation: rotation::Rules,
    pub schedule: Schedule,
    pub alerts: alerts::Rules,
    pub mail: mailer::Settings,
    /// Where incidents are posted besides the emails.
    pub channels: Vec<posts::Channel>,
    pub status: api::Settings,
    /// The apps to which people can log in, with or without `[web]`.
    pub logins: login::Settings,
    pub web: Option<web::Settings>,
    /// The permanent form of the overview.
    pub ui: Option<ui::Settings>,
    pub metrics: Metrics,
    /// The address of the outside watcher.
    pub heartbeat: Option<Address>,
    pub sinks: Vec<delivery::Sink>,
    /// Settings that work, but perhaps not as the operator expects.
    pub warnings: Vec<Diagnostic>,
}

/// An app of the operator, as registered with Meta.
#[derive(Clone, Debug)]
pub struct App {
    pub name: String,
    pub graph: graph_api::Settings,
    pub login: login::App,
    /// The webhook fields that pages with messages must be subscribed to. If empty, subscriptions are not checked.
    pub subscribed_fields: Scopes,
    pub calls_per_hour: u32,
    /// When the configured Graph version ends.
    pub version_ends: VersionEnds,
}

/// The automatic backups of the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backups {
    pub folder: PathBuf,
    /// How many backups to keep.
    pub keep: usize,
}

/// Where metrics are shown besides the socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    pub listen: Option<SocketAddr>,
    pub textfile: Option<PathBuf>,
}

/// The settings of the monitor, which runs outside the daemon.
#[derive(Clone, Debug)]
pub struct MonitorSettings {
    pub alerts: alerts::Rules,
    pub mail: mailer::Settings,
    pub socket: PathBuf,
    /// `None` if it is on a server.
    pub inventory: Option<PathBuf>,
}

/// The paths of the stored files, for commands that read them without the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoragePaths {
    /// `None` if it is on a server.
    pub inventory: Option<PathBuf>,
    pub server: ServerFiles,
    pub key: PathBuf,
    pub backups: Backups,
}

/// Cron lines with seconds, in the configured time zone. `None` turns a job off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub sweep: String,
    pub mail: String,
    pub digest: Option<String>,
    pub backup: Option<String>,
}

/// Reads and checks the whole file with all secrets that it names.
pub fn load(path: &Path, machine: &Machine) -> Result<Config, DiagnosticList> {
    let (config, diagnostics) = file::read(path, |top| check::config(top, machine))?;
    let warnings = diagnostics.into_warnings()?;
    let config = config.flatten().map(|config| Config { warnings, ..config });
    // Without credentials in sight, the rest may be in order.
    config.ok_or(DiagnosticList(Vec::new()))
}

/// Checks the file with the same code as [`load`]. Credentials that this process cannot read are a warning here.
pub fn check(path: &Path, machine: &Machine) -> Result<Vec<Diagnostic>, DiagnosticList> {
    let (_, diagnostics) = file::read(path, |top| check::config(top, machine))?;
    diagnostics.into_warnings()
}

/// Reads what is in effect: the file, and the defaults of what it leaves out. Fails where [`check`] does.
pub fn effective(path: &Path, machine: &Machine) -> Result<Effective, DiagnosticList> {
    check(path, machine)?;
    let (settings, diagnostics) =
        file::read(path, |top| effective::effective(top.table(), machine))?;
    settings.ok_or_else(|| diagnostics.into_errors())
}

/// Reads the path of the daemon's socket, even if other keys are invalid.
pub fn socket(path: &Path) -> Result<PathBuf, DiagnosticList> {
    file::read_part(path, |mut top| check::socket(&mut top.section("status")))
}

/// Reads the address of the public part, even if other keys are invalid. `None` if there is none.
pub fn public_url(path: &Path) -> Result<Option<String>, DiagnosticList> {
    file::read_part(path, |mut top| check::public_url(&mut top.section("web")))
}

/// Renders sample emails of every kind, with made-up people and the configured templates.
pub fn sample_emails(
    path: &Path,
    machine: &Machine,
    now: Timestamp,
) -> Result<Vec<Sample>, DiagnosticList> {
    let (emails, diagnostics) = file::read(path, |top| check::sample_emails(top, machine, now))?;
    emails.ok_or_else(|| diagnostics.into_errors())
}

/// Reads the monitor's settings, even if other keys are invalid. Fails only if the file leaves no operators or no way
/// to send emails.
pub fn monitor_settings(path: &Path, machine: &Machine) -> Result<MonitorSettings, DiagnosticList> {
    let (settings, diagnostics) =
        file::read(path, |top| check::monitor_settings(top, path, machine))?;
    let can_notify = |settings: &MonitorSettings| {
        settings.mail.transport != mailer::Transport::Nowhere
            && !settings.alerts.operators.is_empty()
    };
    settings.filter(can_notify).ok_or_else(|| {
        let mut errors = diagnostics.into_errors();
        if errors.0.is_empty() {
            errors.0.push(Diagnostic {
                file: path.to_owned(),
                line: None,
                place: "[alerts]".to_owned(),
                message: "names no recipients, or no way to send emails".to_owned(),
            });
        }
        errors
    })
}

/// Reads the paths of the inventory, its key and its backups, even if other keys are invalid.
pub fn stores(path: &Path) -> Result<StoragePaths, DiagnosticList> {
    file::read_part(path, |mut top| {
        check::stores(top.section("inventory"), path)
    })
}

impl Config {
    /// Returns the changed keys of `newer` that need a restart, because the running daemon holds the files or sockets
    /// open.
    pub fn needs_restart(&self, newer: &Self) -> Vec<&'static str> {
        let (ours, theirs) = (&self.inventory, &newer.inventory);
        let keys = [
            moved(&ours.place, &theirs.place),
            ("inventory.node", is_renamed(ours, theirs)),
            ("inventory.key", ours.key.id() != theirs.key.id()),
            ("status.socket", self.status.socket != newer.status.socket),
            ("web.listen", self.listens_at() != newer.listens_at()),
            ("ui.listen", self.overview_at() != newer.overview_at()),
            (
                "metrics.listen",
                self.metrics.listen != newer.metrics.listen,
            ),
        ];
        let changed = keys.into_iter().filter(|(_, is_changed)| *is_changed);
        changed.map(|(key, _)| key).collect()
    }

    /// Takes over from `running` what a daemon holds open, so that the rest can become live.
    pub fn keep_bound_settings(&mut self, running: &Self) {
        self.status.socket.clone_from(&running.status.socket);
        self.metrics.listen = running.metrics.listen;
        match (&mut self.ui, &running.ui) {
            (Some(newer), Some(running)) => newer.listen.clone_from(&running.listen),
            (newer, running) => newer.clone_from(running),
        }
        if self.listens_at() == running.listens_at() {
            return;
        }
        if let (Some(newer), Some(running)) = (&mut self.web, &running.web) {
            newer.listen.clone_from(&running.listen);
            return;
        }
        self.web.clone_from(&running.web);
        self.alerts.login_links = running.alerts.login_links.clone();
        self.logins = check::settled_logins(&self.apps, self.web.as_ref());
        self.status.logins = self.logins.clone();
    }

    /// The inventory stays as it was opened.
    pub fn replace_keeping_inventory(&mut self, newer: Self) {
        let former = std::mem::replace(self, newer);
        self.inventory = former.inventory;
    }

    fn overview_at(&self) -> Option<&Path> {
        self.ui.as_ref().map(|ui| ui.listen.as_path())
    }

    fn listens_at(&self) -> Option<&web::ListenAddress> {
        self.web.as_ref().map(|web| &web.listen)
    }
}

impl StoragePaths {
    /// The file of the inventory. If it has none, the error says what to do `instead`.
    pub fn file(&self, instead: &'static str) -> Result<&Path, OnServer> {
        self.inventory.as_deref().ok_or(OnServer(instead))
    }
}

/// A command that is for files, and an inventory on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is for an inventory in a file, and [inventory] url names one on a server: {0}")]
pub struct OnServer(&'static str);

/// The key that says where the inventory is now, and whether that is another place.
fn moved(ours: &inventory::Place, theirs: &inventory::Place) -> (&'static str, bool) {
    let key = match theirs {
        inventory::Place::File(_) => "inventory.path",
        inventory::Place::Server(_) => "inventory.url",
    };
    (key, !ours.is_same(theirs))
}

/// Whether the daemon has another name among those on its server. A file has one daemon, whose name does not matter.
fn is_renamed(ours: &inventory::Settings, theirs: &inventory::Settings) -> bool {
    let are_on_servers = ours.place.file().is_none() && theirs.place.file().is_none();
    are_on_servers && ours.node != theirs.node
}

#[cfg(test)]
mod tests;
