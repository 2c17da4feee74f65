//! Counts the results of the lines, and shows the progress.

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::terminal::text::{count, counted};
use crate::cli::{Answer, Result, Terminal};

pub(super) struct Report {
    pub(super) added: u64,
    pub(super) known: u64,
    refused: Vec<u64>,
    /// Visible on a terminal only.
    progress_bar: ProgressBar,
}

/// The most line numbers in the summary; each line's error was already printed.
const NUMBERS_SHOWN: usize = 20;

impl Report {
    /// `length` is the size of the source in bytes, if it is known.
    pub(super) fn begin(length: Option<u64>) -> Self {
        let (progress_bar, template) = match length {
            Some(length) => (ProgressBar::new(length), "{bar:30} {percent:>3} %  {msg}"),
            None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            progress_bar.set_style(style);
        }
        Self {
            added: 0,
            known: 0,
            refused: Vec::new(),
            progress_bar,
        }
    }

    pub(super) fn reach(&self, position: u64) {
        let done = self.added + self.known + self.refused.len() as u64;
        self.progress_bar.set_position(position);
        self.progress_bar.set_message(counted(done, "line"));
    }

    pub(super) fn reject(&mut self, number: u64, why: &str, terminal: &mut Terminal) {
        self.progress_bar
            .suspend(|| terminal.warn(&format!("line {number}: {why}")));
        self.refused.push(number);
    }

    pub(super) fn finish(self, terminal: &mut Terminal) -> Result {
        self.progress_bar.finish_and_clear();
        terminal.print(&self.sum())?;
        if self.refused.is_empty() {
            return Ok(Answer::Yes);
        }
        terminal.warn("Correct the refused lines and import the file again; tokens that are already in the inventory \
                       do not change.");
        Ok(Answer::No)
    }

    /// Reports that the import stopped at the line with this number.
    pub(super) fn stop(&self, number: u64, terminal: &mut Terminal) {
        self.progress_bar.finish_and_clear();
        let at = match number {
            0 => String::new(),
            number => format!(" at line {number}"),
        };
        terminal.warn(&format!("Stopped{at}: {}", self.sum()));
        terminal
            .warn("Then import the same file again; tokens that are already in the inventory do not change.");
    }

    fn sum(&self) -> String {
        let refused = match self.refused.as_slice() {
            [] => String::new(),
            [only] => format!(" (line {only})"),
            many => format!(" (lines {})", listed(many)),
        };
        format!(
            "{} added, {} already known, {} refused{refused}",
            count(self.added),
            count(self.known),
            count(self.refused.len() as u64)
        )
    }
}

fn listed(numbers: &[u64]) -> String {
    let shown = numbers.iter().take(NUMBERS_SHOWN).map(u64::to_string);
    let shown: Vec<String> = shown.collect();
    let more = if numbers.len() > NUMBERS_SHOWN {
        ", …"
    } else {
        ""
    };
    shown.join(", ") + more
}
