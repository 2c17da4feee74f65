//! `perennial.toml`, checked in full and handed out in parts. What comes out of here can be relied on; what
//! cannot be relied on comes out as a list of problems with their lines, never as half a configuration.

mod addresses;
mod check;
mod credential_names;
mod credentials;
mod defaults;
mod diagnostic;
mod diagnostics;
mod durations;
mod entry;
mod file;
mod hours;
mod key_suggestions;
mod names;
mod paths;
mod smtp_url;
mod template;
mod urls;
pub mod validators;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::alerts;
use crate::email::mailer;
use crate::email::samples::Sample;
use crate::model::Scopes;
use crate::secret::Secret;
use crate::{api, inventory, login, rotation, web};

pub use credential_names::credentials_named;
pub use credentials::{Credentials, Machine};
pub use defaults::{FILE as USUAL_FILE, INVENTORY as USUAL_INVENTORY, SOCKET as USUAL_SOCKET};
pub use diagnostic::{Diagnostic, DiagnosticList};
pub use template::{
    CREDENTIALS, Home, INVENTORY_KEY, MailTransport, SMTP_PASSWORD, Template, secret_of,
};

/// Everything that the operator decides.
#[derive(Debug)]
pub struct Config {
    /// For schedules and emails.
    pub timezone: TimeZone,
    pub apps: Vec<App>,
    pub inventory: inventory::Settings,
    pub backups: Backups,
    /// How long what happened is kept.
    pub retention: inventory::Retention,
    pub rotation: rotation::Rules,
    pub schedule: Schedule,
    pub alerts: alerts::Rules,
    pub mail: mailer::Settings,
    pub status: api::Settings,
    /// What people can log in to, with or without the public part.
    pub logins: login::Settings,
    pub web: Option<web::Settings>,
    pub deliveries: Vec<Delivery>,
    /// What works, but perhaps not as the operator thinks.
    pub warnings: Vec<Diagnostic>,
}

/// An app of the operator, as Meta knows it.
#[derive(Clone, Debug)]
pub struct App {
    pub name: String,
    pub id: String,
    /// Tried in order, so that a secret can be changed without a pause. Never empty.
    pub secrets: Vec<Secret>,
    pub graph_version: String,
    /// Without a slash at its end, as `dialog_url` is.
    pub graph_url: String,
    pub dialog_url: String,
    /// Asked for at login.
    pub scopes: Scopes,
    /// What pages with messages must tell the app of; empty: they are not asked.
    pub subscribed_fields: Scopes,
    /// Login for Business: stands instead of the scopes.
    pub login_config_id: Option<String>,
    pub calls_per_hour: u32,
    /// How many questions go into one call, 1 to 50.
    pub batch: usize,
}

/// The copies of the inventory that are made by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backups {
    pub folder: PathBuf,
    /// How many of them.
    pub keep: usize,
}

/// What a watcher outside the daemon needs.
#[derive(Clone, Debug)]
pub struct MonitorSettings {
    pub alerts: alerts::Rules,
    pub mail: mailer::Settings,
    pub socket: PathBuf,
    pub inventory: PathBuf,
}

/// The files that hold what is to be kept, for commands that work beside the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoragePaths {
    pub inventory: PathBuf,
    pub key: PathBuf,
    pub backups: Backups,
}

/// Cron lines with seconds, in the configured time zone; `None` is turned off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub sweep: String,
    pub mail: String,
    pub digest: Option<String>,
    pub backup: Option<String>,
}

/// Who gets renewed tokens, and which.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Names or patterns with `*`. Never empty.
    pub tokens: Vec<String>,
    pub sink: Sink,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    File {
        /// Holds `{name}` once.
        path: String,
        owner: Option<String>,
        mode: u32,
    },
    /// The program and its arguments; it gets the token on standard input.
    Command(Vec<String>),
    Webhook {
        url: String,
        secret: Secret,
    },
}

/// Reads and checks the whole file with all the secrets that it names.
pub fn load(path: &Path, machine: &Machine) -> Result<Config, DiagnosticList> {
    let text = file::read(path).map_err(|problem| DiagnosticList(vec![problem]))?;
    let diagnostics = diagnostics::Diagnostics::new(path, &text);
    let made = file::parse(&text, &diagnostics).and_then(|top| check::config(top, machine));
    let (config, warnings) = diagnostics.into_result(made)?;
    Ok(Config { warnings, ..config })
}

