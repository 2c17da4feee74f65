//! Sends requests to the daemon, several at the same time, and reports the results in the order of the lines.

use std::pin::pin;

use futures_util::future::join_all;
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc;

use super::reading::{Item, Reading};
use super::report::Report;
use super::row::RowError;
use crate::api::types::{Problem, ProblemType};
use crate::api_client::{self, Client, Imported};
use crate::cli::terminal::text;
use crate::cli::{Error, Result, Terminal};

/// Enough for the daemon to write many requests in one transaction; well below its limit of connections.
const AT_ONCE: usize = 16;

/// The daemon's answer to a line.
enum RowResult {
    Added,
    Known,
    Refused(String),
    /// The error is not about this line, so the next lines would fail, too.
    Stopped(Error),
}

/// Imports all lines, and continues after lines that cannot be imported.
pub(super) async fn many(
    reading: Reading,
    length: Option<u64>,
    client: &Client,
    terminal: &mut Terminal,
) -> Result {
    let mut report = Report::begin(length);
    let mut ahead = pin!(in_background(reading).ready_chunks(AT_ONCE));
    while let Some(items) = ahead.next().await {
        for group in independent(items) {
            let results = group.into_iter().map(|item| upload(item, client));
            print_result(join_all(results).await, &mut report, terminal)?;
        }
    }
    report.finish(terminal)
}

fn print_result(
    results: Vec<(u64, u64, RowResult)>,
    report: &mut Report,
    terminal: &mut Terminal,
) -> Result<()> {
    for (number, position, row_result) in results {
        report.reach(position);
        match row_result {
            RowResult::Added => report.added += 1,
            RowResult::Known => report.known += 1,
            RowResult::Refused(why) => report.reject(number, &why, terminal),
            RowResult::Stopped(error) => {
                report.stop(number, terminal);
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Splits the items into groups. Lines with the same name or token must be sent one after the other, so that the first
/// one wins.
fn independent(items: Vec<Item>) -> Vec<Vec<Item>> {
    let mut groups: Vec<Vec<Item>> = vec![Vec::new()];
    for item in items {
        let is_bound =
            |group: &Vec<Item>| group.iter().any(|other| speak_of_the_same(other, &item));
        if groups.last().is_some_and(is_bound) {
            groups.push(Vec::new());
        }
        if let Some(group) = groups.last_mut() {
            group.push(item);
        }
    }
    groups
}

fn speak_of_the_same(one: &Item, other: &Item) -> bool {
    let (Ok(one), Ok(other)) = (&one.request, &other.request) else {
        return false;
    };
    let same_name = one.name.is_some() && one.name == other.name;
    same_name || one.access_token == other.access_token
}

async fn upload(item: Item, client: &Client) -> (u64, u64, RowResult) {
    let row_result = match item.request {
        Ok(request) => row_result(client.import(&request).await),
        Err(error @ RowError::Unreadable(_)) => {
            RowResult::Stopped(Error::Refused(error.to_string()))
        }
        Err(error) => RowResult::Refused(error.to_string()),
    };
    (item.number, item.position, row_result)
}

fn row_result(answer: Result<Imported, api_client::Error>) -> RowResult {
    match answer {
        Ok(Imported::Added(_)) => RowResult::Added,
        Ok(Imported::Known(_)) => RowResult::Known,
        Err(api_client::Error::Refused(problem)) if is_about_the_line(&problem) => {
            RowResult::Refused(in_one_line(&problem))
        }
        Err(error) => RowResult::Stopped(error.into()),
    }
}

fn in_one_line(problem: &Problem) -> String {
    let parts = std::iter::once(&problem.detail).chain(&problem.problems);
    let parts: Vec<String> = parts.map(|part| text::plain(part)).collect();
    parts.join(": ")
}

fn is_about_the_line(problem: &Problem) -> bool {
    let about_lines = [
        ProblemType::Invalid,
        ProblemType::UnknownApp,
        ProblemType::NameTaken,
        ProblemType::HeldByAnother,
        ProblemType::TooLarge,
        ProblemType::Malformed,
    ];
    about_lines.into_iter().any(|kind| problem.is(kind))
}

/// Reads in a separate thread, a limited number of items ahead. The thread ends when the receiver is gone, so a source
/// without an end cannot block the end of the command.
fn in_background(reading: Reading) -> impl Stream<Item = Item> {
    let (items, ahead) = mpsc::channel(4 * AT_ONCE);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::ImportRequest;
    use crate::secret::Secret;

    fn item(number: u64, token: &str, name: Option<&str>) -> Item {
        let request = ImportRequest {
            name: name.map(str::to_owned),
            ..ImportRequest::new("acme".to_owned(), Secret::new(token))
        };
        Item {
            number,
            position: 0,
            request: Ok(request),
        }
    }

    #[test]
    fn of_lines_that_speak_of_the_same_the_first_is_done_first() {
        let broken = Item {
            number: 4,
            position: 0,
            request: Err(RowError::NoToken),
        };
        let groups = independent(vec![
            item(1, "a", Some("one")),
            item(2, "b", None),
            item(3, "c", None),
            broken,
            item(5, "d", Some("one")),
            item(6, "e", Some("two")),
            item(7, "d", None),
        ]);
        let numbers =
            |group: &Vec<Item>| -> Vec<u64> { group.iter().map(|item| item.number).collect() };
        let numbers: Vec<Vec<u64>> = groups.iter().map(numbers).collect();
        assert_eq!(numbers, [vec![1, 2, 3, 4], vec![5, 6], vec![7]]);
    }
}
