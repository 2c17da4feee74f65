//! Both engines of the inventory have the same schema, and the same statements mean the same to them. And what an
//! inventory on a server survives.

#[cfg(test)]
mod cluster;
#[cfg(test)]
mod conflicts;
#[path = "../../src/inventory/engine/dialect.rs"]
mod dialect;
#[cfg(test)]
mod meaning;
#[cfg(test)]
mod mover;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod poolers;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod shelf;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod texts;
#[cfg(test)]
mod upkeep;
#[cfg(test)]
mod values;

/// The schema of SQLite, and that of PostgreSQL.
const SQLITE: &str = include_str!("../../src/inventory/schema/0001_inventory.sql");
const POSTGRES: &str = include_str!("../../src/inventory/schema/postgres/0001_inventory.sql");
