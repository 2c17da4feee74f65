//! What a conversation with a mail server came to, line by line, for whoever tries the mail path.

use std::fmt::Display;

use super::fault::presentable;

#[derive(Debug, Default)]
pub(super) struct Talk {
    /// True of every letter that goes over the same connection.
    opening: Vec<String>,
    letter: Vec<String>,
}

impl Talk {
    pub(super) fn begin(&mut self) {
        self.opening.clear();
        self.letter.clear();
    }

    pub(super) fn open(&mut self, line: impl Display) {
        self.opening.push(presentable(&line.to_string()));
    }

    pub(super) fn hear(&mut self, line: impl Display) {
        self.letter.push(presentable(&line.to_string()));
    }

    pub(super) fn take_letter(&mut self) -> Vec<String> {
        let letter = std::mem::take(&mut self.letter);
        self.opening.iter().cloned().chain(letter).collect()
    }
}
