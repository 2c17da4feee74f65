//! Completes the names of tokens in the shell. It asks the daemon, and offers nothing without one.

use std::ffi::OsStr;
use std::time::Duration;

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use super::Global;
use super::parse::looks_like_a_token;
use crate::api::types::TokenQuery;
use crate::api_client::Client;
use crate::inventory::Sort;

/// The shell blocks for this long at most.
const PATIENCE: Duration = Duration::from_millis(500);

/// More than anyone reads.
const MOST: usize = 200;

pub(super) fn token_names() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_str().filter(|typed| !looks_like_a_token(typed));
        let names = typed.and_then(names_from_daemon).unwrap_or_default();
        names.into_iter().map(CompletionCandidate::new).collect()
    })
}

fn names_from_daemon(typed: &str) -> Option<Vec<String>> {
    let client = Global::default().client().ok()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    runtime.block_on(async {
        tokio::time::timeout(PATIENCE, names(&client, typed))
            .await
            .ok()
    })
}

/// The names that begin with what was typed.
async fn names(client: &Client, typed: &str) -> Vec<String> {
    let query = TokenQuery {
        sort: Some(Sort::Name),
        limit: Some(MOST),
        after: Some(typed.to_owned()).filter(|typed| !typed.is_empty()),
        ..TokenQuery::default()
    };
    // The list begins after the name that is typed already.
    let exact = client.token(typed).await.map(|detail| detail.token);
    let list = client.tokens(&query).await.map(|list| list.tokens);
    let tokens = exact.into_iter().chain(list.unwrap_or_default());
    let names = tokens.map(|token| token.name);
    names.filter(|name| name.starts_with(typed)).collect()
}
