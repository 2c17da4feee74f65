//! Counts the results of the lines, and shows the progress.

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::api::types::{ImportResult, Problem};
use crate::cli::terminal::text::{self, count, counted};
use crate::cli::{Answer, Result, Terminal};

pub(super) struct Report {
    added: u64,
    known: u64,
    refused: Vec<u64>,
    /// Visible on a terminal only.
    progress_bar: ProgressBar,
}

/// The daemon's result for a line, as `--json` prints it.
#[derive(Serialize)]
struct LineResult<'r> {
    line: u64,
    #[serde(flatten)]
    result: &'r ImportResult,
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

    pub(super) fn add(
        &mut self,
        line: u64,
        result: &ImportResult,
        terminal: &mut Terminal,
    ) -> Result<()> {
        match &result.problem {
            Some(problem) => self.reject(line, problem, terminal),
            None if result.status == 201 => self.added += 1,
            None => self.known += 1,
        }
        if !terminal.is_for_json() {
            return Ok(());
        }
        let print = || terminal.print_json(&LineResult { line, result });
        self.progress_bar.suspend(print)
    }

    fn reject(&mut self, line: u64, problem: &Problem, terminal: &mut Terminal) {
        let why = in_one_line(problem);
        self.progress_bar
            .suspend(|| terminal.warn(&format!("line {line}: {why}")));
        self.refused.push(line);
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

fn in_one_line(problem: &Problem) -> String {
    let parts = std::iter::once(&problem.detail).chain(&problem.problems);
    let parts: Vec<String> = parts.map(|part| text::plain(part)).collect();
    parts.join(": ")
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
