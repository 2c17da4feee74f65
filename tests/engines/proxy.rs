//! A proxy between a daemon and its server that loses what it should carry.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

/// What is lost once, with the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    Commit,
    AnswerToCommit,
}

pub(super) struct Proxy {
    folder: tempfile::TempDir,
    loss: Arc<Mutex<Option<Loss>>>,
}

const COMMIT: &[u8] = b"COMMIT\0";

impl Proxy {
    pub(super) fn new(server: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(socket(folder.path())).unwrap();
        let loss = Arc::default();
        let (server, lost) = (socket(server), Arc::clone(&loss));
        // It ends with the tests.
        thread::spawn(move || {
            for client in listener.incoming() {
                carry(
                    client.unwrap(),
                    UnixStream::connect(&server).unwrap(),
                    &lost,
                );
            }
        });
        Self { folder, loss }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn lose(&self, loss: Loss) {
        *self.loss.lock().unwrap() = Some(loss);
    }

    /// Whether that has happened.
    pub(super) fn has_lost(&self) -> bool {
        self.loss.lock().unwrap().is_none()
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join(".s.PGSQL.5432")
}

fn carry(client: UnixStream, server: UnixStream, loss: &Arc<Mutex<Option<Loss>>>) {
    let is_cut = Arc::new(Mutex::new(false));
    let (cut, loss) = (Arc::clone(&is_cut), Arc::clone(loss));
    let (mut asks, mut hears) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let mut bytes = [0; 16 << 10];
        while let Ok(n @ 1..) = asks.read(&mut bytes) {
            let is_commit = bytes[..n].windows(COMMIT.len()).any(|part| part == COMMIT);
            match is_commit.then(|| loss.lock().unwrap().take()).flatten() {
                Some(Loss::Commit) => break,
                Some(Loss::AnswerToCommit) => *cut.lock().unwrap() = true,
                None => {}
            }
            if hears.write_all(&bytes[..n]).is_err() {
                break;
            }
        }
        close(&asks, &hears);
    });
    let (mut answers, mut gets) = (server, client);
    thread::spawn(move || {
        let mut bytes = [0; 16 << 10];
        while let Ok(n @ 1..) = answers.read(&mut bytes) {
            if *is_cut.lock().unwrap() || gets.write_all(&bytes[..n]).is_err() {
                break;
            }
        }
        close(&answers, &gets);
    });
}

fn close(one: &UnixStream, other: &UnixStream) {
    for end in [one, other] {
        let _ = end.shutdown(Shutdown::Both);
    }
}
