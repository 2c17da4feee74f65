//! What the code under test logs.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

/// Where a subscriber writes that is told to.
#[derive(Clone, Default)]
pub(crate) struct CaughtLog(Arc<Mutex<Vec<u8>>>);

impl CaughtLog {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for CaughtLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for CaughtLog {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The lines that `job` logs on this thread, each with its level and message alone.
pub(crate) fn logged_by(job: impl FnOnce()) -> Vec<String> {
    let log = CaughtLog::default();
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .with_target(false)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, job);
    let text = log.text();
    text.lines().map(|line| line.trim().to_owned()).collect()
}
