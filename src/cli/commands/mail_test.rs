//! `perennial mail-test`: sends one real email in the configured way, and prints the result.

use clap::Args;

use crate::api::types::MailTestRequest;
use crate::api_client::Client;
use crate::cli::event_follower::Follower;
use crate::cli::terminal::text;
use crate::cli::{Answer, Result, Terminal};
use crate::model::{EmailProgress, Event, Span};

/// Send one real email in the configured way, and print the result
///
/// With --json it prints the event with the result and the conversation with the mail server or, if the email has not
/// been sent in time, its message id, by which events in the journal name it.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The recipient [default: the operators in the configuration]
    address: Option<String>,
    /// How long to wait for the result
    #[arg(long, default_value = "60s", value_name = "TIME")]
    timeout: Span,
    /// Print the event with the result as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: Options, client: &Client, terminal: &mut Terminal) -> Result {
    if options.json {
        terminal.keep_for_json();
    }
    // The command follows the journal before the email is queued, so that it cannot miss the result.
    let mut follower = Follower::begin(client, None, options.timeout).await?;
    let request = MailTestRequest {
        to: options.address,
    };
    let queued = client.mail_test(&request).await?;
    terminal.warn("The email is queued.");
    while let Some(event) = follower.next().await? {
        let attempt = event.event();
        let Some(email) = attempted(&attempt, &queued.message_id) else {
            continue;
        };
        print(&attempt, email, terminal)?;
        if options.json {
            terminal.print_json(&event)?;
        }
        return Ok(answer(&attempt, terminal));
    }
    if options.json {
        terminal.print_json(&queued)?;
    }
    terminal.warn(
        "The email has not been sent yet; Perennial tries again. See the state of the mail queue: perennial status",
    );
    Ok(Answer::No)
}

/// The email, if the event is an attempt to send it. Others, such as those about incidents, may be sent at the same
/// time.
fn attempted<'e>(event: &'e Event, message_id: &str) -> Option<&'e EmailProgress> {
    match event {
        Event::EmailSent(email) | Event::EmailDelayed(email) | Event::EmailUndelivered(email) => {
            Some(email).filter(|it| it.message_id == message_id)
        }
        _ => None,
    }
}

fn print(attempt: &Event, email: &EmailProgress, terminal: &mut Terminal) -> Result<()> {
    for line in &email.conversation {
        terminal.print(&format!("  {}", text::plain(line)))?;
    }
    match attempt {
        Event::EmailSent(_) => terminal.print(&sent(email)),
        _ => terminal.print(&text::plain(&attempt.describe())),
    }
}

fn answer(attempt: &Event, terminal: &mut Terminal) -> Answer {
    terminal.warn(match attempt {
        Event::EmailSent(_) => return Answer::Yes,
        Event::EmailUndelivered(_) => {
            "Correct the address or the mail server, then try again: perennial mail-test ADDRESS"
        }
        _ => "Emails wait, and are sent once you correct this: perennial check-config",
    });
    Answer::No
}

fn sent(email: &EmailProgress) -> String {
    match &email.file {
        Some(file) => format!(
            "The email was written to a file: {}\nNo email leaves this machine while [alerts] has directory = …",
            text::plain(file)
        ),
        None => "The email was sent. Check that it arrives.".to_owned(),
    }
}
