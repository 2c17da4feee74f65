//! `perennial reload`: makes the daemon reload its configuration, or prints why it keeps the old one.

use clap::Args;

use crate::api_client::Client;
use crate::cli::terminal::text;
use crate::cli::{Answer, Result, Terminal};

/// Reload the configuration of the running daemon
///
/// Waits for the result: the new configuration is live, or it was refused and the old one stays live. Names the settings
/// that need a restart.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Wait for the result. This is the default; the systemd unit uses the option to be explicit
    #[arg(long, hide = true)]
    wait: bool,
}

pub(crate) async fn run(_: &Options, client: &Client, terminal: &mut Terminal) -> Result {
    let needs_restart = client.reload().await?.needs_restart;
    if needs_restart.is_empty() {
        terminal.print("The new configuration is live.")?;
        return Ok(Answer::Yes);
    }
    let settings = needs_restart.join(", ");
    terminal.print(&format!("needs a restart: {}", text::plain(&settings)))?;
    terminal.print("The rest of the new configuration is live.")?;
    terminal.warn("To use all of it: systemctl restart perennial");
    Ok(Answer::Yes)
}