/// Finds what is wrong by the same code as [`load`]. Credentials that are out of sight are a warning here.
pub fn check(path: &Path, machine: &Machine) -> Result<Vec<Diagnostic>, DiagnosticList> {
    let text = file::read(path).map_err(|problem| DiagnosticList(vec![problem]))?;
    let diagnostics = diagnostics::Diagnostics::new(path, &text);
    if let Some(top) = file::parse(&text, &diagnostics) {
        check::config(top, machine);
    }
    diagnostics.into_warnings()
}

/// Where the daemon's socket is, whatever else is in the file.
pub fn socket(path: &Path) -> Result<PathBuf, DiagnosticList> {
    let text = file::read(path).map_err(|problem| DiagnosticList(vec![problem]))?;
    let diagnostics = diagnostics::Diagnostics::new(path, &text);
    let top = file::parse(&text, &diagnostics);
    let socket = top.map(|mut top| check::socket(&mut top.section("status")));
    match (socket, diagnostics.template_errors()) {
        (Some(socket), template_errors) if template_errors.is_empty() => Ok(socket),
        (_, template_errors) => Err(DiagnosticList(template_errors)),
    }
}

/// Emails of every kind about people who do not exist, as the configuration has them laid out.
pub fn sample_emails(
    path: &Path,
    machine: &Machine,
    now: Timestamp,
) -> Result<Vec<Sample>, DiagnosticList> {
    let text = file::read(path).map_err(|problem| DiagnosticList(vec![problem]))?;
    let diagnostics = diagnostics::Diagnostics::new(path, &text);
    let top = file::parse(&text, &diagnostics);
    let emails = top.map(|top| check::sample_emails(top, machine, now));
    emails.ok_or_else(|| DiagnosticList(diagnostics.template_errors()))
}

/// What a watcher needs; refused only where nobody could be told.
pub fn monitor_settings(path: &Path, machine: &Machine) -> Result<MonitorSettings, DiagnosticList> {
    let text = file::read(path).map_err(|problem| DiagnosticList(vec![problem]))?;
    let diagnostics = diagnostics::Diagnostics::new(path, &text);
    let monitor_settings =
        file::parse(&text, &diagnostics).map(|top| check::monitor_settings(top, path, machine));
    let can_tell = |monitor_settings: &MonitorSettings| {
        monitor_settings.mail.transport != mailer::Transport::Nowhere
            && !monitor_settings.alerts.operators.is_empty()
    };
    monitor_settings.filter(can_tell).ok_or_else(|| {
        let template_errors = diagnostics.template_errors();
        let nobody = || Diagnostic {
            file: path.to_owned(),
            line: None,
            place: "[alerts]".to_owned(),
            message: "names nobody to be told, or no way to send emails by".to_owned(),
        };
        DiagnosticList(if template_errors.is_empty() {
            vec![nobody()]
        } else {
            template_errors
        })
    })
}

/// Where inventory, key and copies are, whatever else is in the file.
pub fn stores(path: &Path) -> Result<StoragePaths, DiagnosticList> {
    let text = file::read(path).map_err(|problem| DiagnosticList(vec![problem]))?;
    let diagnostics = diagnostics::Diagnostics::new(path, &text);
    let top = file::parse(&text, &diagnostics);
    let stores = top.map(|mut top| check::stores(top.section("inventory"), path));
    match (stores, diagnostics.template_errors()) {
        (Some(stores), template_errors) if template_errors.is_empty() => Ok(stores),
        (_, template_errors) => Err(DiagnosticList(template_errors)),
    }
}

impl Config {
    /// The keys of `newer` that a running daemon cannot take over: they are bound to what it holds open.
    pub fn needs_restart(&self, newer: &Self) -> Vec<&'static str> {
        let held = [
            (
                "inventory.path",
                self.inventory.path == newer.inventory.path,
            ),
            (
                "inventory.key",
                self.inventory.key.id() == newer.inventory.key.id(),
            ),
            ("status.socket", self.status.socket == newer.status.socket),
            ("web.listen", self.listens_at() == newer.listens_at()),
        ];
        let changed = held.into_iter().filter(|(_, is_same)| !is_same);
        changed.map(|(key, _)| key).collect()
    }

    /// Takes over from `running` what a daemon holds open, so that the rest can become live.
    pub fn keep_bound_settings(&mut self, running: &Self) {
        self.status.socket.clone_from(&running.status.socket);
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

    fn listens_at(&self) -> Option<&web::ListenAddress> {
        self.web.as_ref().map(|web| &web.listen)
    }
}

#[cfg(test)]
mod tests;
