//! `perennial import --replace NAME`: a new secret for a token that is here, and Meta's verdict on it.

use super::prompt;
use super::reading::Reading;
use super::row::{Defaults, Fault};
use super::source::Source;
use crate::cli::follow::Follower;
use crate::cli::story::sentence;
use crate::cli::{Answer, Failure, Screen};
use crate::inventory::EventKind;
use crate::secret::Secret;
use crate::status::client::{Client, Offered};
use crate::status::snapshot::{CandidateRequest, Span};

pub(super) async fn run(
    name: &str,
    source: Source,
    patience: Span,
    client: &Client,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    let request = CandidateRequest {
        access_token: only_token(source)?,
    };
    let Offered::Accepted(accepted) = client.offer(name, &request).await? else {
        screen.say(&format!(
            "{name} has this very secret already; nothing was changed."
        ))?;
        return Ok(Answer::Yes);
    };
    screen.note("It is kept beside the current one until Meta has confirmed it.");
    let mut follower = Follower::begin(client, Some(&accepted.event), patience).await?;
    while let Some(event) = follower.next().await? {
        if event.token.as_deref() != Some(name) {
            continue;
        }
        if event.kind == EventKind::CandidateAccepted {
            screen.say(&sentence(&event).text)?;
            return Ok(Answer::Yes);
        }
        if event.kind == EventKind::CandidateRefused {
            screen.say(&sentence(&event).text)?;
            screen.note(&format!(
                "The one in use stays. What {name} needs: perennial show {name}"
            ));
            return Ok(Answer::No);
        }
    }
    screen.note(&format!(
        "Meta has not confirmed it yet. It stays and is asked about again; see what came of it: \
         perennial show {name}"
    ));
    Ok(Answer::No)
}

fn only_token(source: Source) -> Result<Secret, Failure> {
    let (name, reader) = match source {
        Source::Prompt => return prompt(),
        Source::Bytes { name, reader, .. } => (name, reader),
    };
    let refused = |words: String| Failure::Refused(format!("{name}: {words}"));
    // An app is asked for and not used: the token is put where its app is known.
    let defaults = Defaults {
        app: Some(String::new()),
        ..Defaults::default()
    };
    let mut reading = Reading::begin(&name, reader, defaults)?;
    if !reading.is_of_one_token() {
        return Err(refused("--replace takes one token alone".to_owned()));
    }
    let line = reading
        .next()
        .transpose()
        .map_err(|error| refused(error.to_string()))?;
    let request = line.map_or(Err(Fault::NoToken), |line| line.request);
    let token = request.map(|request| request.access_token);
    token.map_err(|fault| refused(format!("{fault}\nHand in the new token alone")))
}
