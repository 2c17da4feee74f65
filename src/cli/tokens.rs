//! `perennial tokens`: the inventory as a table, page by page as it comes.

use clap::Args;
use jiff::Timestamp;

use super::arguments::one_of;
use super::bar::ClockFace;
use super::screen::{Look, Screen};
use super::table::{Cell, Column, Table};
use super::{Answer, Failure, style, when, words};
use crate::status::client::{Client, with_query};
use crate::status::snapshot::{Span, TokenList, TokenQuery, TokenView};
use crate::token::{Kind, Remedy, State};

/// The tokens, with what each of them waits for
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Only those in this state
    #[arg(long, value_parser = one_of(State::ALL, State::word))]
    state: Option<State>,
    /// Only those of this kind
    #[arg(long, value_parser = one_of(Kind::ALL, Kind::word))]
    kind: Option<Kind>,
    /// Only those of this app
    #[arg(long)]
    app: Option<String>,
    /// Only the page tokens that were derived from this one
    #[arg(long, value_name = "NAME")]
    parent: Option<String>,
    /// Only those that end, by either clock, within this time: 12h, 30d
    #[arg(long, value_name = "TIME")]
    expires_within: Option<Span>,
    /// Print the daemon's own JSON, one document per thousand tokens
    #[arg(long)]
    json: bool,
}

/// As many as the daemon gives at once.
const PER_PAGE: usize = 1000;

pub(super) async fn run(
    options: Options,
    client: &Client,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    let query = TokenQuery {
        state: options.state,
        kind: options.kind,
        app: options.app,
        parent: options.parent,
        expires_within: options.expires_within,
        limit: Some(PER_PAGE),
        after: None,
    };
    if options.json {
        documents(query, client, screen).await
    } else {
        table(query, client, screen).await
    }
}

async fn table(
    mut query: TokenQuery,
    client: &Client,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    let status = client.status().await?;
    let mut listing = Listing::new(status.apps.len(), status.now, screen.look.clone());
    let mut found = 0;
    loop {
        let list = client.tokens(&query).await?;
        found += list.tokens.len();
        if found > 0 {
            screen.say(&listing.page(&list.tokens))?;
        }
        query.after = list.next;
        if query.after.is_none() {
            break;
        }
    }
    if found == 0 {
        screen.note("No token is like that. All of them: perennial tokens");
    }
    Ok(Answer::Yes)
}

async fn documents(
    mut query: TokenQuery,
    client: &Client,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    loop {
        let text = client.text(&with_query("/v1/tokens", &query)).await?;
        screen.say(&text)?;
        let next = serde_json::from_str::<TokenList>(&text)
            .ok()
            .and_then(|list| list.next);
        if next.is_none() {
            return Ok(Answer::Yes);
        }
        query.after = next;
    }
}

/// The table, and what all its rows have in common.
pub(super) struct Listing {
    table: Table,
    apps: Apps,
    now: Timestamp,
    look: Look,
}

/// Where there is but one app, a person need not read its name in each line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Apps {
    Shown,
    Understood,
}

impl Listing {
    pub(super) fn new(apps: usize, now: Timestamp, look: Look) -> Self {
        let apps = if apps > 1 || look.is_pipe() {
            Apps::Shown
        } else {
            Apps::Understood
        };
        let app = (apps == Apps::Shown).then_some(Column::new("APP").may_shrink_to(6));
        let columns = [Column::new("NAME").may_shrink_to(12)];
        let columns = columns.into_iter().chain(app).chain([
            Column::new("KIND"),
            Column::new("STATE"),
            Column::new("EXPIRES"),
            Column::new("DATA ACCESS"),
            Column::new("NEXT").may_shrink_to(16),
        ]);
        Self {
            table: Table::new(columns.collect::<Vec<_>>()),
            apps,
            now,
            look,
        }
    }

    pub(super) fn page(&mut self, tokens: &[TokenView]) -> String {
        let rows: Vec<_> = tokens.iter().map(|token| self.row(token)).collect();
        self.table.page(&rows, &self.look)
    }

    fn row(&self, token: &TokenView) -> Vec<Cell> {
        let app = (self.apps == Apps::Shown).then(|| Cell::new(&token.app));
        let name = [Cell::new(&token.name)];
        let rest = [
            Cell::new(token.kind.map_or("unknown", Kind::word)),
            Cell::styled(token.state.word(), style::of_state(token.state)),
            ClockFace::of_expiry(token).cell(self.now, &self.look),
            ClockFace::of_data_access(token).cell(self.now, &self.look),
            next(token, self.now, &self.look),
        ];
        name.into_iter().chain(app).chain(rest).collect()
    }
}

/// What a person must do, or else what happens by itself.
fn next(token: &TokenView, now: Timestamp, look: &Look) -> Cell {
    if let Some(remedy) = token.remedy.filter(|remedy| *remedy != Remedy::Wait) {
        return Cell::styled(words::remedy(remedy), style::BOLD);
    }
    match token.next {
        Some(next) if next.at <= now => Cell::new(format!("{} now", words::action(next.action))),
        Some(next) => {
            let at = when::told(next.at, now, look);
            Cell::new(format!("{} {at}", words::action(next.action)))
        }
        None => Cell::styled("nothing", style::FAINT),
    }
}
