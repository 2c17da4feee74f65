//! `perennial.toml`, checked in full and handed out in parts. What comes out of here can be relied on; what
//! cannot be relied on comes out as a list of problems with their lines, never as half a configuration.

mod addresses;
pub mod answers;
mod check;
mod credentials;
mod defaults;
mod draft;
mod durations;
mod entry;
mod file;
mod findings;
mod hours;
mod named;
mod names;
mod paths;
mod problem;
mod relay;
mod spelling;
mod urls;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::alerts::samples::Sample;
use crate::alerts::{self, mailer};
use crate::secret::Secret;
use crate::token::Scopes;
use crate::{inventory, login, rotation, status, web};

pub use credentials::{Credentials, Machine};
pub use defaults::{FILE as USUAL_FILE, INVENTORY as USUAL_INVENTORY, SOCKET as USUAL_SOCKET};
pub use draft::{CREDENTIALS, Draft, Home, INVENTORY_KEY, MailWay, SMTP_PASSWORD, secret_of};
pub use named::credentials_named;
pub use problem::{Problem, Problems};

/// Everything that the operator decides.
#[derive(Debug)]
pub struct Config {
    /// For schedules and letters.
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
    pub status: status::Settings,
    /// What people can log in to, with or without the public part.
    pub logins: login::Settings,
    pub web: Option<web::Settings>,
    pub deliveries: Vec<Delivery>,
    /// What works, but perhaps not as the operator thinks.
    pub warnings: Vec<Problem>,
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
pub struct Outlook {
    pub alerts: alerts::Rules,
    pub mail: mailer::Settings,
    pub socket: PathBuf,
    pub inventory: PathBuf,
}

/// The files that hold what is to be kept, for commands that work beside the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stores {
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
pub fn load(path: &Path, machine: &Machine) -> Result<Config, Problems> {
    let text = file::read(path).map_err(|problem| Problems(vec![problem]))?;
    let findings = findings::Findings::new(path, &text);
    let made = file::parse(&text, &findings).and_then(|top| check::config(top, machine));
    let (config, warnings) = findings.judge(made)?;
    Ok(Config { warnings, ..config })
}

/// Finds what is wrong by the same code as [`load`]. Credentials that are out of sight are a warning here.
pub fn check(path: &Path, machine: &Machine) -> Result<Vec<Problem>, Problems> {
    let text = file::read(path).map_err(|problem| Problems(vec![problem]))?;
    let findings = findings::Findings::new(path, &text);
    if let Some(top) = file::parse(&text, &findings) {
        check::config(top, machine);
    }
    findings.verdict()
}

/// Where the daemon's socket is, whatever else is in the file.
pub fn socket(path: &Path) -> Result<PathBuf, Problems> {
    let text = file::read(path).map_err(|problem| Problems(vec![problem]))?;
    let findings = findings::Findings::new(path, &text);
    let top = file::parse(&text, &findings);
    let socket = top.map(|mut top| check::socket(&mut top.section("status")));
    match (socket, findings.faults()) {
        (Some(socket), faults) if faults.is_empty() => Ok(socket),
        (_, faults) => Err(Problems(faults)),
    }
}

/// Letters of every kind about people who do not exist, as the configuration has them laid out.
pub fn sample_letters(
    path: &Path,
    machine: &Machine,
    now: Timestamp,
) -> Result<Vec<Sample>, Problems> {
    let text = file::read(path).map_err(|problem| Problems(vec![problem]))?;
    let findings = findings::Findings::new(path, &text);
    let top = file::parse(&text, &findings);
    let letters = top.map(|top| check::sample_letters(top, machine, now));
    letters.ok_or_else(|| Problems(findings.faults()))
}

/// What a watcher needs; refused only where nobody could be told.
pub fn outlook(path: &Path, machine: &Machine) -> Result<Outlook, Problems> {
    let text = file::read(path).map_err(|problem| Problems(vec![problem]))?;
    let findings = findings::Findings::new(path, &text);
    let outlook = file::parse(&text, &findings).map(|top| check::outlook(top, path, machine));
    let can_tell = |outlook: &Outlook| {
        outlook.mail.transport != mailer::Transport::Nowhere && !outlook.alerts.operators.is_empty()
    };
    outlook.filter(can_tell).ok_or_else(|| {
        let faults = findings.faults();
        let nobody = || Problem {
            file: path.to_owned(),
            line: None,
            place: "[alerts]".to_owned(),
            words: "names nobody to be told, or no way to send letters by".to_owned(),
        };
        Problems(if faults.is_empty() {
            vec![nobody()]
        } else {
            faults
        })
    })
}

/// Where inventory, key and copies are, whatever else is in the file.
pub fn stores(path: &Path) -> Result<Stores, Problems> {
    let text = file::read(path).map_err(|problem| Problems(vec![problem]))?;
    let findings = findings::Findings::new(path, &text);
    let top = file::parse(&text, &findings);
    let stores = top.map(|mut top| check::stores(top.section("inventory"), path));
    match (stores, findings.faults()) {
        (Some(stores), faults) if faults.is_empty() => Ok(stores),
        (_, faults) => Err(Problems(faults)),
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

    fn listens_at(&self) -> Option<&web::Listen> {
        self.web.as_ref().map(|web| &web.listen)
    }
}

#[cfg(test)]
mod tests;
