//! Hands requests to the daemon, several at once, and tells their fate in the order of the lines.

use std::io;
use std::pin::pin;

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc;

use super::reading::{Item, Reading};
use super::report::Report;
use super::row::Fault;
use crate::cli::{Answer, Failure, Screen, advice, text};
use crate::status::client::{Client, Error, Imported};
use crate::status::snapshot::{ImportRequest, Problem, ProblemType, TokenView};

/// Enough that the daemon writes many in one transaction; well below the connections that it allows.
const AT_ONCE: usize = 16;

/// Takes in one token.
pub(super) async fn one(
    request: Result<ImportRequest, Fault>,
    client: &Client,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    let request = request.map_err(|fault| {
        Failure::Refused(format!(
            "It is not taken in: {fault}\nSee what is taken: perennial import --help"
        ))
    })?;
    match client.import(&request).await? {
        Imported::Added(token) => screen.say(&added(&token))?,
        Imported::Known(token) => {
            let name = text::plain(&token.name);
            screen.say(&format!(
                "This token is here already, as {name}; nothing was changed."
            ))?;
        }
    }
    Ok(Answer::Yes)
}

fn added(token: &TokenView) -> String {
    let name = text::plain(&token.name);
    format!(
        "Added as {name}, fingerprint {}. Meta is asked with the next pass: perennial show {name}",
        token.fingerprint
    )
}

/// What the daemon made of a line.
enum Fate {
    Added,
    Known,
    Refused(String),
    /// Not this line's fault, so that the next ones would fare alike.
    Stopped(Failure),
}

/// Takes in what is read, and goes on after lines that cannot be taken.
pub(super) async fn many(
    reading: Reading,
    length: Option<u64>,
    client: &Client,
    screen: &mut Screen,
) -> Result<Answer, Failure> {
    let mut report = Report::begin(length);
    let fates = in_background(reading)
        .map(|item| hand_in(item, client))
        .buffered(AT_ONCE);
    let mut fates = pin!(fates);
    while let Some((number, position, fate)) = fates.next().await {
        report.reach(position);
        match fate {
            Fate::Added => report.added += 1,
            Fate::Known => report.known += 1,
            Fate::Refused(why) => report.refuse(number, &why, screen),
            Fate::Stopped(failure) => return Err(report.stopped(number, failure, screen)),
        }
    }
    report.finish(screen)
}

async fn hand_in(item: io::Result<Item>, client: &Client) -> (u64, u64, Fate) {
    match item {
        Ok(Item {
            number,
            position,
            request,
        }) => {
            let fate = match request {
                Ok(request) => fate(client.import(&request).await),
                Err(fault) => Fate::Refused(fault.to_string()),
            };
            (number, position, fate)
        }
        Err(error) => {
            let words = format!("The source cannot be read to its end: {error}");
            (0, 0, Fate::Stopped(Failure::Refused(words)))
        }
    }
}

fn fate(answer: Result<Imported, Error>) -> Fate {
    match answer {
        Ok(Imported::Added(_)) => Fate::Added,
        Ok(Imported::Known(_)) => Fate::Known,
        Err(Error::Refused(problem)) if is_about_the_line(&problem) => {
            Fate::Refused(text::plain(&problem.to_string()))
        }
        Err(Error::Refused(problem)) => {
            Fate::Stopped(Failure::Refused(advice::with_next_step(&problem)))
        }
        Err(error) => Fate::Stopped(error.into()),
    }
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

/// Reads on a thread of its own, as far ahead as the requests need. When nobody wants more, it ends by itself; a
/// source that never ends cannot hold up the end of the command.
fn in_background(reading: Reading) -> impl Stream<Item = io::Result<Item>> {
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
