//! `perennial import --replace NAME`: adds a new secret to a known token, and prints Meta's answer to it.

use super::prompt;
use super::reading::Reading;
use super::row::{Defaults, RowError};
use super::source::Source;
use crate::api::types::CandidateRequest;
use crate::api_client::{CandidateAnswer, Client};
use crate::cli::event_follower::Follower;
use crate::cli::terminal::event_text::sentence;
use crate::cli::{Answer, Error, Result, Terminal};
use crate::model::{Event, Span};
use crate::secret::Secret;

pub(super) async fn run(
    name: &str,
    source: Source,
    limit: Span,
    client: &Client,
    terminal: &mut Terminal,
) -> Result {
    let request = CandidateRequest {
        access_token: only_token(source)?,
    };
    let CandidateAnswer::Accepted(accepted) = client.add_candidate(name, &request).await? else {
        terminal.print(&format!(
            "{name} already has this secret; nothing was changed."
        ))?;
        return Ok(Answer::Yes);
    };
    terminal.warn("It is kept beside the current one until Meta has confirmed it.");
    let mut follower = Follower::begin(client, Some(&accepted.event), limit).await?;
    while let Some(event) = follower.next().await? {
        if event.token.as_deref() != Some(name) {
            continue;
        }
        match event.event() {
            Event::CandidateAccepted { .. } => {
                terminal.print(&sentence(&event).text)?;
                return Ok(Answer::Yes);
            }
            Event::CandidateRefused { .. } => {
                terminal.print(&sentence(&event).text)?;
                terminal.warn(&format!(
                    "The secret in use stays. See what {name} needs: perennial show {name}"
                ));
                return Ok(Answer::No);
            }
            _ => {}
        }
    }
    terminal.warn(&format!(
        "Meta has not confirmed it yet. It is kept and checked again. See the result: perennial show {name}"
    ));
    Ok(Answer::No)
}

fn only_token(source: Source) -> Result<Secret> {
    let (name, reader) = match source {
        Source::Prompt => return prompt(),
        Source::Bytes { name, reader, .. } => (name, reader),
    };
    let refused = |text: String| Error::Refused(format!("{name}: {text}"));
    // The reader requires an app, but this command does not use it: the token's app is known.
    let defaults = Defaults {
        app: Some(String::new()),
        ..Defaults::default()
    };
    let mut reading = Reading::begin(&name, reader, defaults)?;
    if !reading.is_of_one_token() {
        return Err(refused("--replace takes a single token".to_owned()));
    }
    let request = reading
        .next()
        .map_or(Err(RowError::NoToken), |line| line.request);
    let token = request.map(|request| request.access_token);
    token.map_err(|row_error| refused(format!("{row_error}\nPass only the new token")))
}
