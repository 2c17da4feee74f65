//! Captures every line that is logged.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

pub struct Log {
    lines: Lines,
    _guard: Option<DefaultGuard>,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Captures the logs of this thread until it is dropped. A test's tasks run on the test's own thread.
    pub fn of_thread(level: Level) -> Self {
        let lines = Lines::default();
        let guard = tracing::subscriber::set_default(subscriber(&lines, level));
        Self {
            lines,
            _guard: Some(guard),
        }
    }

    /// Captures the logs of the whole process from now on, once.
    pub fn of_process(level: Level) -> Result<Self, tracing::subscriber::SetGlobalDefaultError> {
        let lines = Lines::default();
        tracing::subscriber::set_global_default(subscriber(&lines, level))?;
        Ok(Self {
            lines,
            _guard: None,
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lines.bytes()).into_owned()
    }

    pub fn clear(&self) {
        self.lines.bytes().clear();
    }
}

fn subscriber(lines: &Lines, level: Level) -> impl tracing::Subscriber + use<> {
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish()
}

impl Lines {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
