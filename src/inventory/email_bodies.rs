//! Email bodies, text and HTML, as they are stored: sealed, because they contain a login link.

use rusqlite::{Row, Rows};

use super::{Error, Tx, View, cells};
use crate::secret::Cell;

/// Returns the first `limit` rows that open. A row that does not open is logged and skipped.
pub(super) fn first_that_open<T>(
    mut rows: Rows<'_>,
    limit: usize,
    mut open: impl FnMut(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut opened = Vec::new();
    while opened.len() < limit
        && let Some(row) = rows.next()?
    {
        match open(row) {
            Ok(one) => opened.push(one),
            Err(Error::Unsealable(message_id)) => {
                tracing::error!(
                    "cannot send email {message_id}: its stored text was altered, or sealed with another key"
                );
            }
            Err(error) => return Err(error),
        }
    }
    Ok(opened)
}

impl View<'_> {
    /// Returns an empty text when the body was cleared.
    pub(super) fn open_body(
        &self,
        sealed: Option<Vec<u8>>,
        cell: Cell<'_>,
    ) -> Result<String, Error> {
        let Some(sealed) = sealed else {
            return Ok(String::new());
        };
        let opened = self.sealer.open_text(&sealed, cell);
        opened.map_err(|_| Error::Unsealable(cell.row.to_owned()))
    }
}

impl Tx<'_> {
    pub(super) fn seal_text(&self, message_id: &str, text: &str) -> Result<Vec<u8>, Error> {
        self.seal_body(text, cells::email_text(message_id))
    }

    pub(super) fn seal_html(&self, message_id: &str, html: &str) -> Result<Vec<u8>, Error> {
        self.seal_body(html, cells::email_html(message_id))
    }

    fn seal_body(&self, body: &str, cell: Cell<'_>) -> Result<Vec<u8>, Error> {
        let sealed = self.sealer.seal_text(body, cell);
        sealed.map_err(|_| Error::NoRandomness)
    }
}
