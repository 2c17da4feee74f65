//! `perennial events`: prints the journal.

use clap::Args;

use crate::api::types::{EventQuery, EventView};
use crate::api_client::{Client, EventStream};
use crate::cli::completion::token_names;
use crate::cli::terminal::output::TerminalFormat;
use crate::cli::terminal::{event_text, style, text, time};
use crate::cli::{Answer, Error, Terminal};

/// Print the journal, oldest event first
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Keep running, and print new events as they happen
    #[arg(long)]
    follow: bool,
    /// Only events about this token
    #[arg(long, value_name = "NAME", add = token_names())]
    token: Option<String>,
    /// Only events after the one with this id
    #[arg(long, value_name = "ID")]
    after: Option<u64>,
    /// Print the daemon's JSON lines
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(
    options: Options,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Answer, Error> {
    let query = EventQuery {
        after: options.after,
        token: options.token,
        follow: options.follow,
    };
    let mut events = client.events(&query).await?;
    if options.json {
        copy(&mut events, terminal).await?;
    } else {
        print_all(&mut events, terminal).await?;
    }
    if options.follow {
        return Err(Error::Unreachable(
            "The daemon has stopped. See why: systemctl status perennial".to_owned(),
        ));
    }
    Ok(Answer::Yes)
}

async fn copy(events: &mut EventStream, terminal: &mut Terminal) -> Result<(), Error> {
    while let Some(print_line) = events.next_line().await? {
        terminal.print(&String::from_utf8_lossy(&print_line))?;
    }
    Ok(())
}

async fn print_all(events: &mut EventStream, terminal: &mut Terminal) -> Result<(), Error> {
    while let Some(event) = events.next().await? {
        terminal.print(&print_line(&event, &terminal.format))?;
    }
    Ok(())
}

/// The width of the column with the token's or app's name; a longer name shifts the rest of its line.
const WHOSE: usize = 24;

fn print_line(event: &EventView, format: &TerminalFormat) -> String {
    let sentence = event_text::sentence(event);
    let whose = event
        .token
        .as_deref()
        .or(event.app.as_deref())
        .unwrap_or("-");
    let whose = text::plain(whose);
    let at = time::absolute(event.at, format);
    if format.is_pipe() {
        return format!(
            "{at}\t{}\t{}\t{whose}\t{}\n",
            event.id, event.kind, sentence.text
        );
    }
    let padding = " ".repeat(WHOSE.saturating_sub(text::width(&whose)));
    let at = style::paint(&at, style::FAINT);
    let text = style::paint(&sentence.text, sentence.style);
    format!("{at}  {whose}{padding}  {text}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::terminal::output::tests::{pipe, terminal};

    #[test]
    fn an_event_is_one_line() {
        let event: EventView = serde_json::from_str(
            r#"{"id":"7","at":"2026-11-22T09:00:00Z","kind":"derived","token":"acme-page","app":"acme",
                "detail":{"through":"anna"}}"#,
        )
        .unwrap();
        assert_eq!(
            print_line(&event, &pipe()),
            "2026-11-22T09:00:00Z\t7\tderived\tacme-page\tderived again through anna\n"
        );
        let shown = anstream::adapter::strip_str(&print_line(&event, &terminal(80))).to_string();
        assert_eq!(
            shown,
            "2026-11-22 09:00:00 UTC  acme-page                 derived again through anna\n"
        );
    }
}
