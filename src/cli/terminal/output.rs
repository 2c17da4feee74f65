//! Where a command writes, and how it asks questions. Only this file knows whether a terminal is attached.

use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::cli::error::Result;

pub struct Terminal {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// Standard input, if it is a terminal.
    keyboard: Option<Box<dyn BufRead + Send>>,
    /// Whether standard output is for JSON alone.
    is_for_json: bool,
    pub format: TerminalFormat,
}

/// How to format the output for its destination.
#[derive(Clone, Debug)]
pub struct TerminalFormat {
    pub medium: Medium,
    pub glyphs: Glyphs,
    pub zone: TimeZone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    Terminal {
        width: usize,
    },
    /// A program or a file: columns separated by tabs, times as RFC 3339, no bars.
    Pipe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyphs {
    Unicode,
    Ascii,
}

/// The width of a terminal that does not report its size.
const USUAL_WIDTH: usize = 80;

/// More than any person types.
const LONGEST_ANSWER: u64 = 64 * 1024;

impl Terminal {
    /// The streams of this process. Colors are removed where the stream is not a terminal.
    pub fn here() -> Self {
        let keyboard = io::stdin().is_terminal();
        Self {
            out: Box::new(anstream::AutoStream::auto(io::stdout())),
            err: Box::new(anstream::AutoStream::auto(io::stderr())),
            keyboard: keyboard.then(|| Box::new(BufReader::new(io::stdin())) as Box<_>),
            is_for_json: false,
            format: TerminalFormat::here(),
        }
    }

    /// From now on standard output is for JSON alone, and what people read goes to standard error.
    pub const fn keep_for_json(&mut self) {
        self.is_for_json = true;
    }

    pub const fn is_for_json(&self) -> bool {
        self.is_for_json
    }

    /// Prints the command's result for people, as whole lines.
    pub fn print(&mut self, lines: &str) -> Result<()> {
        if !self.is_for_json {
            return self.write(lines);
        }
        self.warn(lines);
        Ok(())
    }

    /// Prints a document of the daemon unchanged.
    pub fn print_document(&mut self, json: &str) -> Result<()> {
        self.write(json)
    }

    /// Prints a value as one line of JSON.
    pub fn print_json(&mut self, value: &impl Serialize) -> Result<()> {
        let line = serde_json::to_string(value).map_err(io::Error::from)?;
        self.write(&line)
    }

    /// Writes whole lines to standard output.
    fn write(&mut self, lines: &str) -> Result<()> {
        self.out.write_all(lines.as_bytes())?;
        if !lines.is_empty() && !lines.ends_with('\n') {
            self.out.write_all(b"\n")?;
        }
        Ok(self.out.flush()?)
    }

    /// Prints a remark to standard error. It ignores write errors, so that the command goes on.
    pub fn warn(&mut self, lines: &str) {
        let lines = lines.trim_end_matches('\n');
        writeln!(self.err, "{lines}").ok();
    }

    pub const fn is_interactive(&self) -> bool {
        self.keyboard.is_some()
    }

    /// Asks a question and returns the answer; `None` without a terminal, or at the end of its input.
    pub fn ask(&mut self, question: &str) -> Option<String> {
        let keyboard = self.keyboard.as_mut()?;
        write!(self.err, "{question} ").ok()?;
        self.err.flush().ok()?;
        let mut answer = String::new();
        let length = keyboard.take(LONGEST_ANSWER).read_line(&mut answer).ok()?;
        (length > 0).then(|| answer.trim().to_owned())
    }

