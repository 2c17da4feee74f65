//! Sends the lines to the daemon, many in one request, and reports the results in the order of the lines.

use std::collections::VecDeque;
use std::pin::pin;

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc;

use super::reading::{Item, Reading};
use super::report::Report;
use super::row::RowError;
use crate::api::types::{ImportRequest, ImportResult, Problem, ProblemType};
use crate::api_client::{self, Client};
use crate::cli::{Error, Result, Terminal};

/// Enough that a token bears little of the cost of its request and its transaction; few enough that the daemon's other
/// writes do not wait long for the transaction.
const PER_REQUEST: usize = 200;

/// What became of a line.
enum RowResult {
    Done(ImportResult),
    /// The error is not about this line, so the next lines would fail, too.
    Stopped(Error),
}

/// Imports all lines, and continues after lines that cannot be imported. Of two lines with the same name or token, the
/// first one wins, because the daemon stores them one after the other.
pub(super) async fn many(
    reading: Reading,
    length: Option<u64>,
    client: &Client,
    terminal: &mut Terminal,
) -> Result {
    let mut report = Report::begin(length);
    let mut ahead = pin!(in_background(reading).ready_chunks(PER_REQUEST));
    while let Some(items) = ahead.next().await {
        let results = upload(&items, client).await;
        print_results(items, results, &mut report, terminal)?;
    }
    report.finish(terminal)
}

/// Returns the daemon's answers to the lines that are requests, up to the first error that is not about its line.
async fn upload(items: &[Item], client: &Client) -> VecDeque<RowResult> {
    let requests = items.iter().filter_map(|item| item.request.as_ref().ok());
    let requests: Vec<&ImportRequest> = requests.collect();
    let mut rest = requests.as_slice();
    let mut results = VecDeque::with_capacity(rest.len());
    while !rest.is_empty() {
        match client.import_first(rest).await {
            Ok(answered) => {
                rest = rest.get(answered.len()..).unwrap_or_default();
                results.extend(answered.into_iter().map(RowResult::from));
            }
            // Only a request with a single token is ever too large.
            Err(api_client::Error::Refused(problem)) if problem.is(ProblemType::TooLarge) => {
                rest = rest.get(1..).unwrap_or_default();
                results.push_back(RowResult::Done(ImportResult::from(*problem)));
            }
            Err(error) => {
                results.push_back(RowResult::Stopped(error.into()));
                break;
            }
        }
    }
    results
}

/// Prints up to the line that stops the import, if there is one.
fn print_results(
    items: Vec<Item>,
    mut answers: VecDeque<RowResult>,
    report: &mut Report,
    terminal: &mut Terminal,
) -> Result<()> {
    for item in items {
        let row_result = match item.request {
            Ok(_) => answers.pop_front(),
            Err(error @ RowError::Unreadable(_)) => {
                Some(RowResult::Stopped(Error::Refused(error.to_string())))
            }
            Err(error) => {
                let problem = Problem::new(ProblemType::Invalid, error.to_string());
                Some(RowResult::Done(ImportResult::from(problem)))
            }
        };
        report.reach(item.position);
        match row_result {
            Some(RowResult::Done(result)) => report.add(item.number, &result, terminal)?,
            Some(RowResult::Stopped(error)) => {
                report.stop(item.number, terminal);
                return Err(error);
            }
            // Every line before the one that stops has an answer.
            None => {}
        }
    }
    Ok(())
}

impl From<ImportResult> for RowResult {
    fn from(result: ImportResult) -> Self {
        match result.problem {
            Some(problem) if !is_about_the_line(&problem) => {
                Self::Stopped(api_client::Error::Refused(Box::new(problem)).into())
            }
            Some(_) | None => Self::Done(result),
        }
    }
}

fn is_about_the_line(problem: &Problem) -> bool {
    let about_lines = [
        ProblemType::Invalid,
        ProblemType::UnknownApp,
        ProblemType::NameTaken,
        ProblemType::HeldByAnother,
        ProblemType::Malformed,
    ];
    about_lines.into_iter().any(|kind| problem.is(kind))
}

/// Reads in a separate thread, a limited number of items ahead. The thread ends when the receiver is gone, so a source
/// without an end cannot block the end of the command.
fn in_background(reading: Reading) -> impl Stream<Item = Item> {
    let (items, ahead) = mpsc::channel(2 * PER_REQUEST);
    std::thread::spawn(move || {
        for item in reading {
            if items.blocking_send(item).is_err() {
                return;
            }
        }
    });
    stream::unfold(ahead, |mut ahead| async {
        Some((ahead.recv().await?, ahead))
    })
}
