//! `perennial import`: imports one or many tokens. It never takes a token from the command line.

mod csv;
mod json;
mod lines;
mod reading;
mod replace;
mod report;
mod row;
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

/// Import tokens: one from standard input or a prompt, or many from a file
///
/// A file contains one token, or many: JSON lines with the fields access_token, app, name, owners, require_scopes and
/// discover, or CSV with these names in its header (owners and require_scopes separated by spaces). Tokens that are in
/// the inventory already do not change, so you can import a file again. Lines that cannot be imported are printed with
/// their numbers, and the others are imported; the exit code is then 1. Never pass a token on the command line.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The file, or - for standard input [default: a prompt, or standard input]
    file: Option<PathBuf>,
    /// The app that the tokens belong to, unless the file names it
    #[arg(long)]
    app: Option<String>,
    /// The name of the token; for a single token only
    #[arg(long)]
    name: Option<String>,
    /// An email address to notify when only a person can help; may be repeated
    #[arg(long = "owner", value_name = "ADDRESS")]
    owners: Vec<String>,
    /// A permission that the token must have; may be repeated
    #[arg(long = "require-scope", value_name = "SCOPE", value_delimiter = ',')]
    require_scopes: Vec<String>,
    /// Also import the pages that a user token reaches
    #[arg(long)]
    discover: bool,
    /// Add a new secret to this token; it is used once Meta has confirmed it for the same app, kind and person or page
    #[arg(long, value_name = "NAME", conflicts_with_all = ["app", "name", "owners", "require_scopes", "discover"])]
    replace: Option<String>,
    /// With --replace: how long to wait for Meta's answer
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
    let defaults = options.into_defaults();
    let Source::Bytes {
        name,
        reader,
        length,
    } = source
    else {
        let request = Row::of(prompt()?).request(&defaults);
        return upload::one(request, client, terminal).await;
    };
    let mut reading = Reading::begin(&name, reader, defaults)?;
    if !reading.is_of_one_token() {
        return upload::many(reading, length, client, terminal).await;
    }
    let item = reading.next().transpose()?;
    let request = item.map_or(Err(RowError::NoToken), |item| item.request);
    upload::one(request, client, terminal).await
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

/// Prompts for a token without showing it.
fn prompt() -> Result<Secret, Error> {
    secret_input::prompt(
        "Token",
        "Hand it in by standard input: perennial import < FILE",
    )
}
