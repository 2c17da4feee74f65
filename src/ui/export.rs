//! The tokens as CSV, for a spreadsheet, page by page as they are read.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::failure::Failure;
use super::state::UiState;
use crate::api::types::{Sort, TokenList, TokenQuery, TokenView};
use crate::api_client::Error;

/// The most that the socket gives at once.
const AT_ONCE: usize = 1000;

const COLUMNS: [&str; 13] = [
    "name",
    "app",
    "kind",
    "subject_id",
    "subject_name",
    "state",
    "cause",
    "remedy",
    "expires_at",
    "data_access_expires_at",
    "owners",
    "checked_at",
    "version",
];

/// All tokens of this query, by name: only that order goes on after any token without sorting those before it.
pub(super) async fn csv(ui: Arc<UiState>, query: TokenQuery) -> Result<Response, Failure> {
    let query = TokenQuery {
        limit: Some(AT_ONCE),
        sort: Some(Sort::Name),
        after: None,
        ..query
    };
    // An error of the first page is an answer; a later one can only cut the file.
    let first = ui.client.tokens(&query).await?;
    let rest = stream::try_unfold(Some(first), move |page| {
        let (ui, query) = (Arc::clone(&ui), query.clone());
        async move {
            let Some(page) = page else { return Ok(None) };
            let next = following(&ui, &query, page.next.clone()).await?;
            Ok::<_, Error>(Some((rows(&page.tokens), next)))
        }
    });
    let header = stream::iter([Ok(line(COLUMNS.map(str::to_owned)))]);
    let body = Body::from_stream(futures_util::StreamExt::chain(header, rest));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"tokens.csv\"",
        ),
    ];
    Ok((headers, body).into_response())
}

async fn following(
    ui: &UiState,
    query: &TokenQuery,
    after: Option<String>,
) -> Result<Option<TokenList>, Error> {
    let Some(after) = after else { return Ok(None) };
    let query = TokenQuery {
        after: Some(after),
        ..query.clone()
    };
    ui.client.tokens(&query).await.map(Some)
}

fn rows(tokens: &[TokenView]) -> String {
    tokens.iter().map(row).collect()
}

fn row(token: &TokenView) -> String {
    let time = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let subject = token.subject.as_ref();
    line([
        token.name.clone(),
        token.app.clone(),
        token.kind.map(|kind| kind.to_string()).unwrap_or_default(),
        subject
            .map(|subject| subject.id.clone())
            .unwrap_or_default(),
        subject
            .and_then(|subject| subject.name.clone())
            .unwrap_or_default(),
        token.state.to_string(),
        token
            .cause
            .map(|cause| cause.to_string())
            .unwrap_or_default(),
        token
            .remedy
            .map(|remedy| remedy.to_string())
            .unwrap_or_default(),
        time(token.expires_at),
        time(token.data_access_expires_at),
        token.owners.join(" "),
        time(token.checked_at),
        token.version.to_string(),
    ])
}

fn line(cells: [String; COLUMNS.len()]) -> String {
    cells.map(|cell| quoted(&cell)).join(",") + "\r\n"
}

/// A cell that a spreadsheet takes for text: one that begins like a formula gets an apostrophe.
fn quoted(cell: &str) -> String {
    let guard = match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => "'",
        false => "",
    };
    match !guard.is_empty() || cell.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{guard}{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        for (cell, expected) in [
            ("acme-ada", "acme-ada"),
            ("", ""),
            (
                "Ada \"A\" Lovelace, Countess",
                "\"Ada \"\"A\"\" Lovelace, Countess\"",
            ),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("a\nb", "\"a\nb\""),
            ("a=b", "a=b"),
        ] {
            assert_eq!(quoted(cell), expected, "{cell:?}");
        }
    }
}
