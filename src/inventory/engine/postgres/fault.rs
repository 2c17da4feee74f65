//! What a server answers when it does not do what it is asked. The values of the statement are never a part of it, so the
//! details that a server adds are left away.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

/// An error of a server, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::inventory::engine) struct Fault {
    kind: FaultKind,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::inventory::engine) enum FaultKind {
    /// The connection is gone, or there is none: connect again.
    Lost,
    /// No answer came in time: connect again, and do not ask the same once more.
    Silent,
    /// The server takes no writes: connect again, perhaps to another one.
    Standby,
    /// The server's disk is full.
    Full,
    /// Another session holds a lock.
    Locked,
    /// Another transaction was in the way: what was done is undone, and may be done again.
    Conflict,
    /// Another version of the program has changed the schema.
    OtherSchema,
    /// The same may work later.
    Passing,
    /// The statement, or what it would write, is wrong.
    Statement,
}

impl Fault {
    pub(super) fn new(kind: FaultKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }

    pub(super) fn silent(after: Duration) -> Self {
        let text = format!("the server has not answered within {} s", after.as_secs());
        Self::new(FaultKind::Silent, text)
    }

    pub(in crate::inventory::engine) const fn kind(&self) -> FaultKind {
        self.kind
    }

    /// Whether the connection is of no more use.
    pub(super) const fn ends_connection(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::Lost | FaultKind::Silent | FaultKind::Standby
        )
    }

    /// Names the server.
    pub(super) fn of(self, server: &dyn fmt::Display) -> Self {
        Self {
            text: format!("{server}: {}", self.text),
            ..self
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Fault {}

impl From<&tokio_postgres::Error> for Fault {
    fn from(error: &tokio_postgres::Error) -> Self {
        if let Some(answer) = error.as_db_error() {
            let code = answer.code().code();
            return Self::new(kind(code), format!("{} ({code})", answer.message()));
        }
        let kind = if is_of_values(error) {
            FaultKind::Statement
        } else {
            FaultKind::Lost
        };
        Self::new(kind, described(error))
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::from(&error)
    }
}

/// What a code of PostgreSQL means to us: see its Appendix A.
fn kind(code: &str) -> FaultKind {
    match code {
        // Ended by an administrator, a crash, or a limit; starting or stopping; too many connections.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "53300" => FaultKind::Lost,
        // A prepared statement that is gone, or that does not suit the tables any more: another session prepares it anew.
        "26000" | "0A000" => FaultKind::Lost,
        "25006" => FaultKind::Standby,
        "53100" => FaultKind::Full,
        "55P03" => FaultKind::Locked,
        "40001" | "40P01" => FaultKind::Conflict,
        // A statement that took too long; out of memory; an error of the server's disk; a permission that is missing.
        "57014" | "53200" | "58030" | "42501" => FaultKind::Passing,
        _ if code.starts_with("08") => FaultKind::Lost,
        _ if code.starts_with("XX") => FaultKind::Passing,
        _ => FaultKind::Statement,
    }
}

/// Whether a value did not suit its place, so that nothing was sent.
fn is_of_values(error: &tokio_postgres::Error) -> bool {
    let text = error.to_string();
    [
        "error serializing",
        "error deserializing",
        "expected",
        "invalid column",
    ]
    .iter()
    .any(|start| text.starts_with(start))
}

/// The error with all its sources, down to the operating system's message.
fn described(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_connection_and_what_does_not() {
        for (code, expected) in [
            ("57P01", FaultKind::Lost),
            ("08006", FaultKind::Lost),
            ("25006", FaultKind::Standby),
            ("53100", FaultKind::Full),
            ("40P01", FaultKind::Conflict),
            ("23505", FaultKind::Statement),
            ("42P01", FaultKind::Statement),
        ] {
            let fault = Fault::new(kind(code), "");
            assert_eq!(fault.kind(), expected, "{code}");
        }
        assert!(Fault::silent(Duration::from_secs(1)).ends_connection());
        assert!(!Fault::new(FaultKind::Full, "").ends_connection());
    }
}
