//! A problem in a configuration: where it is and how to fix it.

use std::fmt;
use std::path::PathBuf;

/// One problem that an operator must look at. Never contains the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub file: PathBuf,
    pub line: Option<usize>,
    /// Section and key, such as `[rotation] check_every`; empty for the file as a whole.
    pub place: String,
    pub message: String,
}

/// Everything that must be fixed before the file can be used, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct DiagnosticList(pub Vec<Diagnostic>);

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if !self.place.is_empty() {
            write!(f, " {}:", self.place)?;
        }
        write!(f, " {}", self.message)
    }
}

impl fmt::Display for DiagnosticList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems: Vec<String> = self.0.iter().map(Diagnostic::to_string).collect();
        f.write_str(&problems.join("\n"))
    }
}

/// A position in the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub(super) line: Option<usize>,
    /// The section as written in its header, such as `[rotation]`; empty at the top of the file.
    pub(super) header: String,
    pub(super) key: String,
}

impl Place {
    /// The dotted path of the key, as a section below it would be named.
    pub(super) fn path(&self) -> String {
        match self.header.trim_matches(['[', ']']) {
            "" => self.key.clone(),
            section => format!("{section}.{}", self.key),
        }
    }
}

/// Begins a message with a value of the file.
pub(super) fn quoting(value: &str, message: &str) -> String {
    format!("{} {message}", quoted(value))
}

/// Quotes a value of the file for a message: shortened, and without control characters.
pub(super) fn quoted(value: &str) -> String {
    const SHOWN: usize = 40;
    if value.chars().count() <= SHOWN {
        return format!("{value:?}");
    }
    let beginning: String = value.chars().take(SHOWN).collect();
    format!("{:?}", beginning + "…")
}
