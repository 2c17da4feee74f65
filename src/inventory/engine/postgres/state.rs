//! Where a transaction is, and how the server knows it.

/// Where a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// There is none.
    Idle,
    Open,
    /// The server takes nothing more of it until it goes back to a savepoint.
    Failed,
    /// It is gone with its session.
    Lost,
}

/// A transaction as the server knows it. After a standby has taken over, the history is another one, and so is the
/// transaction of that number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) number: String,
    pub(super) history: String,
}
