//! Sealed columns: what each cell is bound to, and how all of them are sealed again.

use std::collections::BTreeSet;

use super::Error;
use super::engine::{Connection, Row};
use crate::model::{Token, TokenId};
use crate::secret::{Cell, Sealer, Secret, data_key_of, hex};

/// What a token's secrets are bound to. A secret does not open if it was moved to another token, or if the token has
/// another name, because readers ask by name. Renaming a token must seal its secrets again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bearer<'a> {
    pub(super) id: TokenId,
    pub(super) app: &'a str,
    pub(super) name: &'a str,
}

impl<'a> Bearer<'a> {
    pub(super) fn of(token: &'a Token) -> Self {
        Self {
            id: token.id,
            app: &token.app,
            name: &token.name,
        }
    }

    /// The token under a name that it had not when it was read.
    pub(super) fn named(token: &'a Token, name: &'a str) -> Self {
        Self {
            name,
            ..Self::of(token)
        }
    }

    /// The separator is safe: neither app nor name contains a slash.
    pub(super) fn row(self, number: u32) -> String {
        let Self { id, app, name } = self;
        format!("{}/{number}/{app}/{name}", id.0)
    }
}

pub(super) const fn secret(row: &str) -> Cell<'_> {
    SECRETS.cell(row)
}

/// Bound to the ticket's digest, because a ticket is sealed before its row has an id.
pub(super) const fn ticket(digest: &str) -> Cell<'_> {
    TICKETS.cell(digest)
}

/// Bound to the ticket's digest, as that of a login is.
pub(super) const fn calendar_ticket(digest: &str) -> Cell<'_> {
    CALENDAR_TICKETS.cell(digest)
}

pub(super) const fn code(attempt: &str) -> Cell<'_> {
    CODES.cell(attempt)
}

/// Bound to the message id, because an email is sealed before its row has an id.
pub(super) const fn email_text(message_id: &str) -> Cell<'_> {
    TEXTS.cell(message_id)
}

pub(super) const fn email_html(message_id: &str) -> Cell<'_> {
    HTMLS.cell(message_id)
}

/// A sealed column and the SQL that walks it. Each row has the two numbers of its key, what its cell is bound to, and
/// the cell.
pub(super) struct Column {
    table: &'static str,
    column: &'static str,
    rows_after: &'static str,
    /// Reads what the cell is bound to.
    bound_to: fn(&Row<'_>) -> Result<String, Error>,
    update: &'static str,
}

impl Column {
    const fn cell<'a>(&self, row: &'a str) -> Cell<'a> {
        Cell {
            table: self.table,
            column: self.column,
            row,
        }
    }
}

/// That the token's id is not smaller follows from the rest, but only SQLite sees that: PostgreSQL would begin each page
/// with the first token.
pub(super) const SECRETS: Column = Column {
    table: "version",
    column: "secret",
    rows_after: "SELECT v.token, v.number, v.token || '/' || v.number || '/' || t.app || '/' || t.name, v.secret
        FROM version v CROSS JOIN token t
        WHERE t.id = v.token AND t.id >= ?1 AND (v.token, v.number) > (?1, ?2) ORDER BY v.token, v.number LIMIT ?3",
    bound_to: text,
    update: "UPDATE version SET secret = ?1 WHERE token = ?2 AND number = ?3",
};

const TICKETS: Column = Column {
    table: "login",
    column: "login_ticket",
    rows_after: "SELECT id, CAST(0 AS BIGINT), login_ticket_digest, login_ticket FROM login
        WHERE id > ?1 AND CAST(?2 AS BIGINT) = 0 ORDER BY id LIMIT ?3",
    bound_to: digest,
    update: "UPDATE login SET login_ticket = ?1 WHERE id = ?2 AND CAST(?3 AS BIGINT) = 0",
};

const CALENDAR_TICKETS: Column = Column {
    table: "calendar",
    column: "ticket",
    rows_after: "SELECT id, CAST(0 AS BIGINT), ticket_digest, ticket FROM calendar
        WHERE id > ?1 AND CAST(?2 AS BIGINT) = 0 ORDER BY id LIMIT ?3",
    bound_to: digest,
    update: "UPDATE calendar SET ticket = ?1 WHERE id = ?2 AND CAST(?3 AS BIGINT) = 0",
};

const CODES: Column = Column {
    table: "login_attempt",
    column: "code",
    rows_after: "SELECT a.id, CAST(0 AS BIGINT), CAST(a.id AS TEXT), a.code FROM login_attempt a
        WHERE a.id > ?1 AND CAST(?2 AS BIGINT) = 0 AND a.code IS NOT NULL ORDER BY a.id LIMIT ?3",
    bound_to: text,
    update: "UPDATE login_attempt SET code = ?1 WHERE id = ?2 AND CAST(?3 AS BIGINT) = 0",
};

