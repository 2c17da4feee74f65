//! The defaults of all keys. There are no defaults anywhere else.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use jiff::SignedDuration;

const fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

const fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

const fn days(days: i64) -> SignedDuration {
    hours(24 * days)
}

pub const FILE: &str = "/etc/perennial/perennial.toml";

pub(super) const CALLS_PER_HOUR: u32 = 200;
/// As many as Meta accepts in one batch.
pub(super) const BATCH: usize = 50;

pub const INVENTORY: &str = "/var/lib/perennial/inventory.db";
/// The folder of the backups, beside the inventory.
pub(super) const BACKUPS: &str = "backups";
/// Two weeks, with one backup each night.
pub(super) const KEEP_BACKUPS: usize = 14;
/// More than a year, so that you can compare with the previous year.
pub(super) const KEEP_EVENTS: SignedDuration = days(400);
pub(super) const SERVE_FROM_MEMORY: SignedDuration = hours(1);
pub(super) const INVENTORY_KEY: &str = "inventory.key";

pub(super) const CHECK_EVERY: SignedDuration = hours(24);
pub(super) const ROTATE_BEFORE_EXPIRY: SignedDuration = days(30);
pub(super) const RETRY_AFTER: [SignedDuration; 5] =
    [minutes(1), minutes(5), minutes(30), hours(2), hours(6)];

pub(super) const SWEEP: &str = "*/30 * * * * *";
pub(super) const MAIL: &str = "*/15 * * * * *";
pub(super) const DIGEST: &str = "0 0 8 * * Mon";
pub(super) const BACKUP: &str = "0 30 3 * * *";

/// The sender if no email leaves the machine.
pub(super) const FROM: &str = "Perennial <perennial@localhost>";
pub(super) const WARN_BEFORE: [SignedDuration; 4] = [days(14), days(7), days(3), days(1)];
pub(super) const REMIND_EVERY: SignedDuration = days(3);
pub(super) const PLAN_WINDOW: SignedDuration = days(14);

pub const SOCKET: &str = "/run/perennial/perennial.sock";
pub(super) const VIEWERS: &str = "*";
pub(super) const OPERATORS: &str = "root";

pub(super) const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8480);
