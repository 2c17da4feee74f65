//! `perennial mail-test`: one real letter by the configured way, and what became of it.

use clap::Args;

use super::follow::Follower;
use super::story::{Said, sentence};
use super::{Answer, Failure, Screen};
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
        if event.kind == EventKind::LetterSent {
            screen.say("The letter is sent: the mail server has taken it. See that it arrives.")?;
            return Ok(Answer::Yes);
        }
        if event.kind == EventKind::LetterDelayed {
            screen.say(&sentence(&event).text)?;
            screen.note("Letters wait and are sent when that is put right: perennial check-config");
            return Ok(Answer::No);
        }
    }
    screen.note(
        "It has not left yet; it waits and is tried again. See how mail is: perennial status",
    );
    Ok(Answer::No)
}

/// Letters about incidents come and go meanwhile.
fn is_about(event: &EventView, message_id: &str) -> bool {
    let said = Said(&event.detail);
    match said.find("message_id") {
        Some(id) => id == message_id,
        None => event.token.is_none() && said.find("incident").is_none(),
    }
}
