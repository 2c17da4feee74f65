//! The command sink: a program gets the token on its standard input, and its exit code says whether it took it.

use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::sleep;

use crate::delivery::policy::SinkError;
use crate::model::{Deliverable, Expiry};
use crate::secret::Secret;

const PATIENCE: Duration = Duration::from_secs(60);
/// How much of a program's output is read, and how much of that an event keeps.
const READ: usize = 64 * 1024;
const SHOWN: usize = 500;

/// Runs the program for one version. Its environment has three names, and nothing else of the daemon's.
pub(in crate::delivery) async fn run(
    words: &[String],
    token: &Deliverable,
    secret: &Secret,
) -> Result<(), SinkError> {
    run_until(sleep(PATIENCE), words, token, secret).await
}

async fn run_until(
    limit: impl Future,
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
    let talked = tokio::select! {
        talked = talk(&mut child, secret) => Some(talked),
        _ = limit => None,
    };
    // What the program has started ends with it.
    let _ = group.map(|group| kill_process_group(group, Signal::KILL));
    match talked {
        None => Err(failed(format!(
            "{program} did not end within {} s",
            PATIENCE.as_secs()
        ))),
        Some(Err(error)) => Err(failed(format!("{program} cannot be talked to: {error}"))),
        Some(Ok((status, output))) if !status.success() => {
            let output = shown(&output, secret);
            Err(failed(format!("{program} ended with {status}{output}")))
        }
        Some(Ok(_)) => Ok(()),
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

/// Hands the token over and reads what the program says, at the same time: it may do both in any order, or neither. It
/// is done when it ends, even if another process still holds its pipes.
async fn talk(child: &mut Child, secret: &Secret) -> io::Result<(ExitStatus, Vec<u8>)> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut output, mut errors) = (Output::new(stdout), Output::new(stderr));
    let conversation =
        async { tokio::try_join!(write(stdin, secret), output.read(), errors.read()) };
    let status = tokio::select! {
        status = child.wait() => status?,
        talked = conversation => {
            talked?;
            child.wait().await?
        }
    };
    Ok((status, [errors.all(secret)?, output.all(secret)?].concat()))
}

async fn write(stdin: Option<ChildStdin>, secret: &Secret) -> io::Result<()> {
    let Some(mut stdin) = stdin else {
        return Ok(());
    };
    match stdin.write_all(secret.expose().as_bytes()).await {
        // A program that does not read its input is not wrong.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// What a program says through one of its pipes.
struct Output<P> {
    pipe: Option<P>,
    text: Vec<u8>,
}

impl<P: AsyncRead + AsFd + Unpin> Output<P> {
    const fn new(pipe: Option<P>) -> Self {
        let text = Vec::new();
        Self { pipe, text }
    }

    /// Reads to the end. Only the start is kept, but a program may say more.
    async fn read(&mut self) -> io::Result<()> {
        let Some(pipe) = &mut self.pipe else {
            return Ok(());
        };
        let mut part = [0; 4 * 1024];
        while let length @ 1.. = pipe.read(&mut part).await? {
            keep(&mut self.text, &part[..length]);
        }
        Ok(())
    }

    /// Adds what the program said last, without waiting for others who may hold the pipe. A token that is cut off at the
    /// end is left out, because it would not be recognized.
    fn all(mut self, secret: &Secret) -> io::Result<Vec<u8>> {
        let mut part = vec![0; READ];
        let rest = self
            .pipe
            .map(|pipe| rustix::io::read(pipe, part.as_mut_slice()));
        match rest {
            Some(Ok(length)) => keep(&mut self.text, &part[..length]),
            Some(Err(Errno::AGAIN)) | None => {}
            Some(Err(error)) => return Err(error.into()),
        }
        if self.text.len() == READ {
            remove_part(&mut self.text, secret.expose().as_bytes());
        }
        Ok(self.text)
    }
}

/// Removes the start of a token from the end of a text.
fn remove_part(text: &mut Vec<u8>, token: &[u8]) {
    let is_there = |length: &usize| text.ends_with(&token[..*length]);
    let length = (1..token.len()).rev().find(is_there);
    text.truncate(text.len() - length.unwrap_or_default());
}

fn keep(text: &mut Vec<u8>, part: &[u8]) {
    let room = READ - text.len();
    text.extend_from_slice(part.get(..room).unwrap_or(part));
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

fn not_started(program: &str, error: &io::Error) -> String {
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

#[cfg(test)]
mod tests;
