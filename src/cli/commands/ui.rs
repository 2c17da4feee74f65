//! `perennial ui`: serves the overview to one browser until the command is ended.

use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use clap::Args;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::api_client::Client;
use crate::cli::{Answer, Error, Result, Terminal};
use crate::daemon;
use crate::ui::{OpenError, Overview};

/// Open the overview in a browser: tokens, incidents, who must act
///
/// Prints an address that lets one browser in, once. The pages show and do what you may see and do on the socket. The
/// overview ends with this command: Ctrl-C.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The address to listen on, of this machine alone; port 0 takes any free port
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Start the browser as well
    #[arg(long)]
    open: bool,
}

pub(crate) async fn run(options: &Options, client: &Client, terminal: &mut Terminal) -> Result {
    let zone = terminal.format.zone.clone();
    let overview = Overview::open(options.listen, client.clone(), zone)
        .await
        .map_err(|problem| error(&problem))?;
    let address = overview.one_time_address().unwrap_or_default();
    terminal.warn(
        "Open this address in a browser. It works once; for another browser, run this command again:",
    );
    terminal.print(&address)?;
    terminal.warn("Ctrl-C ends the overview.");
    let _leading = match options.open {
        true => start_browser(&address, terminal),
        false => None,
    };
    let stop = CancellationToken::new();
    let serving = tokio::spawn(overview.serve(stop.clone()));
    daemon::until_stopped_or_hung_up().await?;
    stop.cancel();
    // It ends within a few seconds, and only a panic is an error.
    serving.await.ok();
    Ok(Answer::Yes)
}

fn error(error: &OpenError) -> Error {
    match error {
        OpenError::NotLoopback(_) => Error::Usage(error.to_string()),
        OpenError::Bind(_)
        | OpenError::NoRandomness(_)
        | OpenError::Templates(_)
        | OpenError::NoPort => Error::Refused(error.to_string()),
    }
}

/// Every user of the machine can read the arguments of a process, so the browser gets a file that leads to the address,
/// and that only its own user can read. The file is there as long as what this returns.
fn start_browser(address: &str, terminal: &mut Terminal) -> Option<TempDir> {
    match leading_file(address).and_then(|folder| browse(&folder).map(|()| folder)) {
        Ok(folder) => Some(folder),
        Err(error) => {
            terminal.warn(&format!(
                "The browser cannot be started ({error}). Open the address yourself."
            ));
            None
        }
    }
}

const FILE: &str = "overview.html";

fn leading_file(address: &str) -> io::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let mut file = File::create(folder.path().join(FILE))?;
    write!(
        file,
        "<!doctype html><meta charset=\"utf-8\"><title>Perennial</title>\
         <meta http-equiv=\"refresh\" content=\"0; url={address}\"><a href=\"{address}\">Perennial</a>"
    )?;
    Ok(folder)
}

fn browse(folder: &TempDir) -> io::Result<()> {
    Command::new("xdg-open")
        .arg(folder.path().join(FILE))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(drop)
}
