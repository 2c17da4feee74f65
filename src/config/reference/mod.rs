//! What each key of the configuration means, for perennial.toml(5) and the book. The parser knows the same keys, which
//! a test compares. In the texts, `code` is marked as in Markdown.
//!
//! - `apps`, `inventory`, `alerts`, `access` (socket, public part, overview, monitoring), `delivery`: the sections

mod access;
mod alerts;
mod apps;
mod delivery;
mod inventory;

/// A section, as its header is written.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Such as `[[app]]`; empty for the top of the file; a single key in brackets such as `[alerts.smtp]` may also be
    /// written in one line.
    pub header: &'static str,
    pub about: &'static str,
    pub keys: &'static [Key],
}

/// A key of a section.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub name: &'static str,
    /// The type of its value.
    pub kind: &'static str,
    pub default: DefaultValue,
    pub meaning: &'static str,
}

/// What holds without the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// The key must be there.
    Required,
    /// Nothing, or what the meaning says.
    Unset,
    /// The value, as TOML.
    Value(&'static str),
}

/// All sections, in the order of the manual.
pub const SECTIONS: &[Section] = &[
    inventory::TOP,
    apps::APP,
    inventory::INVENTORY,
    inventory::ROTATION,
    inventory::SCHEDULE,
    alerts::ALERTS,
    alerts::SMTP,
    alerts::ROUTE,
    alerts::POST,
    access::STATUS,
    access::READER,
    access::WEB,
    access::UI,
    access::METRICS,
    access::HEARTBEAT,
    delivery::DELIVERY,
    delivery::FILE,
    delivery::WEBHOOK,
];

const fn required(name: &'static str, kind: &'static str, meaning: &'static str) -> Key {
    Key {
        name,
        kind,
        default: DefaultValue::Required,
        meaning,
    }
}

const fn optional(name: &'static str, kind: &'static str, meaning: &'static str) -> Key {
    Key {
        name,
        kind,
        default: DefaultValue::Unset,
        meaning,
    }
}

const fn with_default(
    name: &'static str,
    kind: &'static str,
    default: &'static str,
    meaning: &'static str,
) -> Key {
    Key {
        name,
        kind,
        default: DefaultValue::Value(default),
        meaning,
    }
}

const TEXT: &str = "text";
const TEXTS: &str = "list of text";
const NUMBER: &str = "number";
const DURATION: &str = "duration";
const SWITCH: &str = "true or false";
const PATH: &str = "absolute path";
const SECRET: &str = "secret";
const SECRETS: &str = "secret, or list of secrets";
const ADDRESSES: &str = "list of email addresses";
const ACCOUNTS: &str = "list of users and @groups";
const CRON: &str = "cron line";
