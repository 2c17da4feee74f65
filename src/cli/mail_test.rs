//! `perennial mail-test`: one real letter by the configured way, and what became of it.

use clap::Args;
use serde_json::Value;

use super::follow::Follower;
use super::story::{Said, sentence};
use super::{Answer, Failure, Screen, text};
use crate::inventory::EventKind;
use crate::status::client::Client;
use crate::status::snapshot::{EventView, MailTestRequest, Span};

/// Send one real letter by the configured way, and tell what became of it
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// To whom [default: the operators, as the configuration says]
    address: Option<String>,
    /// How long to wait for the outcome
    #[arg(long, default_value = "60s", value_name = "TIME")]
    timeout: Span,
}

pub(super) async fn run(
    options: Options,
    client: &Client,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    // Followed from before the letter is written, so that its end cannot be missed.
    let mut follower = Follower::begin(client, None, options.timeout).await?;
    let request = MailTestRequest {
        to: options.address,
    };
    let message_id = client.mail_test(&request).await?.message_id;
    screen.note("The letter is written and waits to be sent.");
    while let Some(event) = follower.next().await? {
        if !is_about(&event, &message_id) {
            continue;
        }
        if let Some(answer) = outcome(&event, screen)? {
            return Ok(answer);
        }
    }
    screen.note(
        "It has not left yet; it waits and is tried again. See how mail is: perennial status",
    );
    Ok(Answer::No)
}

/// What a conversation came to, if this is the end of one.
fn outcome(event: &EventView, screen: &mut Screen) -> Result<Option<Answer>, Failure> {
    let is_sent = event.kind == EventKind::LetterSent;
    let is_refused = event.kind == EventKind::LetterUndelivered;
    if !is_sent && !is_refused && event.kind != EventKind::LetterDelayed {
        return Ok(None);
    }
    for line in conversation(event) {
        screen.say(&format!("  {}", text::plain(line)))?;
    }
    if is_sent {
        screen.say("The letter is sent: the mail server has taken it. See that it arrives.")?;
        return Ok(Some(Answer::Yes));
    }
    screen.say(&sentence(event).text)?;
    screen.note(if is_refused {
        "Put the address or the mail server right, then try again: perennial mail-test ADDRESS"
    } else {
        "Letters wait and are sent when that is put right: perennial check-config"
    });
    Ok(Some(Answer::No))
}

/// How it went with the mail server, line by line.
fn conversation(event: &EventView) -> impl Iterator<Item = &str> {
    let lines = event.detail.get("conversation").and_then(Value::as_array);
    lines.into_iter().flatten().filter_map(Value::as_str)
}

/// Letters about incidents come and go meanwhile.
fn is_about(event: &EventView, message_id: &str) -> bool {
    let said = Said(&event.detail);
    match said.find("message_id") {
        Some(id) => id == message_id,
        None => event.token.is_none() && said.find("incident").is_none(),
    }
}
