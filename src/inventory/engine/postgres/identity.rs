//! Whose database it is: a table of one row says so, and what schema it has.

use super::connection::Connection;
use super::fault::{Fault, FaultKind};
use super::server_error::ServerError;
use super::{STATEMENT, UPGRADE};
use crate::inventory::engine::identity::{Identity, Owner};
use crate::inventory::error::Error;

const APPLICATION: &str = "perennial";

/// Instead of it, once what the database held was moved to another place.
const MOVED: &str = "perennial, moved";

/// Between the application and how often its data keys were renewed.
const RENEWED: &str = ", data keys ";

const WAS_MOVED: &str = "the inventory was moved to another place meanwhile. Stop this perennial, and name that place in \
                         [inventory]";
const WERE_RENEWED: &str =
    "the inventory's data keys were renewed meanwhile. Restart this perennial";

/// What belongs to an extension, such as a view of statistics, is nobody's table.
const TABLES: &str = "SELECT count(*), to_regclass(quote_ident(current_schema()) || '.inventory_schema') IS NOT NULL
    FROM pg_class c
    WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        AND NOT EXISTS (SELECT 1 FROM pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')";

/// Others wait while one upgrades the schema: the number is "Pero", and the schema that the tables are in.
const WAIT_FOR_UPGRADE: &str = "SELECT pg_advisory_xact_lock((1348825711::bigint << 32)
    | quote_ident(current_schema())::regnamespace::oid::bigint)";

impl Connection {
    pub(in crate::inventory::engine) fn identity(&self) -> Result<Identity, Error> {
        let identity = self.read_identity()?;
        if identity.owner == Owner::Other {
            let server = self.server.name();
            return Err(Error::Server(ServerError::Foreign { server }));
        }
        Ok(identity)
    }

    fn read_identity(&self) -> Result<Identity, Error> {
        let mut tables = self.words(TABLES)?.into_iter().flatten().flatten();
        let (count, is_marked) = (tables.next(), tables.next());
        if is_marked.as_deref() != Some("t") {
            let is_empty = count.as_deref() == Some("0");
            return Ok(Identity {
                owner: if is_empty {
                    Owner::Nobody
                } else {
                    Owner::Other
                },
                version: 0,
            });
        }
        let mark = self.words("SELECT application, version FROM inventory_schema")?;
        let mut mark = mark.into_iter().flatten().flatten();
        let application = mark.next();
        let owner = owner(application.as_deref().unwrap_or_default());
        *self.mark.borrow_mut() = application;
        let version = mark.next().and_then(|version| version.parse().ok());
        Ok(match version.filter(|_| owner != Owner::Other) {
            Some(version) => {
                self.schema.set(Some(version));
                Identity { owner, version }
            }
            None => Identity {
                owner: Owner::Other,
                version: 0,
            },
        })
    }

    /// Refuses to go on with something else than what was opened.
    pub(super) fn check_mark(&self, found: Option<&str>) -> Result<(), Fault> {
        let text = match (self.mark.borrow().as_deref(), found) {
            (Some(known), Some(found)) if known == found => return Ok(()),
            (None, _) | (_, None) => return Ok(()),
            (Some(_), Some(MOVED)) => WAS_MOVED,
            (Some(_), Some(_)) => WERE_RENEWED,
        };
        Err(Fault::new(FaultKind::Passing, text))
    }

    pub(in crate::inventory::engine) fn mark_as_moved(&self) -> Result<(), Error> {
        self.set_mark(MOVED.to_owned())
    }

    pub(in crate::inventory::engine) fn mark_as_own(&self) -> Result<(), Error> {
        self.set_mark(APPLICATION.to_owned())
    }

    pub(in crate::inventory::engine) fn mark_new_data_keys(&self) -> Result<(), Error> {
        let mark = self.mark.borrow().clone().unwrap_or_default();
        let renewed: u64 = mark
            .rsplit_once(RENEWED)
            .and_then(|(_, times)| times.parse().ok())
            .unwrap_or_default();
        self.set_mark(format!("{APPLICATION}{RENEWED}{}", renewed + 1))
    }

    fn set_mark(&self, mark: String) -> Result<(), Error> {
        self.script(&format!(
            "UPDATE inventory_schema SET application = '{mark}'"
        ))?;
        *self.mark.borrow_mut() = Some(mark);
        Ok(())
    }

    /// No other connection can change the schema until the transaction ends.
    pub(in crate::inventory::engine) fn identity_to_upgrade(&self) -> Result<Identity, Error> {
        self.limit_calls_to(UPGRADE);
        let limit = UPGRADE.as_millis();
        self.script(&format!(
            "SET LOCAL lock_timeout = {limit}; SET LOCAL statement_timeout = {limit};
             SET LOCAL idle_in_transaction_session_timeout = {}",
            STATEMENT.as_millis()
        ))?;
        self.word(WAIT_FOR_UPGRADE)?;
        let identity = self.identity()?;
        if identity.version == 0 {
            return Ok(identity);
        }
        // Older programs that still write finish first, and find the new schema when they begin again. As they take this
        // lock before any other, neither waits for the other in the middle of its work.
        self.script("LOCK TABLE inventory_schema IN EXCLUSIVE MODE")?;
        self.identity()
    }

    pub(in crate::inventory::engine) fn apply(&self, sql: &str, version: u32) -> Result<(), Error> {
        self.script(sql)?;
        let known = self.mark.borrow().clone();
        let mark = known.unwrap_or_else(|| APPLICATION.to_owned());
        self.script(&format!(
            "DELETE FROM inventory_schema;
             INSERT INTO inventory_schema (application, version) VALUES ('{mark}', {version})"
        ))?;
        *self.mark.borrow_mut() = Some(mark);
        self.schema.set(Some(version));
        Ok(())
    }

    pub(in crate::inventory::engine) fn touch(&self) -> Result<(), Error> {
        self.script("UPDATE inventory_schema SET version = version")
    }
}

fn owner(application: &str) -> Owner {
    match application {
        APPLICATION => Owner::Perennial,
        MOVED => Owner::Moved,
        other if other.starts_with(&format!("{APPLICATION}{RENEWED}")) => Owner::Perennial,
        _ => Owner::Other,
    }
}
