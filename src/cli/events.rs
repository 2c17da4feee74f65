//! `perennial events`: the journal of the inventory.

use clap::Args;

use super::screen::Look;
use super::{Answer, Failure, Screen, story, style, text, when};
use crate::status::client::{Client, EventStream};
use crate::status::snapshot::{EventQuery, EventView};

/// What happened, oldest first
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Stay and print what happens from now on
    #[arg(long)]
    follow: bool,
    /// Only what is about this token
    #[arg(long, value_name = "NAME")]
    token: Option<String>,
    /// Only what came after the event with this number
    #[arg(long, value_name = "ID")]
    after: Option<u64>,
    /// Print the daemon's own JSON lines
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(
    options: Options,
    client: &Client,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    let query = EventQuery {
        after: options.after,
        token: options.token,
        follow: options.follow,
    };
    let mut events = client.events(&query).await?;
    if options.json {
        copy(&mut events, screen).await?;
    } else {
        tell(&mut events, screen).await?;
    }
    if options.follow {
        return Err(Failure::Unreachable(
            "The daemon has stopped. See why: systemctl status perennial".to_owned(),
        ));
    }
    Ok(Answer::Yes)
}

async fn copy(events: &mut EventStream, screen: &mut Screen) -> Result<(), Failure> {
    while let Some(line) = events.next_line().await? {
        screen.say(&String::from_utf8_lossy(&line))?;
    }
    Ok(())
}

async fn tell(events: &mut EventStream, screen: &mut Screen) -> Result<(), Failure> {
    while let Some(event) = events.next().await? {
        screen.say(&line(&event, &screen.look))?;
    }
    Ok(())
}

/// Whose event it is stands in a column of this width; names that need more push the rest aside.
const WHOSE: usize = 24;

fn line(event: &EventView, look: &Look) -> String {
    let sentence = story::sentence(event);
    let whose = event
        .token
        .as_deref()
        .or(event.app.as_deref())
        .unwrap_or("-");
    let whose = text::plain(whose);
    let at = when::absolute(event.at, look);
    if look.is_pipe() {
        return format!(
            "{at}\t{}\t{}\t{whose}\t{}\n",
            event.id, event.kind, sentence.text
        );
    }
    let padding = " ".repeat(WHOSE.saturating_sub(text::width(&whose)));
    let at = style::paint(&at, style::FAINT);
    let words = style::paint(&sentence.text, sentence.style);
    format!("{at}  {whose}{padding}  {words}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::screen::tests::{pipe, terminal};

    #[test]
    fn an_event_is_one_line() {
        let event: EventView = serde_json::from_str(
            r#"{"id":"7","at":"2026-11-22T09:00:00Z","kind":"derived","token":"acme-page","app":"acme",
                "detail":{"through":"anna"}}"#,
        )
        .unwrap();
        assert_eq!(
            line(&event, &pipe()),
            "2026-11-22T09:00:00Z\t7\tderived\tacme-page\tread anew through anna\n"
        );
        let shown = anstream::adapter::strip_str(&line(&event, &terminal(80))).to_string();
        assert_eq!(
            shown,
            "2026-11-22 09:00:00 UTC  acme-page                 read anew through anna\n"
        );
    }
}
