//! The transcript of a connection to a mail server, line by line, for people who test the mail path.

use std::fmt::Display;

use super::delivery_error::presentable;

#[derive(Debug, Default)]
pub(super) struct Transcript {
    /// Lines that apply to all emails of the connection.
    opening: Vec<String>,
    email: Vec<String>,
}

impl Transcript {
    pub(super) fn begin(&mut self) {
        self.opening.clear();
        self.email.clear();
    }

    pub(super) fn open(&mut self, line: impl Display) {
        self.opening.push(presentable(&line.to_string()));
    }

    pub(super) fn receive(&mut self, line: impl Display) {
        self.email.push(presentable(&line.to_string()));
    }

    pub(super) fn take_data(&mut self) -> Vec<String> {
        let email = std::mem::take(&mut self.email);
        self.opening.iter().cloned().chain(email).collect()
    }
}
