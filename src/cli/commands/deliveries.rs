//! `perennial deliveries`: which version is on its way to which sink, another try, and a test.

use clap::Args;
use jiff::Timestamp;

use crate::api::types::{DeliveryQuery, DeliveryView, RetryRequest, SinkTestRequest};
use crate::api_client::{Client, with_query};
use crate::cli::parse::one_of;
use crate::cli::terminal::output::TerminalFormat;
use crate::cli::terminal::table::{Cell, Column, Table};
use crate::cli::terminal::text::{counted, plain};
use crate::cli::terminal::{style, time};
use crate::cli::{Answer, Result, Terminal};
use crate::model::DeliveryState;

/// List the deliveries to those who use the tokens
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Only deliveries in this state
    #[arg(long, value_parser = one_of(DeliveryState::ALL, DeliveryState::as_str))]
    state: Option<DeliveryState>,
    /// Try again now what waits or has failed: of this sink, or of all
    #[arg(long, value_name = "SINK", num_args = 0..=1, conflicts_with_all = ["state", "test"])]
    retry: Option<Option<String>>,
    /// Try a sink without a token
    #[arg(long, value_name = "SINK", conflicts_with = "state")]
    test: Option<String>,
    /// Print the daemon's JSON
    #[arg(long)]
    json: bool,
}

/// The most deliveries that the daemon returns.
const MOST: usize = 1000;

pub(crate) async fn run(options: Options, client: &Client, terminal: &mut Terminal) -> Result {
    if let Some(sink) = options.retry {
        return retry(sink, options.json, client, terminal).await;
    }
    if let Some(sink) = options.test {
        return test(sink, options.json, client, terminal).await;
    }
    let query = DeliveryQuery {
        state: options.state,
        limit: Some(MOST),
    };
    if options.json {
        terminal.print(&client.text(&with_query("/v1/deliveries", &query)).await?)?;
        return Ok(Answer::Yes);
    }
    let deliveries = client.deliveries(&query).await?.deliveries;
    if deliveries.is_empty() {
        terminal.warn("There are no deliveries to show. [[delivery]] in the configuration says what goes where.");
        return Ok(Answer::Yes);
    }
    let now = client.status().await?.now;
    terminal.print(&table(&deliveries, now, &terminal.format))?;
    if deliveries
        .iter()
        .any(|delivery| delivery.state == DeliveryState::Failed)
    {
        terminal.warn("To try again what has failed: perennial deliveries --retry");
    }
    Ok(Answer::Yes)
}

async fn retry(
    sink: Option<String>,
    json: bool,
    client: &Client,
    terminal: &mut Terminal,
) -> Result {
    let retried = client.retry_deliveries(&RetryRequest { sink }).await?;
    if json {
        terminal.print_json(&retried)?;
    } else {
        let again = counted(retried.deliveries, "delivery");
        terminal.print(&format!(
            "{again} tried again now. See what comes of it: perennial deliveries"
        ))?;
    }
    Ok(Answer::Yes)
}

async fn test(sink: String, json: bool, client: &Client, terminal: &mut Terminal) -> Result {
    let tested = client.test_sink(&SinkTestRequest { sink }).await?;
    if json {
        terminal.print_json(&tested)?;
    } else {
        terminal.print(&format!("It works: {}.", plain(&tested.result)))?;
    }
    Ok(Answer::Yes)
}

fn table(deliveries: &[DeliveryView], now: Timestamp, format: &TerminalFormat) -> String {
    let columns = [
        Column::new("TOKEN"),
        Column::new("VERSION"),
        Column::new("SINK"),
        Column::new("STATE"),
        Column::new("SINCE").may_vanish(2),
        Column::new("ERROR").may_shrink_to(16).may_vanish(1),
    ];
    let row = |delivery: &DeliveryView| {
        vec![
            Cell::new(&delivery.token),
            Cell::new(delivery.version.to_string()),
            Cell::new(&delivery.sink),
            Cell::styled(delivery.state.as_str(), of_state(delivery.state)),
            Cell::new(when(delivery, now, format)),
            Cell::new(delivery.last_error.as_deref().unwrap_or_default()),
        ]
    };
    let rows: Vec<_> = deliveries.iter().map(row).collect();
    Table::new(columns).page(&rows, format)
}

const fn of_state(state: DeliveryState) -> anstyle::Style {
    match state {
        DeliveryState::Pending => style::WARNING,
        DeliveryState::Delivered | DeliveryState::InUse => style::GOOD,
        DeliveryState::Failed => style::BAD,
        DeliveryState::Superseded => style::FAINT,
    }
}

/// When it was confirmed or arrived, or when it is tried next.
fn when(delivery: &DeliveryView, now: Timestamp, format: &TerminalFormat) -> String {
    let at = |at: Timestamp| time::describe(at, now, format);
    match (
        delivery.in_use_at,
        delivery.delivered_at,
        delivery.next_try_at,
    ) {
        (Some(used), _, _) => at(used),
        (None, Some(delivered), _) => at(delivered),
        (None, None, Some(next)) => format!("next try {}", at(next)),
        (None, None, None) => String::new(),
    }
}
