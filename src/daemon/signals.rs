//! What the machine tells the daemon: stop, or read the configuration again.

use std::io;

use futures_util::StreamExt;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_tokio::Signals;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Stop,
    Reload,
}

pub(super) struct SignalStream(Signals);

impl SignalStream {
    /// From here on these signals end nothing by themselves.
    pub(super) fn open() -> io::Result<Self> {
        Signals::new([SIGTERM, SIGINT, SIGHUP]).map(Self)
    }

    /// The next one; waits for ever when none comes any more.
    pub(super) async fn next(&mut self) -> Signal {
        match self.0.next().await {
            Some(SIGHUP) => Signal::Reload,
            Some(_) => Signal::Stop,
            None => std::future::pending().await,
        }
    }
}

/// Waits until somebody wants an end of it.
pub async fn until_stopped() -> io::Result<()> {
    let mut post = SignalStream::open()?;
    while post.next().await != Signal::Stop {}
    Ok(())
}
