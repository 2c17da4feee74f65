//! The command sink: a program gets the token on its standard input, and its exit code says whether it took it.

use std::io::ErrorKind;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::delivery::policy::SinkError;
use crate::model::{Deliverable, Expiry};
use crate::secret::Secret;

const PATIENCE: Duration = Duration::from_secs(60);
/// How much of a program's output is read, and how much of that an event keeps.
const READ: u64 = 64 * 1024;
const SHOWN: usize = 500;

/// Runs the program for one version. Its environment has three names, and nothing else of the daemon's.
pub(in crate::delivery) async fn run(
    words: &[String],
    token: &Deliverable,
    secret: &Secret,
) -> Result<(), SinkError> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(SinkError::Local("no command is configured".to_owned()));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PERENNIAL_TOKEN", &token.name)
        .env("PERENNIAL_VERSION", token.version.to_string())
        .env("PERENNIAL_EXPIRES_AT", expiry(token.expires_at))
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| SinkError::Local(not_started(program, &error)))?;
    let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let talked = timeout(PATIENCE, talk(&mut child, secret)).await;
    // What the program has started ends with it.
    let _ = group.map(|group| kill_process_group(group, Signal::KILL));
    match talked {
        Err(_) => Err(failed(format!(
            "{program} did not end within {} s",
            PATIENCE.as_secs()
        ))),
        Ok(Err(error)) => Err(failed(format!("{program} cannot be talked to: {error}"))),
        Ok(Ok((status, output))) if !status.success() => {
            let output = shown(&output, secret);
            Err(failed(format!("{program} ended with {status}{output}")))
        }
        Ok(Ok(_)) => Ok(()),
    }
}

fn failed(reason: String) -> SinkError {
    SinkError::Receiver {
        reason,
        retry_after: None,
    }
}

fn expiry(expires_at: Expiry) -> String {
    match expires_at {
        Expiry::At(at) => at.to_string(),
        Expiry::Never => "never".to_owned(),
        Expiry::Unknown => String::new(),
    }
}

/// Hands the token over and reads what the program says, at the same time: it may do both in any order. A program that
/// does not read its input is not wrong.
async fn talk(
    child: &mut Child,
    secret: &Secret,
) -> std::io::Result<(std::process::ExitStatus, Vec<u8>)> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            let written = stdin.write_all(secret.expose().as_bytes()).await;
            return match written {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
                written => written,
            };
        }
        Ok(())
    };
    let read = async {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let of_output = async {
            match stdout {
                Some(stdout) => stdout.take(READ).read_to_end(&mut output).await,
                None => Ok(0),
            }
        };
        let of_errors = async {
            match stderr {
                Some(stderr) => stderr.take(READ).read_to_end(&mut errors).await,
                None => Ok(0),
            }
        };
        tokio::try_join!(of_output, of_errors)?;
        errors.extend(output);
        Ok(errors)
    };
    let ended = async { child.wait().await };
    let ((), status, output) = tokio::try_join!(write, ended, read)?;
    Ok((status, output))
}

/// The first lines of what it said, errors first, without the token.
fn shown(output: &[u8], secret: &Secret) -> String {
    let text = String::from_utf8_lossy(output).replace(secret.expose(), "(the token)");
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let text = text.trim();
    match text.len() {
        0 => String::new(),
        length if length <= SHOWN => format!(": {text}"),
        _ => format!(": {}…", &text[..text.floor_char_boundary(SHOWN)]),
    }
}

fn not_started(program: &str, error: &std::io::Error) -> String {
    let help = match error.kind() {
        ErrorKind::PermissionDenied => {
            "; the unit lets the daemon run no other program: install the drop-in exec-hooks.conf, and make the program \
             executable for the user perennial"
        }
        ErrorKind::NotFound => "; correct `command`, or install the program",
        _ => "",
    };
    format!("{program} cannot be run: {error}{help}")
}
