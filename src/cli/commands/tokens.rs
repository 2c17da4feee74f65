//! `perennial tokens`: prints the inventory as a table, page by page.

use std::collections::BTreeMap;

use clap::Args;
use jiff::Timestamp;

use crate::api::types::{SubjectView, TokenList, TokenQuery, TokenView};
use crate::api_client::{Client, with_query};
use crate::cli::completion::token_names;
use crate::cli::parse::one_of;
use crate::cli::terminal::bars::ClockFace;
use crate::cli::terminal::output::{Terminal, TerminalFormat};
use crate::cli::terminal::table::{Cell, Column, Table};
use crate::cli::terminal::text::{count, counted};
use crate::cli::terminal::{style, time};
use crate::cli::{Answer, Result};
use crate::inventory::Sort;
use crate::model::{Kind, Remedy, Span, State};

/// List the tokens, the most urgent first, and what each waits for
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Only tokens in this state
    #[arg(long, value_parser = one_of(State::ALL, State::as_str))]
    state: Option<State>,
    /// Only tokens of this kind
    #[arg(long, value_parser = one_of(Kind::ALL, Kind::as_str))]
    kind: Option<Kind>,
    /// Only tokens of this app
    #[arg(long)]
    app: Option<String>,
    /// Only page tokens that were derived from this token
    #[arg(long, value_name = "NAME", add = token_names())]
    parent: Option<String>,
    /// Only tokens that expire, by either clock, within this time: 12h, 30d
    #[arg(long, value_name = "TIME")]
    expires_within: Option<Span>,
    /// Only tokens with a consumer that still uses an earlier version
    #[arg(long)]
    behind: bool,
    /// Only tokens whose name begins like this
    #[arg(long, value_name = "TEXT")]
    prefix: Option<String>,
    /// The order of the list
    #[arg(long, default_value = "urgency", value_parser = one_of(Sort::ALL, Sort::as_str))]
    sort: Sort,
    /// Print the daemon's JSON, one document per thousand tokens
    #[arg(long)]
    json: bool,
}

/// The most tokens that the daemon returns in one answer.
const PER_PAGE: usize = 1000;

pub(crate) async fn run(options: Options, client: &Client, terminal: &mut Terminal) -> Result {
    let query = TokenQuery {
        state: options.state,
        kind: options.kind,
        app: options.app,
        parent: options.parent,
        expires_within: options.expires_within,
        behind: options.behind,
        prefix: options.prefix,
        sort: Some(options.sort),
        limit: Some(PER_PAGE),
        after: None,
    };
    if options.json {
        documents(query, client, terminal).await
    } else {
        table(query, client, terminal).await
    }
}

async fn table(mut query: TokenQuery, client: &Client, terminal: &mut Terminal) -> Result {
    let status = client.status().await?;
    let mut listing = Listing::new(status.apps.len(), status.now, terminal.format.clone());
    loop {
        let list = client.tokens(&query).await?;
        if !list.tokens.is_empty() {
            terminal.print(&listing.page(&list.tokens))?;
        }
        query.after = list.next;
        if query.after.is_none() {
            break;
        }
    }
    if listing.states.is_empty() {
        terminal.warn("No token matches. To list all: perennial tokens");
    } else if !terminal.format.is_pipe() {
        terminal.print(&format!("\n{}", listing.totals()))?;
    }
    Ok(Answer::Yes)
}

async fn documents(mut query: TokenQuery, client: &Client, terminal: &mut Terminal) -> Result {
    loop {
        let text = client.text(&with_query("/v1/tokens", &query)).await?;
        terminal.print(&text)?;
        let next = serde_json::from_str::<TokenList>(&text)
            .ok()
            .and_then(|list| list.next);
        if next.is_none() {
            return Ok(Answer::Yes);
        }
        query.after = next;
    }
}

/// The table, and what its rows have in common.
pub(crate) struct Listing {
    table: Table,
    /// How many tokens in each state were listed.
    states: BTreeMap<State, u64>,
    now: Timestamp,
    format: TerminalFormat,
}

const FROM_BEST: [State; 5] = [
    State::Healthy,
    State::Expiring,
    State::Unverified,
    State::Failing,
    State::Dead,
];

impl Listing {
    pub(crate) fn new(apps: usize, now: Timestamp, format: TerminalFormat) -> Self {
        // With a single app, it would be the same name in each line.
        let shows_app = apps > 1 || format.is_pipe();
        let table = Table::new([
            Column::new("NAME"),
            Column::new("SUBJECT").may_shrink_to(8).may_vanish(3),
            Column::new("APP").shown_if(shows_app),
            Column::new("KIND").may_vanish(2),
            Column::new("STATE"),
            Column::new("EXPIRES").may_vanish(4),
            Column::new("DATA ACCESS").may_vanish(1),
            Column::new("NEXT").may_shrink_to(16),
        ]);
        Self {
            table,
            states: BTreeMap::new(),
            now,
            format,
        }
    }

    pub(crate) fn page(&mut self, tokens: &[TokenView]) -> String {
        for token in tokens {
            *self.states.entry(token.state).or_default() += 1;
        }
        let rows: Vec<_> = tokens.iter().map(|token| self.row(token)).collect();
        self.table.page(&rows, &self.format)
    }

    /// `20 tokens: 18 healthy, 1 failing, 1 dead`
    pub(crate) fn totals(&self) -> String {
        let all = counted(self.states.values().sum(), "token");
        let states = FROM_BEST.iter().filter_map(|state| {
            let number = self.states.get(state)?;
            Some(format!("{} {state}", count(*number)))
        });
        format!("{all}: {}", states.collect::<Vec<_>>().join(", "))
    }

    fn row(&self, token: &TokenView) -> Vec<Cell> {
        vec![
            Cell::new(&token.name),
            subject(token),
            Cell::new(&token.app),
            Cell::new(token.kind.map_or("unknown", Kind::as_str)),
            Cell::styled(token.state.as_str(), style::of_state(token.state)),
            ClockFace::of_expiry(token).cell(self.now, &self.format),
            ClockFace::of_data_access(token).cell(self.now, &self.format),
            next(token, self.now, &self.format),
        ]
    }
}

/// Meta's name of the person or page, or its id.
fn subject(token: &TokenView) -> Cell {
    match &token.subject {
        Some(SubjectView {
            name: Some(name), ..
        }) => Cell::new(name),
        Some(SubjectView { id, name: None }) => Cell::styled(id, style::FAINT),
        None => Cell::styled("unknown", style::FAINT),
    }
}

/// What a person must do, or what Perennial will do next.
fn next(token: &TokenView, now: Timestamp, format: &TerminalFormat) -> Cell {
    if let Some(remedy) = token.remedy.filter(|remedy| *remedy != Remedy::Wait) {
        return Cell::styled(remedy.describe(), style::BOLD);
    }
    match token.next {
        Some(next) if next.at <= now => Cell::new(format!("{} now", next.action.describe())),
        Some(next) => {
            let at = time::describe(next.at, now, format);
            Cell::new(format!("{} {at}", next.action.describe()))
        }
        None => Cell::styled("nothing", style::FAINT),
    }
}
