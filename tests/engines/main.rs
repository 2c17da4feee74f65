//! Both engines of the inventory have the same schema and take the same statements.

#[cfg(test)]
mod cluster;
#[path = "../../src/inventory/engine/dialect.rs"]
mod dialect;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod statements;

/// The schema of SQLite, and that of PostgreSQL.
const SQLITE: &str = include_str!("../../src/inventory/schema/0001_inventory.sql");
const POSTGRES: &str = include_str!("../../src/inventory/schema/postgres/0001_inventory.sql");
