//! `perennial get NAME`: the secret on standard output, and nothing else there.

use clap::Args;

use super::{Answer, Failure, Screen};
use crate::status::client::{Client, token_path, with_query};
use crate::status::snapshot::{SecretQuery, Span};

/// Print the secret of a token, and nothing else, for a program to use
///
/// Each reading is written to the journal with the name of who asked.
#[derive(Clone, Debug, Args)]
pub struct Options {
    name: String,
    /// Refuse if it ends sooner than this: 90m, 12h, 30d
    #[arg(long, value_name = "TIME")]
    min_remaining: Option<Span>,
    /// Print the daemon's own JSON, with the secret's version and end
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(
    options: &Options,
    client: &Client,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    let query = SecretQuery {
        min_remaining: options.min_remaining,
    };
    if options.json {
        let path = with_query(&token_path(&options.name, "/secret"), &query);
        screen.say(&client.text(&path).await?)?;
    } else {
        let secret = client.secret(&options.name, &query).await?;
        screen.say(secret.access_token.expose())?;
    }
    Ok(Answer::Yes)
}