const TEXTS: Column = Column {
    table: "email",
    column: "text",
    rows_after: "SELECT id, CAST(0 AS BIGINT), message_id, text FROM email
        WHERE id > ?1 AND CAST(?2 AS BIGINT) = 0 AND text IS NOT NULL ORDER BY id LIMIT ?3",
    bound_to: text,
    update: "UPDATE email SET text = ?1 WHERE id = ?2 AND CAST(?3 AS BIGINT) = 0",
};

const HTMLS: Column = Column {
    table: "email",
    column: "html",
    rows_after: "SELECT id, CAST(0 AS BIGINT), message_id, html FROM email
        WHERE id > ?1 AND CAST(?2 AS BIGINT) = 0 AND html IS NOT NULL ORDER BY id LIMIT ?3",
    bound_to: text,
    update: "UPDATE email SET html = ?1 WHERE id = ?2 AND CAST(?3 AS BIGINT) = 0",
};

fn text(row: &Row<'_>) -> Result<String, Error> {
    row.get(2)
}

fn digest(row: &Row<'_>) -> Result<String, Error> {
    row.get::<Vec<u8>>(2).map(|digest| hex(&digest))
}

const ALL: [&Column; 6] = [
    &SECRETS,
    &TICKETS,
    &CALENDAR_TICKETS,
    &CODES,
    &TEXTS,
    &HTMLS,
];

/// How many cells are in memory at a time.
const AT_ONCE: u32 = 200;

/// One sealed value, as a walk reads it.
pub(super) struct Sealed {
    key: (i64, i64),
    /// What the cell is bound to.
    pub(super) row: String,
    pub(super) value: Vec<u8>,
}

/// Seals every cell again with the current key of `to`. Cells that do not open stay as they are; returns the ids of
/// their data keys.
pub(super) fn reseal(db: &Connection, from: &Sealer, to: &Sealer) -> Result<BTreeSet<u32>, Error> {
    let mut still_used = BTreeSet::new();
    for column in ALL {
        replace(db, column, |sealed| {
            let cell = column.cell(&sealed.row);
            let opened: Option<Secret> = from.open(&sealed.value, cell).ok();
            if opened.is_none() {
                still_used.extend(data_key_of(&sealed.value));
            }
            opened
                .map(|opened| to.seal(&opened, cell).map_err(|_| Error::NoRandomness))
                .transpose()
        })?;
    }
    Ok(still_used)
}

/// What a look at all cells found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OpenedCells {
    pub(super) cells: u64,
    /// How many of them do not open.
    pub(super) unsealable: u64,
}

/// Opens every cell, some at a time. `report` gets the number of those that were opened so far.
pub(super) fn open_all(
    db: &Connection,
    sealer: &Sealer,
    report: &mut dyn FnMut(u64),
) -> Result<OpenedCells, Error> {
    let mut opened = OpenedCells::default();
    for column in ALL {
        replace(db, column, |sealed| {
            let cell = column.cell(&sealed.row);
            opened.cells += 1;
            opened.unsealable += u64::from(sealer.open(&sealed.value, cell).is_err());
            if opened.cells.is_multiple_of(AT_ONCE.into()) {
                report(opened.cells);
            }
            Ok(None)
        })?;
    }
    Ok(opened)
}

/// Walks a column and replaces each cell for which `change` returns a value.
pub(super) fn replace(
    db: &Connection,
    column: &Column,
    mut change: impl FnMut(&Sealed) -> Result<Option<Vec<u8>>, Error>,
) -> Result<(), Error> {
    let mut last = (0, 0);
    loop {
        let some = some_after(db, column, last)?;
        let Some(end) = some.last() else {
            return Ok(());
        };
        last = end.key;
        let mut batch = db.batch(column.update)?;
        for sealed in &some {
            if let Some(value) = change(sealed)? {
                batch.add(&[&value, &sealed.key.0, &sealed.key.1])?;
            }
        }
        batch.finish()?;
    }
}

fn some_after(db: &Connection, column: &Column, last: (i64, i64)) -> Result<Vec<Sealed>, Error> {
    db.all(column.rows_after, &[&last.0, &last.1, &AT_ONCE], |row| {
        Ok(Sealed {
            key: (row.get(0)?, row.get(1)?),
            row: (column.bound_to)(row)?,
            value: row.get(3)?,
        })
    })
}
