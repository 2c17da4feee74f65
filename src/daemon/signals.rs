//! The signals of the daemon: stop, or reload the configuration.

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
    /// Takes over these signals, so that they no longer end the process by themselves.
    pub(super) fn open() -> io::Result<Self> {
        Signals::new([SIGTERM, SIGINT, SIGHUP]).map(Self)
    }

    /// The next signal. Waits forever when no more can come.
    pub(super) async fn next(&mut self) -> Signal {
        match self.0.next().await {
            Some(SIGHUP) => Signal::Reload,
            Some(_) => Signal::Stop,
            None => std::future::pending().await,
        }
    }
}

/// Waits for a signal to stop.
pub async fn until_stopped() -> io::Result<()> {
    let mut post = SignalStream::open()?;
    while post.next().await != Signal::Stop {}
    Ok(())
}

/// Waits for a signal to stop, or for the end of the terminal.
pub async fn until_stopped_or_hung_up() -> io::Result<()> {
    SignalStream::open()?.next().await;
    Ok(())
}
