//! `perennial import`: imports one or many tokens. It never takes a token from the command line.

mod csv;
#[cfg(fuzzing)]
pub mod fuzzing;
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

use crate::api_client::{Client, token_path};
use crate::cli::completion::token_names;
use crate::cli::{Result, Terminal, secret_input};
use crate::model::Span;
use crate::secret::Secret;
use reading::Reading;
use row::{Defaults, Row, RowError};
use source::Source;

/// Import one token from a prompt, or many from a file
///
/// A file contains one token, or many: JSON lines with the fields access_token, app, name, owners, require_scopes and
/// discover, or CSV with these names in its header (owners and require_scopes separated by spaces). Tokens that are in
/// the inventory already do not change, so you can import a file again. Lines that cannot be imported are printed with
/// their numbers, and the others are imported; the exit code is then 1. For a single token, the command waits until Meta
/// has been asked about it; the exit code is 1 if Meta refuses it. With --json, it then prints the token as `show --json`
/// does; for many, it prints a line of JSON with the result of each line: line, status, name, problem. Never pass a token
/// on the command line.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The file, or - for standard input [default: a prompt, or standard input]
    file: Option<PathBuf>,
    #[command(flatten)]
    defaults: Defaults,
    /// Add a new secret to this token; it is used once Meta has confirmed it for the same app, kind and person or page
    #[arg(long, value_name = "NAME", add = token_names())]
    #[arg(conflicts_with_all = ["app", "name", "owners", "require_scopes", "discover"])]
    replace: Option<String>,
    /// For a single token: how long to wait for Meta's answer
    #[arg(long, default_value = "60s", value_name = "TIME")]
    timeout: Span,
    /// Print JSON: for a single token the daemon's JSON of it, once Meta has answered; else one line for each result
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: Options, client: &Client, terminal: &mut Terminal) -> Result {
    if options.json {
        terminal.keep_for_json();
    }
    let source = Source::of(options.file.as_deref(), terminal.is_interactive())?;
    let timeout = options.timeout;
    if let Some(name) = &options.replace {
        let answer = replace::run(name, source, timeout, client, terminal).await?;
        return show(name, client, terminal).await.map(|()| answer);
    }
    let mut defaults = options.defaults;
    if defaults.app.is_none() {
        defaults.app = only_app(client).await?;
    }
    let request = match source {
        Source::Prompt => Row::of(prompt()?).request(&defaults),
        Source::Bytes {
            name,
            reader,
            length,
        } => {
            let mut reading = Reading::begin(&name, reader, defaults)?;
            if !reading.is_of_one_token() {
                return upload::many(reading, length, client, terminal).await;
            }
            let only = reading.next();
            only.map_or(Err(RowError::NoToken), |item| item.request)
        }
    };
    let (name, answer) = single::run(request, timeout, client, terminal).await?;
    show(&name, client, terminal).await.map(|()| answer)
}

/// With `--json`, prints the token as the daemon shows it.
async fn show(name: &str, client: &Client, terminal: &mut Terminal) -> Result<()> {
    if terminal.is_for_json() {
        terminal.print_document(&client.text(&token_path(name, "")).await?)?;
    }
    Ok(())
}

/// Where only one app is configured, it need not be named.
async fn only_app(client: &Client) -> Result<Option<String>> {
    let mut apps = client.status().await?.apps;
    Ok(match apps.len() {
        1 => apps.pop().map(|app| app.name),
        _ => None,
    })
}

/// Prompts for a token without showing it.
fn prompt() -> Result<Secret> {
    secret_input::prompt(
        "Token",
        "Pass it on standard input: perennial import < FILE",
    )
}
