//! `perennial mail-test`: sends one real email in the configured way, and prints the result.

use clap::Args;

use crate::api::types::MailTestRequest;
use crate::api_client::Client;
use crate::cli::event_follower::Follower;
use crate::cli::terminal::text;
use crate::cli::{Answer, Result, Terminal};
use crate::model::{EmailProgress, Event, Span};

/// Send one real email in the configured way, and print the result
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The recipient [default: the operators in the configuration]
    address: Option<String>,
    /// How long to wait for the result
    #[arg(long, default_value = "60s", value_name = "TIME")]
    timeout: Span,
}

pub(crate) async fn run(options: Options, client: &Client, terminal: &mut Terminal) -> Result {
    // The command follows the journal before the email is queued, so that it cannot miss the result.
    let mut follower = Follower::begin(client, None, options.timeout).await?;
    let request = MailTestRequest {
        to: options.address,
    };
    let message_id = client.mail_test(&request).await?.message_id;
    terminal.warn("The email is queued.");
    while let Some(event) = follower.next().await? {
        if let Some(answer) = outcome(&event.event(), &message_id, terminal)? {
            return Ok(answer);
        }
    }
    terminal.warn(
        "The email has not been sent yet; Perennial tries again. See the state of the mail queue: perennial status",
    );
    Ok(Answer::No)
}

/// Prints the result of a delivery attempt, if the event is one of this email.
fn outcome(event: &Event, message_id: &str, terminal: &mut Terminal) -> Result<Option<Answer>> {
    let (Event::EmailSent(email) | Event::EmailDelayed(email) | Event::EmailUndelivered(email)) =
        event
    else {
        return Ok(None);
    };
    // Other emails, such as those about incidents, may be sent at the same time.
    if email.message_id != message_id {
        return Ok(None);
    }
    for line in &email.conversation {
        terminal.print(&format!("  {}", text::plain(line)))?;
    }
    if matches!(event, Event::EmailSent(_)) {
        terminal.print(&sent(email))?;
        return Ok(Some(Answer::Yes));
    }
    terminal.print(&text::plain(&event.describe()))?;
    terminal.warn(if matches!(event, Event::EmailUndelivered(_)) {
        "Correct the address or the mail server, then try again: perennial mail-test ADDRESS"
    } else {
        "Emails wait, and are sent once you correct this: perennial check-config"
    });
    Ok(Some(Answer::No))
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
