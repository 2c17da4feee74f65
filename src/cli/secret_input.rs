//! Reads a secret from a hidden prompt or from a file, never from the command line.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::{Error, Result};
use crate::secret::Secret;

/// Anything longer is not a secret but a wrong file.
const LONGEST: u64 = 64 * 1024;

/// Prompts without showing what is typed. `instead` says what to do without a terminal.
pub(super) fn prompt(question: &str, instead: &str) -> Result<Secret> {
    let typed = rpassword::prompt_password(format!("{question} (it is not shown): "));
    typed
        .map(|typed| Secret::trimmed(&typed))
        .map_err(|error| Error::Refused(format!("The prompt cannot be read: {error}\n{instead}")))
}

/// Reads the only line of a file, or of standard input for `-`.
pub(super) fn from_file(path: &Path) -> Result<Secret> {
    let is_standard_input = path == Path::new("-");
    let refused = |why: &str| {
        let name = if is_standard_input {
            "standard input".to_owned()
        } else {
            path.display().to_string()
        };
        Error::Refused(format!(
            "No secret can be read from {name}: {why}\nName a file that contains only the secret, or - for standard \
             input"
        ))
    };
    let source = if is_standard_input {
        Ok(Box::new(io::stdin()) as Box<dyn Read>)
    } else {
        File::open(path).map(|file| Box::new(file) as Box<dyn Read>)
    };
    let source = source.map_err(|error| refused(&error.to_string()))?;
    let mut text = String::new();
    let read = source.take(LONGEST).read_to_string(&mut text);
    read.map_err(|error| refused(&error.to_string()))?;
    let secret = Secret::trimmed(&text);
    match () {
        () if secret.is_empty() => Err(refused("it is empty")),
        () if text.trim().contains(char::is_control) => Err(refused("it has several lines")),
        () => Ok(secret),
    }
}
