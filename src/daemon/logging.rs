//! Sets up logging: to the systemd journal if stderr is connected to it, otherwise to stderr. Keeps out what HTTP and
//! mail libraries would log of URLs and passwords.

use std::env;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::linux::fs::MetadataExt;

use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Level caps for libraries whose debug lines contain URLs with tokens or the dialogue with the mail server, and for
/// one that logs each of its steps.
const NOISY_TARGETS: [(&str, &str); 9] = [
    ("reqwest", "info"),
    ("hyper", "info"),
    ("hyper_util", "info"),
    ("h2", "info"),
    ("rustls", "info"),
    ("lettre", "info"),
    ("tower", "info"),
    ("axum", "info"),
    ("tokio_cron_scheduler", "warn"),
];

/// Starts logging. A second call changes nothing.
pub fn start() {
    let wanted = env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    let registry = tracing_subscriber::registry().with(filter(&wanted));
    let journal = stderr_is_journal()
        .then(tracing_journald::layer)
        .and_then(Result::ok);
    // Fails only if logging is already set up.
    let _ = match journal {
        Some(journal) => registry
            .with(journal.with_field_prefix(Some("PERENNIAL".to_owned())))
            .try_init(),
        None => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_writer(io::stderr)
                    .with_ansi(io::stderr().is_terminal()),
            )
            .try_init(),
    };
}

/// The requested filter, with the caps for noisy targets applied over it.
fn filter(wanted: &str) -> EnvFilter {
    let kept = wanted
        .split(',')
        .map(str::trim)
        .filter(|directive| !is_about_noisy_target(directive));
    let capped = NOISY_TARGETS
        .iter()
        .map(|(target, level)| format!("{target}={level}"));
    let directives: Vec<String> = kept.map(str::to_owned).chain(capped).collect();
    EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse_lossy(directives.join(","))
}

fn is_about_noisy_target(directive: &str) -> bool {
    let target = directive.split(['=', '[', ':']).next().unwrap_or_default();
    NOISY_TARGETS.iter().any(|(noisy, _)| *noisy == target)
}

/// `JOURNAL_STREAM` holds the device and inode of the stream that systemd connected to the journal.
fn stderr_is_journal() -> bool {
    let Ok(stream) = env::var("JOURNAL_STREAM") else {
        return false;
    };
    identity(io::stderr().as_fd()).is_ok_and(|here| here == stream)
}

/// Read from the open stream, because `/proc/self` belongs to root in a process that writes no core files.
fn identity(stream: BorrowedFd<'_>) -> io::Result<String> {
    let stream = File::from(stream.try_clone_to_owned()?).metadata()?;
    Ok(format!("{}:{}", stream.st_dev(), stream.st_ino()))
}

/// Logs the location of a panic but not its message, which may contain secrets.
pub fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(
            place,
            "the daemon cannot continue because of a bug. Please report it with the place in the code"
        );
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_known_by_device_and_inode() {
        let file = tempfile::tempfile().unwrap();
        let found = file.metadata().unwrap();
        let expected = format!("{}:{}", found.st_dev(), found.st_ino());
        assert_eq!(identity(file.as_fd()).unwrap(), expected);
    }

    #[test]
    fn libraries_that_print_secrets_are_capped_whatever_is_asked() {
        for wanted in [
            "trace",
            "reqwest=trace",
            "hyper::client=trace,debug",
            "lettre[span]=debug",
        ] {
            let filter = filter(wanted).to_string();
            for (target, level) in NOISY_TARGETS {
                assert!(
                    filter.contains(&format!("{target}={level}")),
                    "{wanted}: {filter}"
                );
                assert!(
                    !filter.contains(&format!("{target}=trace")),
                    "{wanted}: {filter}"
                );
                assert!(
                    !filter.contains(&format!("{target}::")),
                    "{wanted}: {filter}"
                );
            }
        }
        assert!(
            filter("perennial=debug")
                .to_string()
                .contains("perennial=debug")
        );
    }
}
