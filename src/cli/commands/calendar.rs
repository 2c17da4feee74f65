//! `perennial calendar`: lists the addresses of the calendars of coming logins, or revokes one.

use clap::Args;

use crate::api::types::{CalendarList, CalendarQuery, CalendarView};
use crate::api_client::{self, Client};
use crate::cli::terminal::text;
use crate::cli::{Answer, Result, Terminal};

/// List the addresses of the calendars of coming logins
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Revoke the address of this person's calendar, by name or id, or that of the `operators`
    #[arg(long, value_name = "PERSON")]
    revoke: Option<String>,
    /// Print the calendars as the daemon's JSON
    #[arg(long, conflicts_with = "revoke")]
    json: bool,
}

/// The most people in one answer.
const AT_ONCE: usize = 1000;

pub(crate) async fn run(options: &Options, client: &Client, terminal: &mut Terminal) -> Result {
    if let Some(person) = &options.revoke {
        client.revoke_calendar(person).await?;
        terminal.print(&format!(
            "The address of the calendar of {} no longer works. To get a new one: perennial calendar",
            text::plain(person)
        ))?;
        return Ok(Answer::Yes);
    }
    let calendars = all(client).await?;
    if options.json {
        let next = None;
        terminal.print_json(&CalendarList { calendars, next })?;
        return Ok(Answer::Yes);
    }
    let lines: Vec<String> = calendars.iter().map(entry).collect();
    terminal.print(&lines.join("\n"))?;
    terminal.warn("Anyone who has an address can read the calendar. Give it to its person alone.");
    Ok(Answer::Yes)
}

async fn all(client: &Client) -> std::result::Result<Vec<CalendarView>, api_client::Error> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let query = CalendarQuery {
            limit: Some(AT_ONCE),
            after,
        };
        let page = client.calendars(&query).await?;
        all.extend(page.calendars);
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// Whose it is, and below that the address, which no table could hold.
fn entry(calendar: &CalendarView) -> String {
    let CalendarView {
        app,
        person,
        name,
        url,
    } = calendar;
    let whose = match (person, app) {
        (Some(person), Some(app)) => match name {
            Some(name) => format!("{name} ({person}), {app}"),
            None => format!("{person}, {app}"),
        },
        _ => "operators".to_owned(),
    };
    format!("{}\n  {}", text::plain(&whose), text::plain(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stands_below_its_person() {
        let url = "https://tokens.example.com/calendar/k3Jd.ics";
        let of_operators = CalendarView {
            app: None,
            person: None,
            name: None,
            url: url.to_owned(),
        };
        assert_eq!(entry(&of_operators), format!("operators\n  {url}"));
        let of_person = CalendarView {
            app: Some("acme".to_owned()),
            person: Some("17".to_owned()),
            name: Some("Ada Lovelace".to_owned()),
            ..of_operators
        };
        let expected = format!("Ada Lovelace (17), acme\n  {url}");
        assert_eq!(entry(&of_person), expected);
    }
}
