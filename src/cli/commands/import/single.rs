//! `perennial import` of one token: it is handed in, and followed until Meta has been asked about it.

use super::row::RowError;
use crate::api::types::{EventQuery, ImportRequest, TokenView};
use crate::api_client::{Client, Imported};
use crate::cli::event_follower::Follower;
use crate::cli::terminal::event_text;
use crate::cli::terminal::text::{counted, plain};
use crate::cli::{Answer, Error, Result, Terminal};
use crate::model::{Event, Span, State};

/// Returns the name of the token, and whether Meta accepts it.
pub(super) async fn run(
    request: Result<ImportRequest, RowError>,
    timeout: Span,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<(String, Answer)> {
    let request = request.map_err(|row_error| {
        Error::Refused(format!(
            "The token was not imported: {row_error}\nSee what import accepts: perennial import --help"
        ))
    })?;
    // Followed from before the token is handed in, so that no event is missed.
    let follower = Follower::begin(client, None, timeout).await?;
    let token = match client.import(&request).await? {
        Imported::Added(token) => token,
        Imported::Known(token) => {
            let name = plain(&token.name);
            terminal.print(&format!(
                "This token is already in the inventory as {name}; nothing was changed."
            ))?;
            return Ok((token.name, Answer::Yes));
        }
    };
    let name = plain(&token.name);
    terminal.print(&format!(
        "Added as {name}, fingerprint {}. Waiting for Meta's answer …",
        token.fingerprint
    ))?;
    let mut wait = Wait {
        until_pages_are_listed: request.discover,
        begun_at: None,
        state: None,
    };
    wait.follow(&token, follower, terminal).await?;
    let state = wait.state;
    if request.discover && state.is_some_and(State::works) {
        print_pages(&token.name, wait.begun_at.as_deref(), client, terminal).await?;
    }
    Ok((token.name, answer(state, &name, terminal)))
}

/// What is waited for, and what is known so far.
struct Wait {
    until_pages_are_listed: bool,
    /// The id of the first event that came.
    begun_at: Option<String>,
    /// What the first check ended in; `None` if there was none yet.
    state: Option<State>,
}

impl Wait {
    async fn follow(
        &mut self,
        token: &TokenView,
        mut follower: Follower,
        terminal: &mut Terminal,
    ) -> Result<()> {
        while let Some(event) = follower.next().await? {
            self.begun_at.get_or_insert_with(|| event.id.clone());
            let what = event.event();
            if matches!(what, Event::AppFailing { .. }) && event.app.as_ref() == Some(&token.app) {
                return terminal.print(&event_text::line(&token.app, &event));
            }
            if event.token.as_ref() != Some(&token.name) {
                continue;
            }
            if let Event::Changed { to, .. } = what {
                terminal.print(&event_text::line(&token.name, &event))?;
                self.state = Some(to);
            }
            let is_listed = !self.until_pages_are_listed || matches!(what, Event::Checked(_));
            if self.state.is_some() && is_listed {
                break;
            }
        }
        Ok(())
    }
}

/// Those that were found through the token. More are in `perennial tokens`.
async fn print_pages(
    name: &str,
    since: Option<&str>,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<()> {
    const SHOWN: usize = 20;
    let mut events = client.events(&events_since(since)).await?;
    let (mut pages, mut found) = (Vec::new(), 0);
    while let Some(event) = events.next().await? {
        let Event::Discovered { through, page } = event.event() else {
            continue;
        };
        if through != name {
            continue;
        }
        found += 1;
        if pages.len() < SHOWN {
            let token = plain(event.token.as_deref().unwrap_or_default());
            pages.push(format!("    {token}    {}", plain(&page)));
        }
    }
    if found == 0 {
        return terminal.print("Found no new pages.");
    }
    terminal.print(&format!("Found {}:", counted(found, "page")))?;
    terminal.print(&pages.join("\n"))?;
    if found > SHOWN as u64 {
        terminal.print("    … all of them: perennial tokens --kind page")?;
    }
    Ok(())
}

fn events_since(since: Option<&str>) -> EventQuery {
    EventQuery {
        after: since.and_then(|id| id.parse().ok()),
        token: None,
        follow: false,
    }
}

fn answer(state: Option<State>, name: &str, terminal: &mut Terminal) -> Answer {
    match state {
        Some(State::Healthy | State::Expiring) => Answer::Yes,
        Some(State::Dead) => {
            terminal.warn(&format!(
                "Meta refuses this token. See what to do: perennial show {name}"
            ));
            Answer::No
        }
        Some(State::Failing | State::Unverified) | None => {
            terminal.warn(&format!(
                "Meta has not confirmed the token yet. It is kept and checked again. See the result: perennial show \
                 {name}"
            ));
            Answer::Yes
        }
    }
}
