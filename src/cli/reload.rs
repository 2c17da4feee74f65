//! `perennial reload`: the daemon reads its configuration again, or says why it keeps the old one.

use clap::Args;

use super::{Answer, Failure, Screen};
use crate::status::client::Client;

/// Have the running daemon read its configuration again
///
/// Waits for the answer: live, or refused and the old configuration kept.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Waiting is what it does anyway; the systemd unit says so explicitly
    #[arg(long, hide = true)]
    wait: bool,
}

pub(super) async fn run(
    _: &Options,
    client: &Client,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    client.reload().await?;
    screen.say("The new configuration is live.")?;
    Ok(Answer::Yes)
}
