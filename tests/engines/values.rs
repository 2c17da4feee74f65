//! Values for rows and statements: few different ones, so that they meet, and NULL wherever it may be.

use rand::RngExt;
use rand::rngs::StdRng;
use rusqlite::Connection;
use rusqlite::types::{Value as Sqlite, ValueRef};

/// The tables that triggers and the schema fill.
pub(super) const COUNTED: [&str; 4] = ["totals", "token_total", "checked_total", "incident_total"];

/// The others, each after those that it refers to.
pub(super) const TABLES: [&str; 34] = [
    "data_key",
    "rewrapped_key",
    "app",
    "token",
    "schedule",
    "version",
    "refused_candidate",
    "page_admin",
    "token_order",
    "claim",
    "crash_suspect",
    "webhook_subscription",
    "ungranted",
    "event",
    "incident_queue",
    "incident",
    "incident_token",
    "email",
    "delivery",
    "delivered_file",
    "disabled_sink",
    "consumer",
    "post",
    "post_channel",
    "digest",
    "login",
    "login_attempt",
    "calendar",
    "webhook_notice",
    "data_deletion",
    "signed_request",
    "node",
    "duty",
    "daemon_run",
];

/// How many rows a table gets, fewer those that its constraints keep out.
pub(super) const ROWS: i64 = 14;

const NAMES: &[&str] = &["a", "B", "b-1", "Ä", "acme-x", "z", "Z", "_", "a.b", "a-b"];
const PEOPLE: &[&str] = &["17", "18", "maria"];
const APPS: &[&str] = &["acme", "beta", "Zeta"];
const WORDS: &[&str] = &[
    "healthy", "dead", "failing", "page", "user", "pending", "bot", "crm", "ops", "dev", "check",
    "expired", "outage", "claimed", "", "17", "acme", "a", "Z",
];

#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Int(i64),
    Text(&'static str),
    Blob(u8),
    Numbers(Vec<i64>),
    Texts(Vec<&'static str>),
}

pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: String,
    is_required: bool,
}

pub(super) fn columns(sqlite: &Connection, table: &str) -> Vec<Column> {
    let mut columns = sqlite
        .prepare("SELECT name, type, \"notnull\" = 1 OR pk > 0 FROM pragma_table_info(?1)")
        .unwrap();
    let columns = columns.query_map([table], |row| {
        Ok(Column {
            name: row.get(0)?,
            kind: row.get(1)?,
            is_required: row.get(2)?,
        })
    });
    columns.unwrap().map(Result::unwrap).collect()
}

fn one_of(of: &[&'static str], chance: &mut StdRng) -> Value {
    Value::Text(of[chance.random_range(0..of.len())])
}

/// A value for a column of a row.
pub(super) fn of_column(table: &str, column: &Column, chance: &mut StdRng) -> Value {
    if !column.is_required && chance.random_bool(0.35) {
        return Value::Null;
    }
    let name = column.name.as_str();
    match column.kind.as_str() {
        "BLOB" => Value::Blob(chance.random_range(0..10)),
        "INTEGER" => Value::Int(match name {
            "upcoming" | "reported" | "accepts_fewer" | "refused" => chance.random_range(0..=1),
            "failures" => chance.random_range(0..=2),
            "expires_at" if chance.random_bool(0.2) => i64::MAX,
            "version" | "number" | "seen_version" | "in_use_version" | "incident" => {
                chance.random_range(1..=4)
            }
            "token" | "parent" | "login" => chance.random_range(1..=ROWS),
            _ => chance.random_range(0..=60),
        }),
        _ => one_of(texts(table, name), chance),
    }
}

fn texts(table: &str, column: &str) -> &'static [&'static str] {
    match (table, column) {
        ("webhook_subscription", "state") => &["subscribed", "missing", "unknown"],
        ("delivery", "state") => &["pending", "failed", "delivered", "in_use", "superseded"],
        ("event", "kind") => &["renamed", "changed", "rotated", "derived"],
        ("post", "kind") => &["test", "opened"],
        ("consumer", "name") => &["bot", "crm", "uid"],
        (_, "channel") | ("post_channel", "name") => &["ops", "dev"],
        (_, "app") | ("app", "name") => APPS,
        (_, "person" | "subject" | "page") => PEOPLE,
        (_, "name" | "subject_name" | "code" | "path" | "message_id") => NAMES,
        (_, "purpose") => &["seal", "fingerprint"],
        (_, "role") => &["current", "previous", "candidate"],
        (_, "kind") => &["page", "user", "system_user"],
        (_, "state") => &["unverified", "healthy", "expiring", "failing", "dead"],
        (_, "cause" | "error") => &["expired", "outage", "throttled"],
        (_, "incident_cause") => &[
            "expired",
            "outage",
            "delivery_failing",
            "consumer_behind",
            "commits_lost",
        ],
        (_, "phase") => &["begun", "answered", "claimed", "ended"],
        (_, "callback") => &["deauthorize", "data_deletion"],
        (_, "sink") => &["bot", "crm"],
        (_, "stale") => &["check", "remove"],
        (_, "owners" | "delivered_to" | "notified") => &["[]", "[\"a@example.com\"]"],
        (_, "action") => &["check", "rotate", "rollback"],
        (_, "ending") => &[
            "{\"outcome\":\"granted\",\"person\":\"17\"}",
            "{\"outcome\":\"failed\"}",
        ],
        (_, "why") => &["{\"is\":\"17\"}", "{\"is\":\"x17\"}"],
        (_, "content") => &["{}", "{\"text\":1}"],
        (_, "rotation_outcome") => &["renewed", "same_expiry"],
        (_, "ungranted_scopes" | "required_scopes") => &["", "email"],
        (_, "last_error") => &["down", "busy"],
        _ => &["x", "y"],
    }
}

