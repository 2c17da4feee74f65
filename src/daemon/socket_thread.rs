//! The thread of the status socket. The sweeps may keep all other threads busy, and the socket still answers at once.

use std::io;
use std::path::Path;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::api;
use crate::http::{BindError, Listener};

/// Ends the thread when it is dropped.
pub(super) struct SocketThread {
    runtime: Handle,
    _running: oneshot::Sender<()>,
}

impl SocketThread {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (running, ended) = oneshot::channel();
        let wait = move || {
            // An error means that the sender was dropped.
            let _ = runtime.block_on(ended);
        };
        thread::Builder::new()
            .name("socket".to_owned())
            .spawn(wait)?;
        Ok(Self {
            runtime: handle,
            _running: running,
        })
    }

    /// Opens the socket, whose connections this thread then notices.
    pub(super) fn bind(&self, path: &Path) -> Result<Listener, BindError> {
        let _entered = self.runtime.enter();
        api::bind(path)
    }

    pub(super) const fn runtime(&self) -> &Handle {
        &self.runtime
    }
}
