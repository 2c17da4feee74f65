//! Why an email was not delivered, sorted by what that means for this email and for the others.

use std::error::Error as _;
use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use lettre::transport::smtp;

/// Reasons are kept for the status; more of a server's text is of no use.
const LONGEST_REASON: usize = 240;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DeliveryError {
    /// The mail path as a whole fails, so no other email would get through now.
    Path(String),
    /// This email failed temporarily.
    Later(String),
    /// This email fails until a person changes something.
    Refused(String),
}

impl DeliveryError {
    pub(super) fn path(reason: impl Display) -> Self {
        Self::Path(presentable(&reason.to_string()))
    }

    pub(super) fn later(reason: impl Display) -> Self {
        Self::Later(presentable(&reason.to_string()))
    }

    pub(super) fn refused(reason: impl Display) -> Self {
        Self::Refused(presentable(&reason.to_string()))
    }

    pub(super) fn reason(&self) -> &str {
        match self {
            Self::Path(reason) | Self::Later(reason) | Self::Refused(reason) => reason,
        }
    }

    /// Classifies a server's answer to an email.
    pub(super) fn of_answer(error: &smtp::Error) -> Self {
        let describe = describe(error);
        match error.status().map(u16::from) {
            // "Service not available, closing transmission channel"
            Some(421) => Self::path(format!(
                "the mail server is closing the connection (421): {describe}"
            )),
            Some(code) if error.is_transient() => Self::later(format!(
                "the mail server does not accept it for now ({code}): {describe}"
            )),
            Some(code) => Self::refused(format!("the mail server refuses it ({code}): {describe}")),
            None => Self::path(format!(
                "the connection to the mail server broke: {describe}"
            )),
        }
    }

    /// A refused sender affects all emails.
    pub(super) fn of_sender(self) -> Self {
        match self {
            Self::Refused(reason) => Self::Path(format!("the sender is not accepted: {reason}")),
            Self::Path(_) | Self::Later(_) => self,
        }
    }

    /// An error before any email was offered.
    pub(super) fn of_connection(error: &smtp::Error) -> Self {
        Self::path(format!("cannot reach the mail server: {}", describe(error)))
    }
}

fn describe(error: &smtp::Error) -> String {
    let source = error.source();
    source.map_or_else(|| error.to_string(), ToString::to_string)
}

/// Waits at most for `limit`, so that a silent server does not block the queue.
pub(super) async fn within<T>(
    limit: Duration,
    task: impl Future<Output = Result<T, DeliveryError>>,
) -> Result<T, DeliveryError> {
    let done = tokio::time::timeout(limit, task).await;
    done.unwrap_or_else(|_| {
        Err(DeliveryError::path(
            "the mail server does not answer in time",
        ))
    })
}

/// One short line without email addresses, because viewers of the status may read it.
pub(super) fn presentable(reason: &str) -> String {
    let visible = reason.replace(|c: char| c.is_control(), " ");
    let words = visible
        .split_whitespace()
        .map(|word| match word.contains('@') {
            true => "<address>",
            false => word,
        });
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_nobody() {
        assert_eq!(
            presentable("5.1.1 <maria@example.com>:\r\n Recipient unknown"),
            "5.1.1 <address> Recipient unknown"
        );
        assert!(presentable(&"long ".repeat(500)).len() <= LONGEST_REASON);
    }
}
