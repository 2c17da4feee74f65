//! Data keys, wrapped by the operator's key, and how that key is changed. The key in use opens the inventory at every
//! moment: from when the new key is added until it is in place, both do.

use super::engine::{Connection, Row};
use super::{Error, cells};
use crate::secret::{DataKey, Key, Purpose, Sealer};

/// A data key as it is stored.
struct Wrapped {
    id: u32,
    purpose: Purpose,
    wrapped: Vec<u8>,
    by: String,
}

/// Makes the first data keys. Call it inside a transaction.
pub(super) fn make(db: &Connection, own: &Key) -> Result<(), Error> {
    for (id, purpose, word) in [
        (1, Purpose::Seal, "seal"),
        (2, Purpose::Fingerprint, "fingerprint"),
    ] {
        let key = DataKey::generate(id, purpose).map_err(|_| Error::NoRandomness)?;
        insert(db, &key, word, own)?;
    }
    Ok(())
}

fn insert(db: &Connection, key: &DataKey, purpose: &str, own: &Key) -> Result<(), Error> {
    db.run(
        "INSERT INTO data_key (id, purpose, wrapped, wrapping_key) VALUES (?1, ?2, ?3, ?4)",
        &[&key.id, &purpose, &wrap(key, own)?, &id_of(own)],
    )
}

/// Returns the sealer that opens the sealed cells.
pub(super) fn sealer(db: &Connection, own: &Key) -> Result<Sealer, Error> {
    sealer_of(&unwrap(db, own)?)
}

fn sealer_of(keys: &[DataKey]) -> Result<Sealer, Error> {
    Sealer::new(keys).ok_or_else(|| Error::Foreign("no data key".to_owned()))
}

/// Seals every cell under a new data key and deletes the former ones. Call it inside a transaction. A former key stays if a
/// cell that does not open still needs it; returns how many such keys there are. The fingerprint key stays, because new
/// fingerprints are compared with old ones.
pub(super) fn renew(db: &Connection, own: &Key) -> Result<usize, Error> {
    let former = unwrap(db, own)?;
    let id = former.iter().map(|key| key.id).max().unwrap_or_default() + 1;
    let new = DataKey::generate(id, Purpose::Seal).map_err(|_| Error::NoRandomness)?;
    let from = sealer_of(&former)?;
    let to = sealer_of(&[&former[..], std::slice::from_ref(&new)].concat())?;
    insert(db, &new, "seal", own)?;
    let needed = cells::reseal(db, &from, &to)?;
    let sealing = former.iter().filter(|key| key.purpose == Purpose::Seal);
    let (stay, go): (Vec<_>, Vec<_>) = sealing.partition(|key| needed.contains(&key.id));
    for key in go {
        db.run("DELETE FROM data_key WHERE id = ?1", &[&key.id])?;
    }
    db.mark_new_data_keys()?;
    Ok(stay.len())
}

/// Opens the data keys with the key in use, or with the one that is to replace it.
pub(super) fn unwrap(db: &Connection, own: &Key) -> Result<Vec<DataKey>, Error> {
    let stored = stored(db)?;
    if let Some(keys) = open_all(&stored, own) {
        return Ok(keys);
    }
    let next = open_all(&rewrapped(db)?, own).filter(|keys| !keys.is_empty());
    next.ok_or_else(|| match stored.iter().any(|key| key.by == id_of(own)) {
        true => Error::Foreign("an altered data key".to_owned()),
        false => Error::WrongKey {
            stored: stored.first().map(|key| key.by.clone()).unwrap_or_default(),
            given: own.id(),
        },
    })
}

/// The id of the key that is to replace the one in use, if a change is under way.
pub(super) fn next(db: &Connection) -> Result<Option<String>, Error> {
    Ok(rewrapped(db)?.into_iter().next().map(|key| key.by))
}

/// Adds a second key: from here on, `new` opens the inventory, too.
pub(super) fn add(db: &Connection, keys: &[DataKey], new: &Key) -> Result<(), Error> {
    db.atomically(|| {
        db.run("DELETE FROM rewrapped_key", &[])?;
        for key in keys {
            db.run(
                "INSERT INTO rewrapped_key (id, wrapped, wrapping_key) VALUES (?1, ?2, ?3)",
                &[&key.id, &wrap(key, new)?, &id_of(new)],
            )?;
        }
        Ok(())
    })
}

/// Completes a key change if `key` is the new key: the old one no longer opens the inventory.
pub(super) fn adopt_key(db: &Connection, key: &Key) -> Result<(), Error> {
    if next(db)?.is_none_or(|next| next != id_of(key)) {
        return Ok(());
    }
    db.atomically(|| {
        db.run(
            "UPDATE data_key SET (wrapped, wrapping_key) =
                (SELECT wrapped, wrapping_key FROM rewrapped_key r WHERE r.id = data_key.id)
             WHERE id IN (SELECT id FROM rewrapped_key)",
            &[],
        )?;
        db.run("DELETE FROM rewrapped_key", &[])
    })
}

fn wrap(key: &DataKey, by: &Key) -> Result<Vec<u8>, Error> {
    key.wrap(by).map_err(|_| Error::NoRandomness)
}

fn id_of(key: &Key) -> String {
    key.id().to_string()
}

fn open_all(stored: &[Wrapped], key: &Key) -> Option<Vec<DataKey>> {
    let open =
        |stored: &Wrapped| DataKey::unwrap(stored.id, stored.purpose, &stored.wrapped, key).ok();
    stored.iter().map(open).collect()
}

fn stored(db: &Connection) -> Result<Vec<Wrapped>, Error> {
    db.all(
        "SELECT id, purpose, wrapped, wrapping_key FROM data_key ORDER BY id",
        &[],
        wrapped,
    )
}

fn rewrapped(db: &Connection) -> Result<Vec<Wrapped>, Error> {
    db.all(
        "SELECT r.id, k.purpose, r.wrapped, r.wrapping_key
         FROM rewrapped_key r JOIN data_key k ON k.id = r.id ORDER BY r.id",
        &[],
        wrapped,
    )
}

fn wrapped(row: &Row<'_>) -> Result<Wrapped, Error> {
    Ok(Wrapped {
        id: row.get(0)?,
        purpose: match row.get::<String>(1)?.as_str() {
            "seal" => Purpose::Seal,
            _ => Purpose::Fingerprint,
        },
        wrapped: row.get(2)?,
        by: row.get(3)?,
    })
}
