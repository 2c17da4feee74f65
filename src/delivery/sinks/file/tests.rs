//! Other users read a file while it is replaced again and again, and the kernel decides what they see.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::ScopedJoinHandle;

use nix::unistd::{Gid, Uid, setfsgid, setfsuid};
use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};

use super::*;
use crate::delivery::policy::fixtures::wanted;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How often the file is read for each change.
const READINGS: usize = 1_000;
/// How often a stranger tries it.
const ATTEMPTS: usize = 100;

/// Accounts of every Linux: one that may read the file, and one that may not.
const READER: (&str, u32) = ("daemon", 1);
const STRANGER: u32 = 2;

/// The entries of an access list are a tag, permissions and an id. This is the whole list of a file for `READER`: it
/// and the owner may read, and everybody else is refused.
const LIST: &[u8] = &[
    2, 0, 0, 0, // the version
    0x01, 0, 4, 0, 0xff, 0xff, 0xff, 0xff, // the owner
    0x02, 0, 4, 0, 1, 0, 0, 0, // the reader
    0x04, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, // the owning group
    0x10, 0, 4, 0, 0xff, 0xff, 0xff, 0xff, // the mask
    0x20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, // others
];
/// The group bits of the mode are the mask.
const MODE: u32 = 0o440;

/// A sink with one file, and all its versions.
struct Delivered {
    sink: FileSink,
    folder: tempfile::TempDir,
    versions: HashMap<Vec<u8>, usize>,
    is_over: AtomicBool,
}

fn token(version: u32) -> (Deliverable, Secret) {
    // Of many lengths, so that a part or a mixture is no version.
    let length = usize::try_from(version % 50).unwrap_or_default();
    let secret = format!(
        "EAA{version:04}{}",
        format!("-{version}").repeat(20 + length)
    );
    let token = Deliverable {
        version,
        ..wanted()
    };
    (token, Secret::new(secret))
}

fn sink(path: String, readers: &[&str], format: FileFormat) -> FileSink {
    FileSink {
        path,
        readers: readers.iter().map(|name| Account::parse(name)).collect(),
        format,
    }
}

impl Delivered {
    fn new(format: FileFormat, changes: u32) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("{name}").display().to_string();
        let content = |version| {
            let (token, secret) = token(version);
            format.content(&token, &secret).expose().as_bytes().to_vec()
        };
        let delivered = Self {
            sink: sink(path, &[READER.0], format),
            folder,
            versions: (0..=changes).map(content).zip(0..).collect(),
            is_over: AtomicBool::new(false),
        };
        delivered.deliver(0)?;
        // The stranger gets as far as the file itself.
        let stranger = Id::User(STRANGER);
        let_pass(&File::open(delivered.folder.path())?, &[stranger])?;
        Ok(delivered)
    }

    fn deliver(&self, version: u32) -> Result {
        let (token, secret) = token(version);
        Ok(self.sink.deliver(&token, &secret)?)
    }

    fn path(&self) -> String {
        self.sink.path_of(&wanted().name)
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Opens the file and reads it. Returns which version it is.
    fn read(&self, path: &str) -> Result<usize> {
        let (mut file, mut content, mut length) = (File::open(path)?, [0; 512], 0);
        while let part @ 1.. = file.read(&mut content[length..])? {
            length += part;
        }
        let content = &content[..length];
        let version = self.versions.get(content);
        let &version = version.ok_or_else(|| format!("not a whole version: {content:?}"))?;
        let (mode, mut list) = (file.metadata()?.mode() & 0o7777, [0; 256]);
        let length = fgetxattr(&file, "system.posix_acl_access", list.as_mut_slice())?;
        if (mode, &list[..length]) != (MODE, LIST) {
            return Err(format!("mode {mode:o}, list {:?}", &list[..length]).into());
        }
        Ok(version)
    }

    /// Reads until the end, as the user who may. Reports when it has read enough for a change. Returns how often it has
    /// read.
    fn read_on(&self, enough: &Sender<()>) -> Result<usize> {
        become_user(READER.1);
        let (path, mut version, mut readings) = (self.path(), 0, 0);
        while !self.is_over() {
            let now = self.read(&path)?;
            if now < version {
                return Err(format!("version {now} after {version}").into());
            }
            (version, readings) = (now, readings + 1);
            if readings % READINGS == 0 {
                enough.send(())?;
            }
        }
        Ok(readings)
    }

    /// Tries to read beside each change, as a user who may not.
    fn try_on(&self, changes: &Receiver<()>) -> Result<usize> {
        become_user(STRANGER);
        let (path, mut refused) = (self.path(), 0);
        while changes.recv().is_ok() {
            for _ in 0..ATTEMPTS {
                match File::open(&path) {
                    Err(error) if error.kind() == ErrorKind::PermissionDenied => refused += 1,
                    opened => return Err(format!("a stranger got {opened:?}").into()),
                }
            }
        }
        Ok(refused)
    }

    /// Replaces the file whenever the readers have read it often enough.
    fn change(&self, enough: &Receiver<()>, changes: &Sender<()>) -> Result {
        for version in (1..).take(self.versions.len() - 1) {
            changes.send(())?;
            self.deliver(version)?;
            enough.recv()?;
        }
        Ok(())
    }
}

