//! Sets up logging: to the systemd journal if stderr is connected to it, otherwise to stderr. Keeps out what HTTP and
//! mail libraries would log of URLs and passwords.

use std::env;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::linux::fs::MetadataExt;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Level caps for libraries whose debug lines contain URLs with tokens or the dialogue with the mail server, and for
/// one that logs each of its steps.
const NOISY_TARGETS: [(&str, LevelFilter); 9] = [
    ("reqwest", LevelFilter::INFO),
    ("hyper", LevelFilter::INFO),
    ("hyper_util", LevelFilter::INFO),
    ("h2", LevelFilter::INFO),
    ("rustls", LevelFilter::INFO),
    ("lettre", LevelFilter::INFO),
    ("tower", LevelFilter::INFO),
    ("axum", LevelFilter::INFO),
    ("tokio_cron_scheduler", LevelFilter::WARN),
];

/// Starts logging. A second call changes nothing.
pub fn start() {
    let wanted = env::var("RUST_LOG").unwrap_or_default();
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

/// The requested filter, with the caps for noisy targets applied over it. What is no `target=level` is left out.
fn filter(wanted: &str) -> Targets {
    let kept: Vec<&str> = wanted
        .split(',')
        .map(str::trim)
        .filter(|directive| directive.split('=').all(|part| !part.is_empty()))
        .filter(|directive| !is_about_noisy_target(directive))
        .filter(|directive| directive.parse::<Targets>().is_ok())
        .collect();
    kept.join(",")
        .parse()
        .ok()
        .filter(|_| !kept.is_empty())
        .unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO))
        .with_targets(NOISY_TARGETS)
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
    use tracing::Level;

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
            let filter = filter(wanted);
            for (target, level) in NOISY_TARGETS {
                for target in [target.to_owned(), format!("{target}::client")] {
                    let too_much = [Level::INFO, Level::DEBUG, Level::TRACE]
                        .into_iter()
                        .find(|asked| *asked > level && filter.would_enable(&target, asked));
                    assert_eq!(too_much, None, "{wanted}: {filter}");
                }
            }
        }
    }

    #[test]
    fn levels_are_as_asked_and_otherwise_info() {
        for (wanted, perennial, other) in [
            ("", Level::INFO, Some(Level::INFO)),
            ("perennial=loud, =", Level::INFO, Some(Level::INFO)),
            (
                "warn,perennial::rotation=trace",
                Level::WARN,
                Some(Level::WARN),
            ),
            ("perennial=debug", Level::DEBUG, None),
            ("perennial=debug,reqwest=trace", Level::DEBUG, None),
        ] {
            let filter = filter(wanted);
            assert_eq!(most(&filter, "perennial"), Some(perennial), "{wanted}");
            assert_eq!(most(&filter, "other"), other, "{wanted}");
        }
    }

    fn most(filter: &Targets, target: &str) -> Option<Level> {
        let levels = [
            Level::TRACE,
            Level::DEBUG,
            Level::INFO,
            Level::WARN,
            Level::ERROR,
        ];
        levels
            .into_iter()
            .find(|level| filter.would_enable(target, level))
    }
}
