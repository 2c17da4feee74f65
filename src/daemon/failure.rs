//! Why the daemon does not run, and whether starting it again would help.

use std::process::ExitCode;

use crate::inventory;

/// Why the daemon does not run, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Starting again would not help: a person must change something first.
    #[error("{0}")]
    NotAsItIs(String),
    #[error("{0}")]
    Passing(String),
}

/// sysexits' EX_CONFIG; the unit does not restart on it.
const EX_CONFIG: u8 = 78;
impl Failure {
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::NotAsItIs(_) => ExitCode::from(EX_CONFIG),
            Self::Passing(_) => ExitCode::FAILURE,
        }
    }

    pub(super) fn passing(error: impl std::fmt::Display) -> Self {
        Self::Passing(error.to_string())
    }
}

impl From<inventory::Error> for Failure {
    fn from(error: inventory::Error) -> Self {
        use inventory::Error as E;
        match error {
            // There may be room by the next start.
            E::Open { .. } if error.is_full_disk() => Self::passing(error),
            E::NewerSchema { .. }
            | E::NotAnInventory(_)
            | E::WrongKey { .. }
            | E::UnsafeSqlite(_)
            | E::Unsealable(_)
            | E::Damaged { .. }
            | E::Open { .. }
            | E::Foreign(_) => Self::NotAsItIs(error.to_string()),
            E::InUse(_)
            | E::NoRoom { .. }
            | E::Taken(_)
            | E::Storage(_)
            | E::Unwritable(_)
            | E::Closed
            | E::NoRandomness => Self::passing(error),
        }
    }
}
