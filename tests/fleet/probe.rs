//! A client of the status socket. It asks for the status every 10 ms on one connection, as a dashboard might, and keeps
//! the latest answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Result;
use super::figures::Latency;

const EVERY: Duration = Duration::from_millis(10);

pub struct Probe {
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Seen {
    latest: Value,
    taken: Vec<f64>,
    lost: Option<String>,
}

impl Probe {
    pub fn start(socket: &Path) -> Self {
        let (seen, stop) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        let thread = thread::spawn({
            let (socket, seen, stop) = (socket.to_owned(), Arc::clone(&seen), Arc::clone(&stop));
            move || {
                let asked = ask_on(&socket, &seen, &stop);
                lock(&seen).lost = asked.err().map(|error| error.to_string());
            }
        });
        Self {
            seen,
            stop,
            thread: Some(thread),
        }
    }

    /// The latest status; null before the first.
    pub fn status(&self) -> Result<Value> {
        let seen = lock(&self.seen);
        match &seen.lost {
            Some(error) => Err(format!("the status is not answered: {error}").into()),
            None => Ok(seen.latest.clone()),
        }
    }

    pub fn latency(&self) -> Option<Latency> {
        Latency::of(lock(&self.seen).taken.clone())
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ask_on(socket: &Path, seen: &Mutex<Seen>, stop: &AtomicBool) -> Result {
    let mut connection = connect(socket)?;
    let mut next = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        match get(&mut connection, "/v1/status") {
            Ok(body) => {
                let taken = began.elapsed().as_secs_f64();
                let latest = serde_json::from_slice(&body)?;
                let mut seen = lock(seen);
                seen.taken.push(taken);
                seen.latest = latest;
            }
            // The daemon ends a connection when it is ten minutes old.
            Err(_) => connection = connect(socket)?,
        }
        next = (next + EVERY).max(Instant::now());
        thread::sleep(next - Instant::now());
    }
    Ok(())
}

pub fn connect(socket: &Path) -> Result<BufReader<UnixStream>> {
    Ok(BufReader::new(UnixStream::connect(socket)?))
}

/// The body of an answer that has a length.
pub fn get(connection: &mut BufReader<UnixStream>, path: &str) -> Result<Vec<u8>> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    connection.get_mut().write_all(request.as_bytes())?;
    let mut length = None;
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Err("the connection ended".into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(bytes) = line.strip_prefix("content-length:") {
            length = Some(bytes.trim().parse()?);
        }
    }
    let mut body = vec![0; length.ok_or("an answer without a length")?];
    connection.read_exact(&mut body)?;
    Ok(body)
}

/// Whether the daemon answers.
pub fn is_answered(socket: &Path) -> bool {
    connect(socket).is_ok_and(|mut connection| get(&mut connection, "/v1/status").is_ok())
}
