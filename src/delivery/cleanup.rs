//! Removes the files of sinks that are gone, of tokens that were renamed, and of the dead where their sink says so.

use std::path::Path;

use super::policy::{FileDecision, OfSink, file_decision, gets};
use super::{FileSink, Sink, sinks};
use crate::inventory::{Error, Inventory, Tx, View};
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
        let known = sinks.to_vec();
        let record = inventory.write(move |tx| record(tx, &known, &done));
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

/// A token may have gone since its file was looked at. The file is then looked at again.
fn record(tx: &Tx<'_>, sinks: &[Sink], done: &Decided) -> Result<(), Error> {
    done.iter().try_for_each(|(file, decision)| match decision {
        FileDecision::Keep => match decide(tx, sinks, file)? {
            FileDecision::Keep => tx.keep_delivered_file(&file.path),
            FileDecision::Remove => Ok(()),
        },
        FileDecision::Remove => tx.forget_delivered_file(&file.path),
    })
}

/// Remembers files that are about to be written. Returns which of them may be: those of tokens that are still there. A
/// token that goes from now on has its file removed.
pub(super) fn announce(tx: &Tx<'_>, files: &[DeliveredFile]) -> Result<Vec<bool>, Error> {
    let announce = |file: &DeliveredFile| {
        if tx.described(file.token)?.is_none() {
            return Ok(false);
        }
        tx.record_delivered_file(file)?;
        tx.other_files_are_stale(file)?;
        Ok(true)
    };
    files.iter().map(announce).collect()
}

pub(super) fn file_of(file: &FileSink, sink: &str, token: &Deliverable) -> DeliveredFile {
    DeliveredFile {
        path: file.path_of(&token.name),
        sink: sink.to_owned(),
        token: token.token,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::{FileFormat, Target};
    use crate::inventory::{Imported, NewToken, Settings};
    use crate::model::{OnDead, Scopes, TokenId};
    use crate::secret::{Key, Secret};

    fn sink() -> Sink {
        Sink {
            name: "bot".to_owned(),
            tokens: vec!["*".to_owned()],
            target: Target::File(FileSink {
                path: "/t/{name}".to_owned(),
                readers: Vec::new(),
                format: FileFormat::Raw,
            }),
            on_dead: OnDead::Remove,
            grace: None,
        }
    }

    async fn imported(inventory: &Inventory) -> TokenId {
        let new = NewToken {
            app: "acme".to_owned(),
            name: Some("ada".to_owned()),
            secret: Secret::new("EAAone"),
            owners: Vec::new(),
            required_scopes: Scopes::default(),
            parent: None,
            subject_name: None,
        };
        let now = "2026-12-01T12:00:00Z".parse().unwrap();
        let imported = inventory.write(move |tx| tx.import(&new, now));
        match imported.await.unwrap() {
            Imported::Added { id, .. } => id,
            other => panic!("{other:?}"),
        }
    }

    fn file(token: TokenId) -> DeliveredFile {
        DeliveredFile {
            path: "/t/ada".to_owned(),
            sink: "bot".to_owned(),
            token,
        }
    }

    fn open(folder: &tempfile::TempDir) -> Inventory {
        let path = folder.path().join("inventory.db");
        Inventory::open(&Settings::of_file(&path, Key::generate().unwrap())).unwrap()
    }

    async fn write<T: Send + 'static>(
        inventory: &Inventory,
        job: impl FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        inventory.write(job).await.unwrap()
    }

    #[tokio::test]
    async fn a_token_that_is_removed_before_its_file_is_written_gets_none() {
        let folder = tempfile::tempdir().unwrap();
        let inventory = open(&folder);
        let token = imported(&inventory).await;
        let announced = write(&inventory, move |tx| announce(tx, &[file(token)])).await;
        assert_eq!(announced, [true]);
        write(&inventory, move |tx| {
            tx.forget(token)?;
            tx.forget_delivered_file("/t/ada")
        })
        .await;
        let announced = write(&inventory, move |tx| announce(tx, &[file(token)])).await;
        assert_eq!(announced, [false]);
        write(&inventory, |tx| tx.all_files_are_stale()).await;
        let known = inventory.read(|view| view.stale_files("", 9)).await;
        assert_eq!(known.unwrap(), []);
    }

    #[tokio::test]
    async fn a_token_that_is_removed_while_its_file_is_looked_at_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let inventory = open(&folder);
        let token = imported(&inventory).await;
        write(&inventory, move |tx| {
            tx.record_delivered_file(&file(token))?;
            tx.all_files_are_stale()
        })
        .await;

        let looked = inventory.read(|view| decided(view, &[sink()], ""));
        let looked = looked.await.unwrap();
        assert_eq!(looked, [(file(token), FileDecision::Keep)]);
        write(&inventory, move |tx| tx.forget(token)).await;
        write(&inventory, move |tx| record(tx, &[sink()], &looked)).await;
        let stale = inventory.read(|view| decided(view, &[sink()], ""));
        assert_eq!(stale.await.unwrap(), [(file(token), FileDecision::Remove)]);
    }
}
