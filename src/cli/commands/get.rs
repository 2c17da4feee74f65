//! `perennial get NAME`: prints a secret, and nothing else, on standard output.

use clap::Args;

use crate::api::types::SecretQuery;
use crate::api_client::{Client, token_path, with_query};
use crate::cli::completion::token_names;
use crate::cli::{Answer, Result, Terminal};
use crate::model::Span;

/// Print the secret of a token, and nothing else, for a program
///
/// The journal records who has read the secret.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The name of the token
    #[arg(add = token_names())]
    name: String,
    /// Refuse if it expires sooner than this: 90m, 12h, 30d
    #[arg(long, value_name = "TIME")]
    min_remaining: Option<Span>,
    /// Print an earlier version, as long as it is kept
    #[arg(long, value_name = "NUMBER")]
    version: Option<u32>,
    /// Print the daemon's JSON, with the version and the expiry of the secret
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: &Options, client: &Client, terminal: &mut Terminal) -> Result {
    let query = SecretQuery {
        min_remaining: options.min_remaining,
        version: options.version,
    };
    if options.json {
        let path = with_query(&token_path(&options.name, "/secret"), &query);
        terminal.print(&client.text(&path).await?)?;
    } else {
        let secret = client.secret(&options.name, &query).await?;
        terminal.print(secret.access_token.expose())?;
    }
    Ok(Answer::Yes)
}
