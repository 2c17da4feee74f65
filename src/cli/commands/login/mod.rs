//! `perennial login`: prints a link for the person who must log in, and waits for the result.

mod result;

use std::io::{self, BufRead, Read};
use std::time::Duration;

use clap::Args;

use crate::api::types::{
    CompletionRequest, LoginCodeRequest, LoginLink, LoginRequest, LoginState, LoginView,
};
use crate::api_client::Client;
use crate::cli::completion::token_names;
use crate::cli::event_follower::Follower;
use crate::cli::secret_input;
use crate::cli::terminal::time;
use crate::cli::{Answer, Error, Terminal};
use crate::model::Span;
use crate::secret::Secret;

/// Print a login link, and store the tokens that the login gives
///
/// Prints a link for the person's browser, and waits until the person is back. With --paste, it prints the address of
/// Facebook's dialog instead, and takes the address at which the browser ends, from a prompt or from one line of
/// standard input. With --code, it takes the code that an embedded signup gave to your own page, in the same way. The
/// exit code is 1 unless everything that depends on that person works afterwards.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The app to log in to [default: the only one, or that of the token]
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// A token of the person who must log in [default: anyone may log in]
    #[arg(long, value_name = "NAME", add = token_names())]
    token: Option<String>,
    /// Take the address at which the browser ends, instead of waiting for its call
    #[arg(long)]
    paste: bool,
    /// Take the code that Meta's JavaScript gave your page, as an embedded signup does, from a prompt or from one line of
    /// standard input
    #[arg(long, conflicts_with = "paste")]
    code: bool,
    /// Take the new token even if it has fewer permissions than the one in use
    #[arg(long)]
    accept_fewer: bool,
    /// How long to wait for the person and for Facebook
    #[arg(long, default_value = "1h", value_name = "TIME")]
    timeout: Span,
    /// Print the result as JSON, and the link on standard error
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(
    options: Options,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Answer, Error> {
    if options.code {
        return from_code(options, client, terminal).await;
    }
    let request = LoginRequest {
        app: options.app.clone(),
        token: options.token.clone(),
        accept_fewer: options.accept_fewer,
        paste: options.paste,
    };
    // Followed from before the link is there, so that nothing can be missed.
    let follower = Follower::begin(client, None, options.timeout).await?;
    let link = client.open_login(&request).await?;
    show_link(&options, &link, terminal)?;
    if options.paste {
        let address = pasted(terminal, &ADDRESS)?;
        client
            .complete_login(&link.id, &CompletionRequest { address })
            .await?;
    }
    conclude(&link.id, options.json, follower, client, terminal).await
}

async fn from_code(
    options: Options,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Answer, Error> {
    let code = pasted(terminal, &CODE)?;
    let request = LoginCodeRequest {
        app: options.app,
        code,
        token: options.token,
        accept_fewer: options.accept_fewer,
    };
    let follower = Follower::begin(client, None, options.timeout).await?;
    let accepted = client.redeem_code(&request).await?;
    conclude(&accepted.id, options.json, follower, client, terminal).await
}

/// Waits for the end of the login and prints its result.
async fn conclude(
    id: &str,
    json: bool,
    follower: Follower,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Answer, Error> {
    let view = until_over(id, follower, client).await?;
    if json {
        terminal.print(&client.text(&format!("/v1/logins/{id}")).await?)?;
    } else {
        result::print(&view, terminal)?;
    }
    Ok(result::answer(&view))
}

fn show_link(options: &Options, link: &LoginLink, terminal: &mut Terminal) -> Result<(), Error> {
    if options.paste {
        terminal.warn("Open this in the browser of the person who logs in:");
    } else {
        let until = time::absolute(link.expires_at, &terminal.format);
        terminal.warn(&format!(
            "Open this in the browser of the person who logs in, or send them the link. It expires at {until}:"
        ));
    }
    if options.json {
        terminal.warn(&link.url);
    } else {
        terminal.print(&link.url)?;
    }
    if options.paste {
        terminal.warn(
            "After the login, the address bar of the browser shows an address that contains code=, whatever the page \
             says. Copy the whole address. It can be used once, within a few minutes.",
        );
    } else {
        terminal.warn("Waiting for the login. Ctrl-C stops waiting; the link stays valid.");
    }
    Ok(())
}

/// More is no address of a browser, and no code.
const LONGEST: u64 = 64 * 1024;

/// What is read from the prompt or from standard input.
struct Pasted {
    name: &'static str,
    /// What to do without a terminal.
    instead: &'static str,
}

const ADDRESS: Pasted = Pasted {
    name: "address",
    instead: "Pass the address on standard input: perennial login --paste < FILE",
};

const CODE: Pasted = Pasted {
    name: "code",
    instead: "Pass the code on standard input: perennial login --code < FILE",
};

fn pasted(terminal: &Terminal, what: &Pasted) -> Result<Secret, Error> {
    let Pasted { name, instead } = what;
    if terminal.is_interactive() {
        return secret_input::prompt(&format!("The {name}"), instead);
    }
    let mut line = String::new();
    let read = io::stdin().lock().take(LONGEST).read_line(&mut line);
    read.map_err(|error| Error::Refused(format!("The {name} cannot be read: {error}\n{instead}")))?;
    let secret = Secret::trimmed(&line);
    if secret.is_empty() {
        let text = format!("Standard input contains no {name}.\n{instead}");
        return Err(Error::Refused(text));
    }
    Ok(secret)
}

/// The last token of a login may be confirmed as it was, which is no event. So the login is asked about this often.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Asks about the login whenever something has happened, and once a second, until it is over.
async fn until_over(id: &str, mut follower: Follower, client: &Client) -> Result<LoginView, Error> {
    loop {
        let view = client.login(id).await?;
        let is_open = match view.state {
            LoginState::Awaited | LoginState::Asking | LoginState::Confirming => true,
            LoginState::Expired | LoginState::Done | LoginState::Refused => false,
        };
        if !is_open || !follower.wait(LOOK_AGAIN).await? {
            return Ok(view);
        }
    }
}
