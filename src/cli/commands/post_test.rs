//! `perennial post-test`: sends one test message to a channel, and prints its receipt.

use clap::Args;

use crate::api::types::PostTestRequest;
use crate::api_client::Client;
use crate::cli::event_follower::Follower;
use crate::cli::terminal::text;
use crate::cli::{Answer, Result, Terminal};
use crate::model::{Event, PostProgress, Span};

/// Send a test message to a channel, and print its receipt
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The name of the channel, as in [[alerts.post]]
    name: String,
    /// How long to wait for the result
    #[arg(long, default_value = "60s", value_name = "TIME")]
    timeout: Span,
}

pub(crate) async fn run(options: Options, client: &Client, terminal: &mut Terminal) -> Result {
    // The command follows the journal before the message is queued, so that it cannot miss the result.
    let mut follower = Follower::begin(client, None, options.timeout).await?;
    let request = PostTestRequest { name: options.name };
    let message_id = client.post_test(&request).await?.message_id;
    terminal.warn("The message is queued.");
    while let Some(event) = follower.next().await? {
        if let Some(answer) = outcome(&event.event(), &message_id, terminal)? {
            return Ok(answer);
        }
    }
    terminal.warn(
        "The message has not been sent yet: other messages to this channel may come first. See: perennial events",
    );
    Ok(Answer::No)
}

/// Prints the receipt or the error, if the event is about this message.
fn outcome(event: &Event, message_id: &str, terminal: &mut Terminal) -> Result<Option<Answer>> {
    match event {
        Event::PostSent(post) if post.message_id == message_id => {
            terminal.print(&receipt(post))?;
            Ok(Some(Answer::Yes))
        }
        Event::PostGivenUp(post) if post.message_id == message_id => {
            let reason = post.reason.as_deref().unwrap_or_default();
            let channel = text::plain(&post.channel);
            terminal.print(&format!(
                "{channel} did not take the message: {}",
                text::plain(reason)
            ))?;
            terminal.warn(&format!(
                "Compare the channel's url and keys with what the service shows, run perennial reload after a \
                 correction, then try again: perennial post-test {channel}"
            ));
            Ok(Some(Answer::No))
        }
        _ => Ok(None),
    }
}

fn receipt(post: &PostProgress) -> String {
    let took = post
        .took_ms
        .map_or_else(String::new, |took| format!(" after {took} ms"));
    let status = post.status.unwrap_or_default();
    format!(
        "{} took the message and answered {status}{took}. Its id is {}.\nCheck that it arrives.",
        text::plain(&post.channel),
        text::plain(&post.message_id)
    )
}
