//! Lists tokens, one per row: what each is for, and whether it works.

use crate::email::text::fill;
use crate::model::{Health, Kind, Token};
use crate::web::page::{List, Row};
use crate::web::reader::Reader;

/// The most tokens that a list names.
const LISTED: usize = 20;

pub(super) fn all_of<'a>(reader: &Reader, items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<String> = items.map(str::to_owned).collect();
    reader.language.all_of(&items)
}

pub(super) fn list(reader: &Reader, title: &str, tokens: &[Token], count: u64) -> Option<List> {
    if tokens.is_empty() {
        return None;
    }
    let rows: Vec<Row> = tokens
        .iter()
        .take(LISTED)
        .map(|token| row(reader, token))
        .collect();
    let more = count.saturating_sub(rows.len() as u64);
    Some(List {
        title: title.to_owned(),
        count: reader.language.count(count),
        rows,
        more: reader.language.and_more(more),
    })
}

/// The same without ticks, for what a person is asked to do something about.
pub(super) fn unticked(list: List) -> List {
    let rows = list.rows.into_iter().map(|row| Row {
        works: false,
        ..row
    });
    List {
        rows: rows.collect(),
        ..list
    }
}

fn row(reader: &Reader, token: &Token) -> Row {
    let texts = &reader.texts().rows;
    let kind = match token.facts.as_ref().map(|facts| facts.kind) {
        Some(Kind::Page) => Some(texts.page),
        Some(Kind::User | Kind::InstagramUser | Kind::ThreadsUser) => Some(texts.login),
        Some(Kind::SystemUser) => Some(texts.system_user),
        Some(Kind::App) | None => None,
    };
    let state = state(reader, token);
    let details = kind.map(str::to_owned).into_iter().chain([state]);
    Row {
        title: token.title().to_owned(),
        // What works but ends soon needs its person all the same.
        works: token.health == Health::Healthy && token.missing_scopes().is_empty(),
        detail: details.collect::<Vec<_>>().join(" · "),
    }
}

fn state(reader: &Reader, token: &Token) -> String {
    let texts = reader.texts();
    match token.health {
        Health::Unverified => texts.rows.unconfirmed.to_owned(),
        Health::Healthy | Health::Lacking { .. } if !token.missing_scopes().is_empty() => {
            let missing = all_of(reader, token.missing_scopes().iter());
            fill(texts.rows.lacks, &[("missing", &missing)])
        }
        Health::Healthy | Health::Lacking { .. } => match token.deadline() {
            Some(end) => fill(texts.rows.good_until, &[("at", &reader.date(end))]),
            None => texts.rows.works.to_owned(),
        },
        Health::Expiring { cause } | Health::Failing { cause, .. } | Health::Dead { cause, .. } => {
            texts.causes[&cause].to_owned()
        }
    }
}
