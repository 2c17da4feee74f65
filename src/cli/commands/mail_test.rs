//! `perennial mail-test`: sends one real email in the configured way, and prints the result.

use clap::Args;
use serde_json::Value;

use crate::api::types::{EventView, MailTestRequest};
use crate::api_client::Client;
use crate::cli::event_follower::Follower;
use crate::cli::terminal::event_text::{EventDetail, sentence};
use crate::cli::terminal::text;
use crate::cli::{Answer, Result, Terminal};
use crate::inventory::EventKind;
use crate::model::Span;

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
        if !is_about(&event, &message_id) {
            continue;
        }
        if let Some(answer) = outcome(&event, terminal)? {
            return Ok(answer);
        }
    }
    terminal.warn(
        "The email has not been sent yet; Perennial tries again. See the state of the mail queue: perennial status",
    );
    Ok(Answer::No)
}

/// Prints the result of a delivery attempt, if the event is one.
fn outcome(event: &EventView, terminal: &mut Terminal) -> Result<Option<Answer>> {
    let is_sent = event.kind == EventKind::EmailSent;
    let is_refused = event.kind == EventKind::EmailUndelivered;
    if !is_sent && !is_refused && event.kind != EventKind::EmailDelayed {
        return Ok(None);
    }
    for line in conversation(event) {
        terminal.print(&format!("  {}", text::plain(line)))?;
    }
    if is_sent {
        terminal.print(&sent(event))?;
        return Ok(Some(Answer::Yes));
    }
    terminal.print(&sentence(event).text)?;
    terminal.warn(if is_refused {
        "Correct the address or the mail server, then try again: perennial mail-test ADDRESS"
    } else {
        "Emails wait, and are sent once you correct this: perennial check-config"
    });
    Ok(Some(Answer::No))
}

fn sent(event: &EventView) -> String {
    match EventDetail(&event.detail).find("file") {
        Some(file) => format!(
            "The email was written to a file: {}\nNo email leaves this machine while [alerts] has directory = …",
            text::plain(file)
        ),
        None => "The email was sent. Check that it arrives.".to_owned(),
    }
}

/// The transcript of the conversation with the mail server.
fn conversation(event: &EventView) -> impl Iterator<Item = &str> {
    let lines = event.detail.get("conversation").and_then(Value::as_array);
    lines.into_iter().flatten().filter_map(Value::as_str)
}

/// Other emails, such as those about incidents, may be sent at the same time.
fn is_about(event: &EventView, message_id: &str) -> bool {
    let detail = EventDetail(&event.detail);
    match detail.find("message_id") {
        Some(id) => id == message_id,
        None => event.token.is_none() && detail.find("incident").is_none(),
    }
}