/// A value for a parameter of a statement.
pub(super) fn of_parameter(text: &str, place: usize, kind: &str, chance: &mut StdRng) -> Value {
    let is_limit =
        text.contains(&format!("LIMIT ?{place}")) || text.contains(&format!("OFFSET ?{place}"));
    // A row without the id of its token is kept out by PostgreSQL and gets one from SQLite.
    let may_be_null = !is_limit && !text.trim_start().starts_with("INSERT");
    if may_be_null && !kind.ends_with(']') && chance.random_bool(0.05) {
        return Value::Null;
    }
    match kind {
        // Which rows a limit leaves out is not always said.
        "bigint" if is_limit => Value::Int(1_000),
        "bigint" => Value::Int(match chance.random_range(0..3) {
            0 => chance.random_range(0..=60),
            1 => chance.random_range(1..=ROWS + 1),
            _ => chance.random_range(0..=4),
        }),
        "bytea" => Value::Blob(chance.random_range(0..10)),
        "bigint[]" => Value::Numbers((0..8).map(|_| chance.random_range(1..=15)).collect()),
        "text[]" => Value::Texts(match chance.random_range(0..3) {
            0 => Vec::new(),
            1 => vec!["bot"],
            _ => vec!["crm", "acme", "Zeta"],
        }),
        "text" => match chance.random_range(0..4) {
            0 => one_of(NAMES, chance),
            1 => one_of(PEOPLE, chance),
            2 => one_of(APPS, chance),
            _ => one_of(WORDS, chance),
        },
        other => panic!("no value of {other} for {text}"),
    }
}

impl Value {
    pub(super) fn in_sqlite(&self) -> Sqlite {
        match self {
            Self::Null => Sqlite::Null,
            Self::Int(number) => Sqlite::Integer(*number),
            Self::Text(text) => Sqlite::Text((*text).to_owned()),
            Self::Blob(byte) => Sqlite::Blob(vec![*byte; 3]),
            Self::Numbers(numbers) => Sqlite::Text(serde_json::json!(numbers).to_string()),
            Self::Texts(texts) => Sqlite::Text(serde_json::json!(texts).to_string()),
        }
    }

    pub(super) fn in_postgres(&self) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Int(number) => number.to_string(),
            Self::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Self::Blob(byte) => format!("'\\x{byte:02x}{byte:02x}{byte:02x}'"),
            Self::Numbers(numbers) => format!("'{{{}}}'", listed(numbers)),
            Self::Texts(texts) => format!("'{{{}}}'", texts.join(",")),
        }
    }

    /// As psql prints it.
    pub(super) fn shown(value: ValueRef<'_>) -> String {
        match value {
            ValueRef::Null => "~".to_owned(),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => number.to_string(),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            ValueRef::Blob(bytes) => {
                let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
                format!("\\x{}", digits.collect::<String>())
            }
        }
    }
}

fn listed(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    numbers.join(",")
}
