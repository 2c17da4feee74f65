//! Writes the metrics into a file, from which a collector such as node exporter reads them.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::worker::{Context, Job};
use crate::api::metrics::Format;
use crate::files;
use crate::inventory::Error;
use crate::model::Duty;

/// The file is never older than this.
const AT_LEAST_EVERY: Duration = Duration::from_secs(60);
/// Collectors read it less often than this, however quickly sweeps follow each other.
const REST: Duration = Duration::from_secs(5);

const JOB: &str = "metrics textfile";

/// Writes the file after each sweep, and at least once a minute.
pub(super) struct Textfile {
    pub(super) path: PathBuf,
}

impl Job for Textfile {
    const AT_LEAST_EVERY: Duration = AT_LEAST_EVERY;

    fn duty(&self) -> Option<Duty> {
        None
    }

    async fn run_once(&mut self, context: &Context, _: Timestamp) -> Result<(), Error> {
        self.write(context).await?;
        context.stop.run_until_cancelled(sleep(REST)).await;
        Ok(())
    }
}

impl Textfile {
    async fn write(&self, context: &Context) -> Result<(), Error> {
        // The worker of the configuration before may be in the middle of the same file.
        let turn = context.shared.files.of(JOB, &context.stop).await;
        let Some(turn) = turn else {
            return Ok(());
        };
        let text = context.shared.metrics.text(Format::Classic);
        let path = self.path.clone();
        let written = spawn_blocking(move || {
            let written = files::write_readable(&path, text.as_bytes());
            drop(turn);
            written
        });
        let written = written.await.map_err(|_| Error::Closed)?;
        let error = written.err().map(|error| explained(&self.path, &error));
        context.report_side_job(JOB, error);
        Ok(())
    }
}

fn explained(path: &Path, error: &io::Error) -> String {
    let help = match error.kind() {
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            ". Under systemd, install the drop-in metrics-textfile.conf, which allows it, for this folder"
        }
        ErrorKind::NotFound => ". Create its folder, or change [metrics] textfile",
        _ => "",
    };
    format!(
        "the metrics cannot be written to {}: {error}{help}",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_to_do() {
        for (kind, expected) in [
            (ErrorKind::ReadOnlyFilesystem, "metrics-textfile.conf"),
            (ErrorKind::PermissionDenied, "metrics-textfile.conf"),
            (ErrorKind::NotFound, "Create its folder"),
            (ErrorKind::StorageFull, "/a.prom"),
        ] {
            let error = explained(Path::new("/a.prom"), &kind.into());
            assert!(error.contains(expected), "{error}");
        }
    }
}
