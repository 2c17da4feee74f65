//! The result of a command: its exit code, and its error message.

use std::io;

use super::hints;
use crate::api_client::Error as ClientError;
use crate::config::OnServer;
use crate::inventory;

/// The result of a command that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Yes,
    /// The command has already printed the reason.
    No,
}

/// What most functions here return: the result of the command, if they do not name another value or error.
pub type Result<T = Answer, E = Error> = std::result::Result<T, E>;

/// Why a command was not carried out. The last line of the message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The daemon refused the command, or its input was not usable.
    #[error("{0}")]
    Refused(String),
    /// The command line is wrong.
    #[error("{0}")]
    Usage(String),
    /// The daemon cannot be reached.
    #[error("{0}")]
    Unreachable(String),
    /// The output cannot be written, usually because its reader has closed it.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl Answer {
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
        }
    }
}

impl Error {
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Output(_) if self.is_broken_pipe() => 0,
            Self::Refused(_) | Self::Output(_) => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) => 3,
        }
    }

    /// `perennial tokens | head` ends like this; it is not an error.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<ClientError> for Error {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused(problem) => Self::Refused(hints::with_next_step(&problem)),
            ClientError::NotUnderstood { .. } => Self::Refused(error.to_string()),
            ClientError::Unreachable { .. } | ClientError::Interrupted(_) | ClientError::Silent => {
                Self::Unreachable(error.to_string())
            }
        }
    }
}

/// For commands that open the inventory themselves, without the daemon.
impl From<OnServer> for Error {
    fn from(error: OnServer) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<inventory::Error> for Error {
    fn from(error: inventory::Error) -> Self {
        let is_denied = matches!(
            &error,
            inventory::Error::Open { source, .. } if source.kind() == io::ErrorKind::PermissionDenied
        );
        Self::Refused(match is_denied {
            true => format!(
                "{error}\nOnly the daemon and root may open the inventory. Run this with sudo"
            ),
            false => error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::{Problem, ProblemType};

    #[test]
    fn exit_codes_are_as_documented() {
        let refused = Problem::new(ProblemType::NoSuchToken, "there is no token called x");
        let unreachable = ClientError::Unreachable {
            socket: "/run/p.sock".into(),
            source: io::ErrorKind::NotFound.into(),
        };
        for (error, expected) in [
            (Error::from(ClientError::Refused(Box::new(refused))), 1),
            (Error::Usage(String::new()), 2),
            (Error::from(unreachable), 3),
            (Error::from(ClientError::Silent), 3),
            (Error::from(io::Error::from(io::ErrorKind::BrokenPipe)), 0),
            (Error::from(io::Error::from(io::ErrorKind::StorageFull)), 1),
        ] {
            assert_eq!(error.exit_code(), expected, "{error:?}");
        }
        assert_eq!(Answer::Yes.exit_code(), 0);
        assert_eq!(Answer::No.exit_code(), 1);
    }
}
