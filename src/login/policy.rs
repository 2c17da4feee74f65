//! What a login asks of Meta, and what Meta's answers mean. Pure.

use crate::token::Remedy;

/// What Meta's dialog does besides asking for what was never asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthType {
    /// Asks again for what was declined; without it the dialog leaves that out.
    Rerequest,
    /// Begins another 90 days of data access.
    Reauthorize,
}

impl AuthType {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rerequest => "rerequest",
            Self::Reauthorize => "reauthorize",
        }
    }
}

/// How the dialog is to be opened for this remedy.
pub const fn auth_type(remedy: Remedy, was_declined_before: bool) -> Option<AuthType> {
    match remedy {
        Remedy::GrantPermissions => Some(AuthType::Rerequest),
        Remedy::Reauthorize if !was_declined_before => Some(AuthType::Reauthorize),
        Remedy::Reauthorize
        | Remedy::Login
        | Remedy::RestorePageRole
        | Remedy::ClearCheckpoint
        | Remedy::FixApp
        | Remedy::Wait
            if was_declined_before =>
        {
            Some(AuthType::Rerequest)
        }
        Remedy::Reauthorize
        | Remedy::Login
        | Remedy::RestorePageRole
        | Remedy::ClearCheckpoint
        | Remedy::FixApp
        | Remedy::Wait => None,
    }
}
