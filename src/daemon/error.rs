//! Why the daemon does not run, and whether a restart can help.

use std::process::ExitCode;

use crate::inventory;

/// Why the daemon did not start, or why it ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A restart does not help; the operator must change something first.
    #[error("{0}")]
    Misconfigured(String),
    #[error("{0}")]
    Temporary(String),
}

/// EX_CONFIG of sysexits(3). The systemd unit does not restart on it.
const EX_CONFIG: u8 = 78;
impl Error {
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Misconfigured(_) => ExitCode::from(EX_CONFIG),
            Self::Temporary(_) => ExitCode::FAILURE,
        }
    }

    pub(super) fn temporary(error: impl std::fmt::Display) -> Self {
        Self::Temporary(error.to_string())
    }
}

impl From<inventory::Error> for Error {
    fn from(error: inventory::Error) -> Self {
        use inventory::Error as E;
        match error {
            E::Server(ref why) if why.is_permanent() => Self::Misconfigured(error.to_string()),
            // There may be free space at the next start.
            E::Open { .. } if error.is_full_disk() => Self::temporary(error),
            E::NewerSchema { .. }
            | E::NotAnInventory(_)
            | E::Prerelease(_)
            | E::Moved(_)
            | E::WrongKey { .. }
            | E::UnsafeSqlite(_)
            | E::NotFile
            | E::Unsealable(_)
            | E::Damaged { .. }
            | E::Open { .. }
            | E::Foreign(_) => Self::Misconfigured(error.to_string()),
            E::InUse(_)
            | E::WrongTotals
            | E::Move(_)
            | E::NodesRunning { .. }
            | E::Server(_)
            | E::NoRoom { .. }
            | E::Taken(_)
            | E::Storage(_)
            | E::Unwritable(_)
            | E::DutyLost(_)
            | E::Closed
            | E::NoRandomness => Self::temporary(error),
        }
    }
}
