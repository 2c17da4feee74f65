//! `perennial version`: the version of this program, and that of the daemon.

use std::sync::LazyLock;

use clap::Args;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api_client::Client;
use crate::cli::terminal::text::plain;
use crate::cli::{Answer, Error, Result, Terminal};

/// Print the version of this program and of the running daemon
///
/// They differ after an upgrade until the daemon is restarted.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Print both as JSON
    #[arg(long)]
    json: bool,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that the program was built from, if the build has named it.
fn commit() -> Option<&'static str> {
    option_env!("PERENNIAL_COMMIT").filter(|commit| !commit.is_empty())
}

/// The version and the commit of this program.
pub(in crate::cli) fn own() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| match commit() {
        Some(commit) => format!("{VERSION} (commit {commit})"),
        None => VERSION.to_owned(),
    });
    TEXT.as_str()
}

/// What any version of the daemon says about itself.
#[derive(Debug, Serialize, Deserialize)]
struct Daemon {
    version: String,
    started_at: Timestamp,
}

pub(crate) async fn run(options: &Options, client: &Client, terminal: &mut Terminal) -> Result {
    let daemon = running(client)
        .await
        .map_err(|error| terminal.warn(&error.to_string()))
        .ok();
    if options.json {
        let versions = json!({"version": VERSION, "commit": commit(), "daemon": daemon});
        terminal.print_json(&versions)?;
    } else {
        let daemon = daemon.as_ref();
        let line = daemon.map(|daemon| format!("daemon {}\n", plain(&daemon.version)));
        terminal.print(&format!(
            "perennial {}\n{}",
            own(),
            line.unwrap_or_default()
        ))?;
    }
    if daemon.is_some_and(|daemon| daemon.version != VERSION) {
        terminal.warn(
            "The daemon still runs another version. To run this one: systemctl restart perennial",
        );
    }
    Ok(Answer::Yes)
}

async fn running(client: &Client) -> Result<Daemon> {
    let status = client.text("/v1/status").await?;
    serde_json::from_str(&status).map_err(|_| {
        let socket = client.socket().display();
        Error::Refused(format!(
            "What answers at {socket} does not name its version. See what it is: systemctl status perennial"
        ))
    })
}
