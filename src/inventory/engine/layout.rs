//! The tables of a database as its engine describes them, for what is done with all of them, so that none is left out.

use super::connection::Connection;
use super::connection::Engine::{Postgres, Sqlite};
use crate::inventory::error::Error;

/// A table of the inventory, and statements on it that hold for all tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::inventory) struct Table {
    pub(in crate::inventory) name: String,
    pub(in crate::inventory) columns: Vec<String>,
    /// The columns of the primary key, in its order, by their places among `columns`.
    pub(in crate::inventory) key: Vec<usize>,
}

/// The last number that a table has given to a row. Numbers are never given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::inventory) struct LastNumber {
    pub(in crate::inventory) table: String,
    pub(in crate::inventory) number: i64,
}

/// A column of a table, and its place in the primary key: 0 if it has none.
pub(super) type ColumnRow = (String, String, usize);

impl Table {
    /// Puts the columns of all tables together. Those of a table follow each other.
    pub(super) fn all(rows: impl IntoIterator<Item = ColumnRow>) -> Vec<Self> {
        let mut tables: Vec<(Self, Vec<(usize, usize)>)> = Vec::new();
        for (name, column, place) in rows {
            if tables.last().is_none_or(|(last, _)| last.name != name) {
                let (columns, key) = (Vec::new(), Vec::new());
                tables.push((Self { name, columns, key }, Vec::new()));
            }
            if let Some((table, key)) = tables.last_mut() {
                if place > 0 {
                    key.push((place, table.columns.len()));
                }
                table.columns.push(column);
            }
        }
        let sorted = |(table, mut key): (Self, Vec<(usize, usize)>)| {
            key.sort_unstable();
            let key = key.into_iter().map(|(_, column)| column).collect();
            Self { key, ..table }
        };
        tables.into_iter().map(sorted).collect()
    }

    pub(in crate::inventory) fn count(&self) -> String {
        format!("SELECT count(*) FROM {}", self.name)
    }

    pub(in crate::inventory) fn clear(&self) -> String {
        format!("DELETE FROM {}", self.name)
    }

    pub(in crate::inventory) fn greatest(&self, column: &str) -> String {
        format!("SELECT coalesce(max({column}), 0) FROM {}", self.name)
    }

    /// `?1` is how many rows there may be.
    pub(in crate::inventory) fn first_rows(&self) -> String {
        let (columns, name, key) = (self.columns.join(", "), &self.name, self.key());
        format!("SELECT {columns} FROM {name} ORDER BY {key} LIMIT ?1")
    }

    /// The rows after the one whose key is given. The limit is the value that follows the key.
    pub(in crate::inventory) fn next_rows(&self) -> String {
        let (columns, name, key) = (self.columns.join(", "), &self.name, self.key());
        let (after, limit) = (places(self.key.len()), self.key.len() + 1);
        format!(
            "SELECT {columns} FROM {name} WHERE ({key}) > ({after}) ORDER BY {key} LIMIT ?{limit}"
        )
    }

    pub(in crate::inventory) fn insert(&self) -> String {
        let (columns, values) = (self.columns.join(", "), places(self.columns.len()));
        format!("INSERT INTO {} ({columns}) VALUES ({values})", self.name)
    }

    fn key(&self) -> String {
        let names = self.key.iter().filter_map(|at| self.columns.get(*at));
        let names: Vec<&str> = names.map(String::as_str).collect();
        names.join(", ")
    }
}

/// `?1, ?2, ?3`
fn places(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|place| format!("?{place}")).collect();
    places.join(", ")
}

impl Connection {
    /// All tables of the inventory. In a file, each is after those that it refers to.
    pub(in crate::inventory) fn tables(&self) -> Result<Vec<Table>, Error> {
        match &self.0 {
            Sqlite(db) => db.tables(),
            Postgres(db) => db.tables(),
        }
    }

    /// Whether [`Connection::tables`] has them in the order in which they refer to each other.
    pub(in crate::inventory) const fn has_order(&self) -> bool {
        match &self.0 {
            Sqlite(_) => true,
            Postgres(_) => false,
        }
    }

    pub(in crate::inventory) fn last_numbers(&self) -> Result<Vec<LastNumber>, Error> {
        match &self.0 {
            Sqlite(db) => db.last_numbers(),
            Postgres(db) => db.last_numbers(),
        }
    }

    /// The next row of the table gets a greater number. Does nothing if the table does not keep its last number.
    pub(in crate::inventory) fn set_last_number(&self, last: &LastNumber) -> Result<(), Error> {
        match &self.0 {
            Sqlite(db) => db.set_last_number(last),
            Postgres(db) => db.set_last_number(last),
        }
    }

    /// Runs `work` while no trigger counts what it does.
    pub(in crate::inventory) fn without_triggers<T>(
        &self,
        tables: &[Table],
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        match &self.0 {
            Sqlite(db) => db.without_triggers(work),
            Postgres(db) => db.without_triggers(tables, work),
        }
    }

    /// Tells the engine how many rows the table has, where it does not find that out by itself at once.
    pub(in crate::inventory) fn analyze(&self, table: &Table) -> Result<(), Error> {
        match &self.0 {
            Sqlite(_) => Ok(()),
            Postgres(db) => db.script(&format!("ANALYZE {}", table.name)),
        }
    }

    /// Prepares for a transaction in which minutes may pass between two statements, or in one of them.
    pub(in crate::inventory) fn allow_long_transaction(&self) -> Result<(), Error> {
        match &self.0 {
            Sqlite(_) => Ok(()),
            Postgres(db) => db.allow_long_transaction(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_in_the_order_of_its_key() {
        let rows = [
            ("version", "token", 2),
            ("version", "number", 1),
            ("version", "secret", 0),
            ("digest", "tick", 1),
        ];
        let rows = rows.map(|(table, column, place)| (table.to_owned(), column.to_owned(), place));
        let tables = Table::all(rows);
        let [version, digest] = tables.as_slice() else {
            panic!("{tables:?}");
        };
        assert_eq!(
            version.next_rows(),
            "SELECT token, number, secret FROM version WHERE (number, token) > (?1, ?2) ORDER BY number, token LIMIT ?3"
        );
        assert_eq!(
            version.insert(),
            "INSERT INTO version (token, number, secret) VALUES (?1, ?2, ?3)"
        );
        assert_eq!(
            digest.first_rows(),
            "SELECT tick FROM digest ORDER BY tick LIMIT ?1"
        );
    }
}
