//! Restore: a copy replaces the inventory after it was checked. The previous inventory is kept beside it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tempfile::NamedTempFile;

use super::cells::{self, Bearer};
use super::copy::{Source, check, reject_existing, sync_folder, unfinished_in};
use super::engine::Connection;
use super::file_ownership::OwnersRights;
use super::lock::lock;
use super::{Error, Tx, View, figures, keys, open};
use crate::files::{beside, folder_of, give_to_owner_of};
use crate::model::Event;
use crate::secret::Key;

/// What people use to tell two inventories apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    pub schema: u32,
    pub newest_event_at: Option<Timestamp>,
    pub tokens: u64,
    /// How many tokens have a secret that does not open.
    pub unsealable: u64,
}

/// What the copy replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Present {
    Nothing,
    Inventory(Contents),
    /// An inventory that cannot be read, and why.
    Unreadable(String),
}

/// A checked copy that can replace the inventory.
#[derive(Debug)]
pub struct Restore {
    path: PathBuf,
    copy: NamedTempFile,
    pub contents: Contents,
    pub present: Present,
    /// Keeps a daemon from starting meanwhile.
    _lock: File,
    _rights: OwnersRights,
}

/// Opens a copy, if this key opens it.
fn sound(file: &Path, key: &Key) -> Result<Source, Error> {
    if open::inspect_source(file, key)? > 0 {
        return Source::open(file);
    }
    Err(match file.exists() {
        true => Error::NotAnInventory(file.to_owned()),
        false => Error::of_file(file)(std::io::ErrorKind::NotFound.into()),
    })
}

impl Restore {
    /// Checks a copy. Refuses a file that is no inventory, is damaged, has a newer schema, or was sealed with another
    /// key, so that a daemon can start on what is accepted. The inventory is not changed yet.
    pub fn prepare(path: &Path, key: &Key, file: &Path) -> Result<Self, Error> {
        // Root may read the copy wherever it is. Everything else is done with the rights of the folder's owner.
        let source = sound(file, key)?;
        let folder = folder_of(path);
        let rights = OwnersRights::take(&folder).map_err(Error::of_file(&folder))?;
        let lock = lock(path)?;
        let copy = unfinished_in(&folder)?;
        source.vacuum_into(copy.path())?;
        Connection::writer(copy.path())?.mark_as_own_if_moved()?;
        check(copy.path())?;
        let contents = contents(copy.path(), key).map_err(|error| error.or_damaged(file))?;
        let present = match path.exists() {
            false => Present::Nothing,
            true => contents_of_present(path, key),
        };
        Ok(Self {
            path: path.to_owned(),
            copy,
            contents,
            present,
            _lock: lock,
            _rights: rights,
        })
    }

    /// Puts the copy into place. Returns where the previous inventory is kept, if there was one. At every moment one of
    /// the two is in place.
    pub fn carry_out(self, now: Timestamp) -> Result<Option<PathBuf>, Error> {
        let kept = match self.present {
            Present::Nothing => None,
            Present::Inventory(_) | Present::Unreadable(_) => Some(self.keep_previous(now)?),
        };
        self.record_restore(now)?;
        let model = if kept.is_some() {
            self.path.clone()
        } else {
            folder_of(&self.path)
        };
        let copy = self.copy.as_file();
        give_to_owner_of(&model, copy).map_err(Error::of_file(self.copy.path()))?;
        copy.sync_all().map_err(Error::of_file(self.copy.path()))?;
        let put = self.copy.persist(&self.path);
        put.map_err(|error| Error::of_file(&self.path)(error.error))?;
        sync_folder(&self.path)?;
        Ok(kept)
    }

    /// Keeps the previous inventory under another name. A write-ahead log belongs to its database: it is checkpointed
    /// or kept with it, so that it never meets another one.
    fn keep_previous(&self, now: Timestamp) -> Result<PathBuf, Error> {
        let stamp = now.strftime("%Y%m%dT%H%M%SZ");
        let kept = beside(&self.path, &format!(".before-restore-{stamp}"));
        reject_existing(&kept)?;
        if matches!(self.present, Present::Inventory(_)) {
            Connection::writer(&self.path)?.checkpoint()?;
        }
        fs::hard_link(&self.path, &kept).map_err(Error::of_file(&kept))?;
        let log = beside(&self.path, "-wal");
        if log.exists() {
            let kept = beside(&kept, "-wal");
            fs::rename(&log, &kept).map_err(Error::of_file(&kept))?;
        }
        let index = beside(&self.path, "-shm");
        if index.exists() {
            fs::remove_file(&index).map_err(Error::of_file(&index))?;
        }
        sync_folder(&self.path)?;
        Ok(kept)
    }

