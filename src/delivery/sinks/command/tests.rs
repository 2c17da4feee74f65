//! What a program may do with its input, its output and its time.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::stat::Mode;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::*;
use crate::delivery::policy::fixtures::wanted;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Far more than any of these programs takes, and far less than a program may.
const SOON: Duration = Duration::from_secs(20);

/// A shell script as a command. It gets the paths as `$0` and `$1`.
fn script(text: &str, paths: &[&Path]) -> Vec<String> {
    let paths = paths.iter().map(|path| path.display().to_string());
    let words = ["/bin/sh", "-c", text].map(str::to_owned);
    words.into_iter().chain(paths).collect()
}

async fn run_script(
    text: &str,
    paths: &[&Path],
    secret: &str,
) -> Result<std::result::Result<(), SinkError>> {
    let (words, secret) = (script(text, paths), Secret::new(secret));
    Ok(timeout(SOON, run(&words, &wanted(), &secret)).await?)
}

/// The reason for a failure that is due to the program.
fn reason(ended: std::result::Result<(), SinkError>) -> String {
    match ended {
        Err(SinkError::Receiver { reason, .. }) => reason,
        other => format!("{other:?}"),
    }
}

fn fifo(folder: &tempfile::TempDir, name: &str) -> Result<PathBuf> {
    let path = folder.path().join(name);
    nix::unistd::mkfifo(&path, Mode::S_IRWXU)?;
    Ok(path)
}

/// Something that becomes known in another thread.
type Soon<T> = oneshot::Receiver<T>;

/// The first line that comes out of a fifo, and then that all who could write to it have ended.
fn watch(fifo: PathBuf) -> (Soon<String>, Soon<()>) {
    let ((line, first), (end, last)) = (oneshot::channel(), oneshot::channel());
    std::thread::spawn(move || -> io::Result<()> {
        let (mut lines, mut text) = (BufReader::new(File::open(fifo)?), String::new());
        lines.read_line(&mut text)?;
        let _ = line.send(text);
        lines.read_to_end(&mut Vec::new())?;
        let _ = end.send(());
        Ok(())
    });
    (first, last)
}

#[tokio::test]
async fn a_program_that_takes_too_long_ends_with_all_that_it_has_started() -> Result {
    let folder = tempfile::tempdir()?;
    let (alive, never) = (fifo(&folder, "alive")?, fifo(&folder, "never")?);
    let waits = "exec 3>\"$0\"; (read -r line <\"$1\") & echo started >&3; read -r line <\"$1\"";
    let words = script(waits, &[&alive, &never]);
    let (started, ended) = watch(alive);
    let (token, secret) = (wanted(), Secret::new("EAAcanary".repeat(100_000)));
    let limit = async { drop(started.await) };
    let ran = timeout(SOON, run_until(limit, &words, &token, &secret)).await?;
    assert_eq!(reason(ran), "/bin/sh did not end within 60 s");
    timeout(SOON, ended).await??;
    Ok(())
}

#[tokio::test]
async fn what_a_program_leaves_behind_ends_with_it_and_its_exit_code_decides() -> Result {
    let folder = tempfile::tempdir()?;
    let (alive, never) = (fifo(&folder, "alive")?, fifo(&folder, "never")?);
    let leaves = "exec 3>\"$0\"; echo started >&3; (read -r line <\"$1\") & echo no; exit 3";
    let (_, ended) = watch(alive.clone());
    let ran = run_script(leaves, &[&alive, &never], "EAAcanary").await?;
    assert_eq!(reason(ran), "/bin/sh ended with exit status: 3: no");
    timeout(SOON, ended).await??;
    Ok(())
}

/// A program may start another one that goes on, as a shell does without `setsid` only for a moment.
#[tokio::test]
async fn a_program_that_goes_on_elsewhere_with_the_pipes_delays_nothing() -> Result {
    let folder = tempfile::tempdir()?;
    let (never, ready) = (fifo(&folder, "never")?, fifo(&folder, "ready")?);
    let goes_on = "exec 4<&0; \
        setsid sh -c 'echo >\"$1\"; read -r line <\"$0\"' \"$0\" \"$1\" <&4 & \
        read -r line <\"$1\"; echo yes; exit $2";
    let large = "EAAcanary".repeat(100_000);
    for (exit_code, expected) in [
        ("0", "Ok(())"),
        ("3", "/bin/sh ended with exit status: 3: yes"),
    ] {
        let ran = run_script(goes_on, &[&never, &ready, Path::new(exit_code)], &large).await;
        // It reads from here until now.
        OpenOptions::new()
            .write(true)
            .open(&never)?
            .write_all(b"\n")?;
        assert_eq!(reason(ran?), expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_program_need_not_read_the_token() -> Result {
    let large = "EAAcanary".repeat(100_000);
    for unread in ["exit 0", "exec <&-; exit 0", "exec <&- >&- 2>&-; exit 0"] {
        let ran = run_script(unread, &[], &large).await?;
        assert_eq!(ran, Ok(()), "{unread}");
    }
    let read = "[ \"$(wc -c)\" -eq 900000 ]";
    assert_eq!(run_script(read, &[], &large).await?, Ok(()));
    Ok(())
}

#[tokio::test]
async fn only_the_exit_code_says_whether_a_program_took_the_token() -> Result {
    for (said, expected) in [
        ("echo failed >&2; exit 0", "Ok(())"),
        // More than is kept, and more than a pipe holds.
        ("yes | head -c 1000000; exit 0", "Ok(())"),
        ("yes | head -c 1000000 >&2", "Ok(())"),
        ("exit 1", "/bin/sh ended with exit status: 1"),
        ("kill -9 $$", "/bin/sh ended with signal: 9 (SIGKILL)"),
        (
            "echo out; echo err >&2; exit 75",
            "/bin/sh ended with exit status: 75: err out",
        ),
    ] {
        let ran = run_script(said, &[], "EAAcanary").await?;
        assert_eq!(reason(ran), expected, "{said}");
    }
    Ok(())
}

#[tokio::test]
async fn what_a_program_says_is_cut_and_never_has_the_token() -> Result {
    // As long as any that is imported, so that only a few of them are read.
    let long = format!("EAA{}", "canary".repeat(1_364));
    let says = [
        "read -r token; yes \"$token\" | head -c 1000000 >&2; exit 3",
        "read -r token; yes \"$token\" | head -c 1000000; exit 3",
        "read -r token; yes x | head -c 490; echo \"$token\"; yes \"y$token\" | head -c 60000; exit 3",
    ];
    for (said, token) in says
        .into_iter()
        .flat_map(|said| [(said, &long[..]), (said, "EAAcanary")])
    {
        let reason = reason(run_script(said, &[], token).await?);
        assert!(
            reason.starts_with("/bin/sh ended with exit status: 3: "),
            "{reason}"
        );
        assert!(reason.contains("(the token"), "{said}: {reason}");
        assert!(!reason.contains("EAA"), "{said}: {reason}");
        assert!(reason.len() < 600, "{said}: {reason}");
    }
    Ok(())
}
