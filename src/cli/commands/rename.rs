//! `perennial rename OLD NEW`: gives a token another name.

use clap::Args;

use crate::api::types::{CorrectionRequest, ProblemType};
use crate::api_client::{self, Client};
use crate::cli::completion::token_names;
use crate::cli::{Answer, Error, Result, Terminal};

/// Give a token another name
///
/// It keeps its secret, history, page tokens and incidents. Programs must ask for it by its new name, and rules for
/// names, such as [[status.reader]] and [[alerts.route]], apply to the new name from now on.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The present name of the token
    #[arg(value_name = "OLD", add = token_names())]
    name: String,
    /// The new name: letters, digits, dashes, dots and underscores
    #[arg(value_name = "NEW")]
    new_name: String,
    /// Print the daemon's JSON of the token
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: Options, client: &Client, terminal: &mut Terminal) -> Result {
    let Options {
        name,
        new_name,
        json,
    } = options;
    let request = CorrectionRequest {
        name: Some(new_name.clone()),
        ..CorrectionRequest::default()
    };
    let renamed = client.correct(&name, &request).await;
    let token = renamed.map_err(|error| refused(error, &new_name))?;
    if json {
        terminal.print(&token)?;
        return Ok(Answer::Yes);
    }
    terminal.print(&format!("{name} is now called {new_name}."))?;
    terminal.warn(
        "Programs must ask for the new name, and so must the rules for names in perennial.toml: [[status.reader]], \
         [[alerts.route]], [[delivery]].",
    );
    Ok(Answer::Yes)
}

fn refused(error: api_client::Error, new_name: &str) -> Error {
    match error {
        api_client::Error::Refused(problem) if problem.is(ProblemType::NameTaken) => {
            Error::Refused(format!(
                "{problem}\nSee that token: perennial show {new_name}"
            ))
        }
        error => error.into(),
    }
}
