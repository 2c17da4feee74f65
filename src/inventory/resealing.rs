//! What the upgrade to schema 7 seals: the bodies of emails, which stood in the open, and once more each secret, which
//! was not bound to its token's name.

use rusqlite::{Connection, params};

use super::{Error, cells};
use crate::secret::{Cell, Sealer};

/// From this schema on secrets are bound to names, and bodies are sealed.
pub(super) const SINCE: u32 = 7;

/// Part of the transaction that brings the schema. A new inventory has no sealer yet, and nothing to seal.
pub(super) fn seal(db: &Connection, sealer: Option<&Sealer>) -> Result<(), Error> {
    if let Some(sealer) = sealer {
        bind_secrets(db, sealer)?;
        seal_emails(db, sealer)?;
    }
    db.execute_batch(
        "ALTER TABLE letter DROP COLUMN text;
         ALTER TABLE letter DROP COLUMN html;",
    )?;
    Ok(())
}

/// To what earlier schemas bound a secret.
pub(super) fn former_row(token: i64, number: i64) -> String {
    format!("{token}/{number}")
}

/// One that does not open stays as it is, and goes on not opening.
fn bind_secrets(db: &Connection, sealer: &Sealer) -> Result<(), Error> {
    cells::replace(db, &cells::SECRETS, |sealed| {
        let (token, number) = sealed.key();
        let former = former_row(token, number);
        let Ok(secret) = sealer.open(&sealed.value, cells::secret(&former)) else {
            return Ok(None);
        };
        let bound = sealer.seal(&secret, cells::secret(&sealed.row));
        bound.map(Some).map_err(|_| Error::NoRandomness)
    })
}

fn seal_emails(db: &Connection, sealer: &Sealer) -> Result<(), Error> {
    let mut ids = db.prepare("SELECT id FROM letter WHERE text <> ''")?;
    let ids: Vec<i64> = ids
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut body = db.prepare("SELECT message_id, text, html FROM letter WHERE id = ?1")?;
    let mut update =
        db.prepare("UPDATE letter SET sealed_text = ?2, sealed_html = ?3 WHERE id = ?1")?;
    for id in ids {
        let (message_id, text, html): (String, String, String) =
            body.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let seal = |body: String, cell: Cell<'_>| {
            let sealed = sealer.seal_text(&body, cell);
            sealed.map_err(|_| Error::NoRandomness)
        };
        let text = seal(text, cells::email_text(&message_id))?;
        let html = seal(html, cells::email_html(&message_id))?;
        update.execute(params![id, text, html])?;
    }
    Ok(())
}
