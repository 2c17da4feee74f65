//! Sends through the local `sendmail` program. It gets sender, recipients and message, and handles each recipient
//! itself.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::delivery_error::{DeliveryError, within};
use super::message::{AcceptedRecipients, Mail};

const TIME: Duration = Duration::from_secs(60);

/// How much of the program's error output is kept.
const LONGEST_WORDS: u64 = 4096;

pub(super) async fn sendmail(
    program: &Path,
    mail: &Mail,
) -> Result<AcceptedRecipients, DeliveryError> {
    if mail.to.is_empty() {
        return Err(DeliveryError::Refused(
            "the email has no recipient".to_owned(),
        ));
    }
    let run = async { run(program, mail).await.map_err(|error| rejection(&error)) };
    let (status, rendered) = within(TIME, run).await?;
    if status.success() {
        return Ok(mail.accepted_by_all());
    }
    if rendered.trim().is_empty() {
        return Err(rejection(&status));
    }
    Err(rejection(&rendered))
}

fn rejection(why: &dyn std::fmt::Display) -> DeliveryError {
    DeliveryError::later(format!("the local mail program does not accept it: {why}"))
}

async fn run(program: &Path, mail: &Mail) -> io::Result<(ExitStatus, String)> {
    let mut child = command(program, mail).spawn()?;
    let rendered = child.stderr.take();
    let (written, rendered) = tokio::join!(write(&mut child, &mail.bytes), listen(rendered));
    let status = child.wait().await?;
    // If the program ended early, its exit status says more than the write error.
    if status.success() {
        written?;
    }
    Ok((status, rendered?))
}

fn command(program: &Path, mail: &Mail) -> Command {
    let mut command = Command::new(program);
    command
        .arg("-i")
        .arg("-f")
        .arg(&mail.from)
        .arg("--")
        .args(mail.to.iter().map(|to| &to.address))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn write(child: &mut Child, bytes: &[u8]) -> io::Result<()> {
    let Some(mut stdin) = child.stdin.take() else {
        return Ok(());
    };
    stdin.write_all(bytes).await?;
    stdin.shutdown().await
}

/// Reads to the end, so that the program does not block, and keeps the beginning.
async fn listen(stderr: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let Some(mut stderr) = stderr else {
        return Ok(String::new());
    };
    let mut rendered = Vec::new();
    (&mut stderr)
        .take(LONGEST_WORDS)
        .read_to_end(&mut rendered)
        .await?;
    tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await?;
    Ok(String::from_utf8_lossy(&rendered).into_owned())
}