    /// Asks a question that only a yes confirms.
    pub fn confirms(&mut self, question: &str) -> bool {
        let answer = self.ask(&format!("{question} [y/N]")).unwrap_or_default();
        ["y", "yes"].contains(&answer.to_lowercase().as_str())
    }
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl TerminalFormat {
    fn here() -> Self {
        let stdout = io::stdout();
        let medium = if stdout.is_terminal() {
            let size = terminal_size::terminal_size_of(stdout);
            let width = size.map_or(USUAL_WIDTH, |(width, _)| usize::from(width.0));
            Medium::Terminal { width }
        } else {
            Medium::Pipe
        };
        Self {
            medium,
            glyphs: Glyphs::of_locale(|name| std::env::var(name).ok()),
            zone: TimeZone::try_system().unwrap_or(TimeZone::UTC),
        }
    }

    pub const fn is_pipe(&self) -> bool {
        matches!(self.medium, Medium::Pipe)
    }
}

impl Glyphs {
    /// The first variable that is set decides, as in the C library.
    fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let detail = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .filter_map(variable)
            .find(|value| !value.is_empty())
            .unwrap_or_default()
            .to_ascii_lowercase();
        if detail.contains("utf-8") || detail.contains("utf8") {
            Self::Unicode
        } else {
            Self::Ascii
        }
    }

    pub const fn ellipsis(self) -> &'static str {
        match self {
            Self::Unicode => "…",
            Self::Ascii => "...",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::secret::caught_log::CaughtLog;

    /// The output of a test, kept in memory.
    #[derive(Clone, Default)]
    pub(crate) struct Paper(CaughtLog);

    impl Paper {
        /// The text without colors, as on any stream that is not a terminal.
        pub(crate) fn text(&self) -> String {
            anstream::adapter::strip_str(&self.0.text()).to_string()
        }
    }

    impl Terminal {
        /// A pipe whose standard output and standard error are kept in memory; `typed` is the person's answer.
        pub(crate) fn on_paper(typed: Option<&'static str>) -> (Self, Paper, Paper) {
            let (out, err) = (Paper::default(), Paper::default());
            let terminal = Self {
                out: Box::new(out.0.clone()),
                err: Box::new(err.0.clone()),
                keyboard: typed.map(|typed| Box::new(Cursor::new(typed)) as Box<_>),
                is_for_json: false,
                format: pipe(),
            };
            (terminal, out, err)
        }
    }

    pub(crate) fn terminal(width: usize) -> TerminalFormat {
        TerminalFormat {
            medium: Medium::Terminal { width },
            ..pipe()
        }
    }

    pub(crate) const fn pipe() -> TerminalFormat {
        TerminalFormat {
            medium: Medium::Pipe,
            glyphs: Glyphs::Unicode,
            zone: TimeZone::UTC,
        }
    }

    #[test]
    fn the_locale_decides_on_the_glyphs() {
        for (set, expected) in [
            (&[("LANG", "en_US.UTF-8")][..], Glyphs::Unicode),
            (&[("LANG", "C.utf8")], Glyphs::Unicode),
            (&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], Glyphs::Ascii),
            (&[("LC_ALL", ""), ("LANG", "en_US.UTF-8")], Glyphs::Unicode),
            (&[], Glyphs::Ascii),
        ] {
            let variable = |name: &str| {
                let found = set.iter().find(|(set, _)| *set == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(Glyphs::of_locale(variable), expected, "{set:?}");
        }
    }

    #[test]
    fn a_line_is_ended_once() {
        let (mut terminal, out, err) = Terminal::on_paper(None);
        terminal.print("one").unwrap();
        terminal.print("two\n").unwrap();
        terminal.print("").unwrap();
        terminal.warn("aside\n");
        assert_eq!(out.text(), "one\ntwo\n");
        assert_eq!(err.text(), "aside\n");
    }

    #[test]
    fn what_is_kept_for_json_gets_nothing_else() {
        let (mut terminal, out, err) = Terminal::on_paper(None);
        terminal.keep_for_json();
        terminal.print("for people").unwrap();
        terminal.print_document("{\"b\": 1,  \"a\": 2}").unwrap();
        terminal.print_json(&[1, 2]).unwrap();
        assert_eq!(out.text(), "{\"b\": 1,  \"a\": 2}\n[1,2]\n");
        assert_eq!(err.text(), "for people\n");
    }
}
