//! `perennial import`: takes tokens in, one or many. It never takes one from the command line.

mod csv;
mod json;
mod lines;
mod reading;
mod replace;
mod report;
mod row;
mod single;
mod source;
mod upload;

use std::path::PathBuf;

use clap::Args;

use crate::api::types::Span;
use crate::api_client::Client;
use crate::cli::{Answer, Error, Terminal, secret_input};
use crate::secret::Secret;
use reading::Reading;
use row::{Defaults, Row, RowError};
use source::Source;

/// Take tokens in: one by standard input or a prompt, or many from a file
///
/// A file holds one token, or many: JSON lines with the fields access_token, app, name, owners, require_scopes and
/// discover, or CSV with these names in its header (owners and require_scopes split by spaces). What is here already
/// is left as it is, so a file may be imported again. Lines that cannot be taken in are told with their number, and
/// the others go on; then the exit code is 1. A single token is followed until Meta has been asked about it; the exit
/// code is 1 if Meta refuses it. A token never stands on the command line.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The file, or - for standard input [default: a prompt, or standard input]
    file: Option<PathBuf>,
    /// The app that the tokens belong to, where the file does not say it [default: the only one that is configured]
    #[arg(long)]
    app: Option<String>,
    /// What to call the token; for a single one only
    #[arg(long)]
    name: Option<String>,
    /// A mail address to write to when only a person can help; may be repeated
    #[arg(long = "owner", value_name = "ADDRESS")]
    owners: Vec<String>,
    /// A permission that the token must have; may be repeated
    #[arg(long = "require-scope", value_name = "SCOPE", value_delimiter = ',')]
    require_scopes: Vec<String>,
    /// Take in the pages that a user token reaches, too
    #[arg(long)]
    discover: bool,
    /// Put a new secret into this token; it is used once Meta has confirmed it for the same app, kind and person or page
    #[arg(long, value_name = "NAME", conflicts_with_all = ["app", "name", "owners", "require_scopes", "discover"])]
    replace: Option<String>,
    /// For a single token: how long to wait for Meta's verdict
    #[arg(long, default_value = "60s", value_name = "TIME")]
    timeout: Span,
}

pub(crate) async fn run(
    options: Options,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Answer, Error> {
    let source = Source::of(options.file.as_deref(), terminal.is_interactive())?;
    if let Some(name) = &options.replace {
        return replace::run(name, source, options.timeout, client, terminal).await;
    }
    let timeout = options.timeout;
    let mut defaults = options.into_defaults();
    if defaults.app.is_none() {
        defaults.app = only_app(client).await?;
    }
    let Source::Bytes {
        name,
        reader,
        length,
    } = source
    else {
        let request = Row::of(prompt()?).request(&defaults);
        return single::run(request, timeout, client, terminal).await;
    };
    let mut reading = Reading::begin(&name, reader, defaults)?;
    if !reading.is_of_one_token() {
        return upload::many(reading, length, client, terminal).await;
    }
    let item = reading.next().transpose()?;
    let request = item.map_or(Err(RowError::NoToken), |item| item.request);
    single::run(request, timeout, client, terminal).await
}

/// Where only one app is configured, it need not be named.
async fn only_app(client: &Client) -> Result<Option<String>, Error> {
    let mut apps = client.status().await?.apps;
    Ok(match apps.len() {
        1 => apps.pop().map(|app| app.name),
        _ => None,
    })
}

impl Options {
    fn into_defaults(self) -> Defaults {
        Defaults {
            app: self.app,
            name: self.name,
            owners: self.owners,
            require_scopes: self.require_scopes,
            discover: self.discover,
        }
    }
}

/// Asks for a token without showing it.
fn prompt() -> Result<Secret, Error> {
    secret_input::prompt(
        "Token",
        "Hand it in by standard input: perennial import < FILE",
    )
}
