//! Changes to the inventory's file behind the daemon's back, and what a thief would find in it.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::daemon::Premises;
use super::{Result, World};

impl World {
    /// Changes the file as the daemon never would.
    pub fn tamper(&self, sql: &str) -> Result {
        tamper(&self.folder.path().join("inventory.db"), sql)
    }

    /// Returns every value of every table, one line per row; of sealed values only the length.
    pub fn whole_inventory(&self) -> Result<String> {
        let db = Connection::open(self.folder.path().join("inventory.db"))?;
        let mut names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
        let names: Vec<String> = names
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let mut lines = String::new();
        for name in names {
            let mut all = db.prepare(&format!("SELECT * FROM {name}"))?;
            let columns = all.column_count();
            let mut rows = all.query([])?;
            while let Some(row) = rows.next()? {
                let values = (0..columns).map(|column| row.get_ref(column));
                let values = values.collect::<rusqlite::Result<Vec<_>>>()?;
                let values: Vec<String> = values.into_iter().map(describe).collect();
                lines.push_str(&format!("{name}: {}\n", values.join(" | ")));
            }
        }
        Ok(lines)
    }
}

fn describe(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).replace('\n', " "),
        ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}

impl Premises {
    pub fn tamper(&self, sql: &str) -> Result {
        self.tamper_with("inventory.db", sql)
    }

    pub fn tamper_with(&self, name: &str, sql: &str) -> Result {
        tamper(&self.path(name), sql)
    }
}

fn tamper(inventory: &Path, sql: &str) -> Result {
    Ok(Connection::open(inventory)?.execute_batch(sql)?)
}
