//! `perennial reload`: makes the daemon reload its configuration, or prints why it keeps the old one.

use clap::Args;

use crate::api_client::Client;
use crate::cli::{Answer, Error, Terminal};

/// Have the running daemon read its configuration again
///
/// Waits for the answer: live, or refused and the old configuration kept.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Waiting is what it does anyway; the systemd unit says so explicitly
    #[arg(long, hide = true)]
    wait: bool,
}

pub(crate) async fn run(
    _: &Options,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Answer, Error> {
    client.reload().await?;
    terminal.print("The new configuration is live.")?;
    Ok(Answer::Yes)
}
