//! `perennial consumers` and `perennial in-use`: who uses which version of a token.

use clap::Args;
use jiff::Timestamp;

use crate::api::types::{ConsumerView, InUseRequest, TokenView};
use crate::api_client::{self, Client};
use crate::cli::completion::token_names;
use crate::cli::terminal::output::TerminalFormat;
use crate::cli::terminal::table::{Cell, Column, Table};
use crate::cli::terminal::{style, time};
use crate::cli::{Answer, Result, Terminal};

/// List who uses a token, and which version of it
#[derive(Clone, Debug, Args)]
pub struct ConsumersOptions {
    /// The name of the token
    #[arg(add = token_names())]
    name: String,
    /// Retire this consumer: Perennial no longer waits for it
    #[arg(long, value_name = "CONSUMER")]
    remove: Option<String>,
    /// Print the consumers as the daemon's JSON
    #[arg(long, conflicts_with = "remove")]
    json: bool,
}

/// Confirm that you use a version of a token now
#[derive(Clone, Debug, Args)]
pub struct InUseOptions {
    /// The name of the token
    #[arg(add = token_names())]
    name: String,
    /// The version [default: the newest]
    #[arg(long, value_name = "NUMBER")]
    version: Option<u32>,
    /// Confirm for this consumer; needs an operator [default: you]
    #[arg(long, value_name = "NAME")]
    consumer: Option<String>,
}

pub(crate) async fn consumers(
    options: &ConsumersOptions,
    client: &Client,
    terminal: &mut Terminal,
) -> Result {
    let name = &options.name;
    if let Some(consumer) = &options.remove {
        client.retire_consumer(name, consumer).await?;
        terminal.print(&format!(
            "{consumer} is no longer a consumer of {name}. If it fetches the token again, it is back."
        ))?;
        return Ok(Answer::Yes);
    }
    let token = client.token(name).await?.token;
    if options.json {
        terminal.print_json(&token.consumers)?;
        return Ok(Answer::Yes);
    }
    if token.consumers.is_empty() {
        terminal.warn(&format!("Nobody has fetched {name}, and no sink has it."));
        return Ok(Answer::Yes);
    }
    let now = client.status().await?.now;
    terminal.print(&table(&token, now, &terminal.format))?;
    Ok(Answer::Yes)
}

/// The version in use, and who uses which.
pub(crate) fn table(token: &TokenView, now: Timestamp, format: &TerminalFormat) -> String {
    let rows: Vec<_> = token
        .consumers
        .iter()
        .map(|consumer| row(consumer, token.version, now, format))
        .collect();
    let titles = ["CONSUMER", "WAS GIVEN", "SINCE", "USES", "SINCE"];
    Table::new(titles.map(Column::new)).page(&rows, format)
}

fn row(
    consumer: &ConsumerView,
    version: u32,
    now: Timestamp,
    format: &TerminalFormat,
) -> Vec<Cell> {
    let number = |number: Option<u32>| match number {
        Some(number) if number < version => Cell::styled(number.to_string(), style::WARNING),
        Some(number) => Cell::new(number.to_string()),
        None => Cell::styled("unknown", style::FAINT),
    };
    let since = |at: Option<Timestamp>| {
        Cell::new(at.map_or_else(String::new, |at| time::describe(at, now, format)))
    };
    vec![
        Cell::new(&consumer.name),
        number(consumer.seen_version),
        since(consumer.seen_at),
        number(consumer.in_use_version),
        since(consumer.in_use_at),
    ]
}

pub(crate) async fn in_use(
    options: InUseOptions,
    client: &Client,
    terminal: &mut Terminal,
) -> Result {
    let name = &options.name;
    let version = match options.version {
        Some(version) => version,
        None => newest(name, client).await?,
    };
    let request = InUseRequest {
        version,
        consumer: options.consumer,
    };
    client.confirm_use(name, &request).await?;
    terminal.print(&format!(
        "Version {version} of {name} is recorded as in use."
    ))?;
    Ok(Answer::Yes)
}

async fn newest(name: &str, client: &Client) -> std::result::Result<u32, api_client::Error> {
    Ok(client.token(name).await?.token.version)
}
