//! The tables of a server's database.

use super::connection::Connection;
use super::{STATEMENT, UPGRADE};
use crate::inventory::engine::layout::{LastNumber, Table};
use crate::inventory::error::Error;

/// The table that only servers have holds what a file has in its header.
const COLUMNS: &str = "SELECT t.relname, c.attname, coalesce((SELECT k.place
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, place) WHERE k.attnum = c.attnum), 0)
    FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
        LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
    WHERE t.relnamespace = quote_ident(current_schema())::regnamespace AND t.relkind IN ('r', 'p')
        AND t.relname <> 'inventory_schema' AND NOT EXISTS (SELECT 1 FROM pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = t.oid AND d.deptype = 'e')
    ORDER BY t.relname, c.attnum";

const NUMBERS: &str = "SELECT t.relname, coalesce(pg_sequence_last_value(
        pg_get_serial_sequence(quote_ident(t.relname), c.attname)::regclass), 0)
    FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid AND c.attidentity <> ''
    WHERE t.relnamespace = quote_ident(current_schema())::regnamespace AND t.relkind = 'r'";

impl Connection {
    pub(in crate::inventory::engine) fn tables(&self) -> Result<Vec<Table>, Error> {
        let rows = self.words(COLUMNS)?.into_iter().filter_map(|row| {
            let [table, column, place] = <[Option<String>; 3]>::try_from(row).ok()?;
            Some((table?, column?, place?.parse().ok()?))
        });
        Ok(Table::all(rows))
    }

    pub(in crate::inventory::engine) fn last_numbers(&self) -> Result<Vec<LastNumber>, Error> {
        let rows = self.words(NUMBERS)?.into_iter().filter_map(|row| {
            let [table, number] = <[Option<String>; 2]>::try_from(row).ok()?;
            let (table, number) = (table?, number?.parse().ok()?);
            Some(LastNumber { table, number })
        });
        Ok(rows.collect())
    }

    pub(in crate::inventory::engine) fn set_last_number(
        &self,
        last: &LastNumber,
    ) -> Result<(), Error> {
        let LastNumber { table, number } = last;
        if *number > 0 {
            self.word(&format!(
                "SELECT setval(pg_get_serial_sequence('{table}', 'id'), {number})"
            ))?;
        }
        Ok(())
    }

    /// If `work` fails, the transaction is undone, and this with it.
    pub(in crate::inventory::engine) fn without_triggers<T>(
        &self,
        tables: &[Table],
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.switch_triggers(tables, "DISABLE")?;
        let done = work()?;
        self.switch_triggers(tables, "ENABLE")?;
        Ok(done)
    }

    fn switch_triggers(&self, tables: &[Table], how: &str) -> Result<(), Error> {
        let each = tables
            .iter()
            .map(|table| format!("ALTER TABLE {} {how} TRIGGER USER;", table.name));
        self.script(&each.collect::<String>())
    }

    pub(in crate::inventory::engine) fn allow_long_transaction(&self) -> Result<(), Error> {
        self.limit_calls_to(UPGRADE + STATEMENT);
        let limit = UPGRADE.as_millis();
        self.script(&format!(
            "SET LOCAL lock_timeout = {limit}; SET LOCAL statement_timeout = {limit};
             SET LOCAL idle_in_transaction_session_timeout = {limit}"
        ))
    }
}