    /// Records the restore in the journal, which may lack events from after the copy. Every token is due, because Meta
    /// knows what has happened since, and nothing is delivered before it was asked.
    fn record_restore(&self, now: Timestamp) -> Result<(), Error> {
        check_all_anew(&Connection::writer(self.copy.path())?, now)
    }
}

/// Makes every token due, and records why. Nothing is delivered before it was checked.
pub(super) fn check_all_anew(db: &Connection, now: Timestamp) -> Result<(), Error> {
    db.run("UPDATE totals SET restored_at = ?1", &[&now])?;
    make_all_due(db, now)?;
    db.run(
        "INSERT INTO event (at, kind) VALUES (?1, ?2)",
        &[&now, &Event::Restored {}.parts(None).0],
    )
}

/// A check that is under way does not count, so it finds that its token is due at another time.
fn make_all_due(db: &Connection, now: Timestamp) -> Result<(), Error> {
    db.run(
        "UPDATE schedule SET due_at = CASE WHEN due_at <= ?1 THEN due_at - 1 ELSE ?1 END,
            known_answer = NULL, known_until = NULL
         WHERE due_at IS NOT NULL",
        &[&now],
    )
}

impl Tx<'_> {
    /// What the database knew lately is lost, so Meta is asked about every token.
    pub(super) fn check_all_anew(&self, now: Timestamp) -> Result<(), Error> {
        make_all_due(self.db, now)
    }
}

fn contents_of_present(path: &Path, key: &Key) -> Present {
    match open::inspect(path, key) {
        Ok(0) => Present::Nothing,
        Ok(_) => match contents(path, key) {
            Ok(contents) => Present::Inventory(contents),
            Err(error) => Present::Unreadable(error.to_string()),
        },
        Err(error) => Present::Unreadable(error.to_string()),
    }
}

fn contents(path: &Path, key: &Key) -> Result<Contents, Error> {
    let db = Connection::reader(path)?;
    let sealer = keys::sealer(&db, key)?;
    let view = View {
        db: &db,
        sealer: &sealer,
    };
    // SQLite finds no changed letter, but a daemon needs these before it starts.
    figures::Published::read(&view)?;
    view.apps()?;
    Ok(Contents {
        schema: db.identity()?.version,
        newest_event_at: view.newest_event_at()?,
        tokens: db.value("SELECT count(*) FROM token", &[])?,
        unsealable: unsealable(&view)?,
    })
}

fn unsealable(view: &View<'_>) -> Result<u64, Error> {
    let opens: Vec<bool> = view.db.all(
        "SELECT t.app, t.name, t.id, v.number, v.secret FROM token t
         JOIN version v ON v.token = t.id AND v.number = t.version",
        &[],
        |row| {
            let (app, name): (String, String) = (row.get(0)?, row.get(1)?);
            let bearer = Bearer {
                id: row.get(2)?,
                app: &app,
                name: &name,
            };
            let cell = bearer.row(row.get(3)?);
            let sealed: Vec<u8> = row.get(4)?;
            Ok(view.sealer.open(&sealed, cells::secret(&cell)).is_ok())
        },
    )?;
    Ok(opens.iter().filter(|opens| !**opens).count() as u64)
}

impl View<'_> {
    /// The latest time in the journal. It is not that of the newest event when the clock went back.
    pub fn latest_event_at(&self) -> Result<Option<Timestamp>, Error> {
        self.db.value(
            "SELECT max(at) FROM (SELECT at FROM event ORDER BY id DESC LIMIT 1000) latest",
            &[],
        )
    }

    /// The time of the newest event.
    pub fn newest_event_at(&self) -> Result<Option<Timestamp>, Error> {
        let newest = "SELECT at FROM event ORDER BY id DESC LIMIT 1";
        self.db.maybe_value(newest, &[])
    }
}
