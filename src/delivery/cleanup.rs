//! Removes the files of sinks that are gone, of tokens that were renamed, and of the dead where their sink says so.

use std::path::Path;

use super::policy::{FileDecision, OfSink, file_decision, gets};
use super::{FileSink, Sink, sinks};
use crate::inventory::{Error, Inventory, View};
use crate::model::{Deliverable, DeliveredFile};

const CHUNK: usize = 200;

/// Looks at every file whose token or sink has changed. Returns why a file could not be removed, if so; it is tried
/// again in the next pass.
pub async fn clean_up(inventory: &Inventory, sinks: &[Sink]) -> Result<Option<String>, Error> {
    let (mut after, mut failure) = (String::new(), None);
    loop {
        let (known, from) = (sinks.to_vec(), after);
        let stale = inventory
            .read(move |view| decided(view, &known, &from))
            .await?;
        let Some((last, _)) = stale.last() else {
            return Ok(failure);
        };
        after = last.path.clone();
        let removed = tokio::task::spawn_blocking(move || carry_out(stale)).await;
        let (done, failed) = removed.map_err(|_| Error::Closed)?;
        failure = failure.or(failed);
        let record = inventory.write(move |tx| {
            done.iter().try_for_each(|(file, decision)| match decision {
                FileDecision::Keep => tx.keep_delivered_file(&file.path),
                FileDecision::Remove => tx.forget_delivered_file(&file.path),
            })
        });
        record.await?;
    }
}

type Decided = Vec<(DeliveredFile, FileDecision)>;

fn decided(view: &View<'_>, sinks: &[Sink], after: &str) -> Result<Decided, Error> {
    let stale = view.stale_files(after, CHUNK)?.into_iter();
    stale
        .map(|(file, must_go)| {
            let decision = match must_go {
                true => FileDecision::Remove,
                false => decide(view, sinks, &file)?,
            };
            Ok((file, decision))
        })
        .collect()
}

fn decide(view: &View<'_>, sinks: &[Sink], file: &DeliveredFile) -> Result<FileDecision, Error> {
    let sink = sinks.iter().find(|sink| sink.name == file.sink);
    let token = view.described(file.token)?;
    let today = sink.zip(token.as_ref()).and_then(|(sink, token)| {
        let is_of_sink = gets(token, &sink.tokens());
        is_of_sink.then(|| sink.path_of(&token.name)).flatten()
    });
    let of_sink = sink.map(|sink| OfSink {
        on_dead: sink.on_dead,
        path: today.as_deref(),
    });
    Ok(file_decision(file, of_sink, token.as_ref()))
}

fn carry_out(decided: Decided) -> (Decided, Option<String>) {
    let (mut done, mut failure) = (Decided::new(), None);
    for (file, decision) in decided {
        let removed = match decision {
            FileDecision::Keep => Ok(()),
            FileDecision::Remove => sinks::remove(Path::new(&file.path)),
        };
        match removed {
            Ok(()) => done.push((file, decision)),
            Err(error) => failure = Some(format!("{} cannot be removed: {error}", file.path)),
        }
    }
    (done, failure)
}

pub(super) fn file_of(file: &FileSink, sink: &str, token: &Deliverable) -> DeliveredFile {
    DeliveredFile {
        path: file.path_of(&token.name),
        sink: sink.to_owned(),
        token: token.token,
    }
}