/// For this thread and what it does with files alone. Only root may; others stay who they are.
fn become_user(id: u32) {
    setfsgid(Gid::from_raw(id));
    setfsuid(Uid::from_raw(id));
}

fn outcome<T>(thread: ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().map_err(|_| "a thread panicked")?
}

fn nobody_sees_a_part(format: FileFormat, changes: u32) -> Result {
    let delivered = Delivered::new(format, changes)?;
    let (begin, begun) = channel();
    let (enough, read) = channel();
    let (readings, refused) = std::thread::scope(|scope| -> Result<(usize, usize)> {
        let readers = [enough.clone(), enough].map(|enough| {
            let delivered = &delivered;
            scope.spawn(move || delivered.read_on(&enough))
        });
        let stranger = scope.spawn({
            let delivered = &delivered;
            move || match nix::unistd::geteuid().is_root() {
                true => delivered.try_on(&begun),
                false => Ok(begun.iter().count() * ATTEMPTS),
            }
        });
        let changed = delivered.change(&read, &begin);
        drop(begin);
        delivered.is_over.store(true, Ordering::Relaxed);
        let [first, second] = readers.map(outcome);
        let readings = first? + second?;
        let refused = outcome(stranger)?;
        changed.map(|()| (readings, refused))
    })?;
    let changes = usize::try_from(changes)?;
    assert_eq!(delivered.read(&delivered.path())?, changes);
    assert!(readings >= changes * READINGS, "{readings} readings");
    assert_eq!(refused, changes * ATTEMPTS);
    Ok(())
}

#[test]
fn no_reader_ever_sees_a_part_of_a_raw_file() -> Result {
    nobody_sees_a_part(FileFormat::Raw, 1_000)
}

#[test]
fn no_reader_ever_sees_a_part_of_an_env_file() -> Result {
    nobody_sees_a_part(FileFormat::Env, 100)
}

/// What a new file in such a folder would be allowed to others does not count, and it is no reason to write a file again.
#[test]
fn a_folder_with_a_list_for_new_files_makes_no_difference() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("{name}").display().to_string();
    let mut list = LIST.to_vec();
    for place in (6..list.len()).step_by(8) {
        list[place] = 7;
    }
    let opened = File::open(folder.path())?;
    fsetxattr(
        &opened,
        "system.posix_acl_default",
        &list,
        XattrFlags::empty(),
    )?;
    for readers in [&[READER.0][..], &[]] {
        let sink = sink(path.clone(), readers, FileFormat::Raw);
        let (token, secret) = token(1);
        let written = || -> Result<(u64, i64, u32, AccessList)> {
            sink.deliver(&token, &secret)?;
            let file = File::open(sink.path_of(&token.name))?;
            let is = file.metadata()?;
            let (id, changed_at) = (is.ino(), is.ctime_nsec());
            Ok((
                id,
                changed_at,
                is.mode() & 0o7777,
                AccessList::of_file(&file)?,
            ))
        };
        let first = written()?;
        assert_eq!(first, written()?, "it was written again");
        let expected = if readers.is_empty() { 0o400 } else { MODE };
        assert_eq!(first.2, expected);
        let ids: Vec<Id> = readers.iter().map(|_| Id::User(READER.1)).collect();
        assert_eq!(first.3, list_for(&ids));
    }
    Ok(())
}
