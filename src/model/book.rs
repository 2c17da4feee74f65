//! Where the book explains a cause or a problem: a file that the packages install, which can be read without a network.

use super::Cause;

/// The folder of the book's pages.
pub const FOLDER: &str = "/usr/share/doc/perennial/docs/src";

/// The page of all causes.
pub fn causes() -> String {
    format!("{FOLDER}/causes.md")
}

pub fn section_of_cause(cause: Cause) -> String {
    format!("{}#{cause}", causes())
}

/// The section of a problem of the socket, by the last part of its type.
pub fn section_of_problem(word: &str) -> String {
    format!("{FOLDER}/socket.md#{word}")
}
