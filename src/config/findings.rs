//! Collects what is found while a file is read, so that a person sees all of it at once.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::problem::{Problem, Problems};
use super::spelling::{self, KnownKeys};

/// Where something stands in the file.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) line: Option<usize>,
    /// The section as its header is written, such as `[rotation]`; empty at the top of the file.
    pub(super) header: String,
    pub(super) key: String,
}

impl Place {
    /// The file as a whole, or a line of it that belongs to no section.
    pub(super) const fn top(line: Option<usize>) -> Self {
        Self {
            line,
            header: String::new(),
            key: String::new(),
        }
    }
}

pub(super) struct Findings {
    file: PathBuf,
    line_starts: Vec<usize>,
    found: RefCell<Found>,
}

#[derive(Default)]
struct Found {
    faults: Vec<Problem>,
    warnings: Vec<Problem>,
    known_keys: KnownKeys,
    unknown_keys: Vec<Place>,
}

impl Findings {
    pub(super) fn new(file: &Path, text: &str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            file: file.to_owned(),
            line_starts: std::iter::once(0).chain(after_breaks).collect(),
            found: RefCell::default(),
        }
    }

    pub(super) fn line(&self, span: Range<usize>) -> usize {
        self.line_starts
            .partition_point(|start| *start <= span.start)
    }

    pub(super) fn refuse(&self, place: &Place, words: impl Into<String>) {
        let fault = self.problem(place, words.into());
        self.found.borrow_mut().faults.push(fault);
    }

    pub(super) fn warn(&self, place: &Place, words: impl Into<String>) {
        let warning = self.problem(place, words.into());
        self.found.borrow_mut().warnings.push(warning);
    }

    /// Takes note of a key that the program asks for, whether it is there or not.
    pub(super) fn known_key(&self, header: &str, key: &'static str) {
        let mut found = self.found.borrow_mut();
        found.known_keys.insert((header.to_owned(), key));
    }

    /// Takes note of a key that nobody asked for. It is reported at the end, when all known keys are.
    pub(super) fn unknown_key(&self, place: Place) {
        self.found.borrow_mut().unknown_keys.push(place);
    }

    /// What was made of the file and the warnings about it, or everything that is wrong with it.
    pub(super) fn judge<T>(self, made: Option<T>) -> Result<(T, Vec<Problem>), Problems> {
        let (faults, warnings) = self.in_order();
        match made {
            Some(made) if faults.is_empty() => Ok((made, warnings)),
            Some(_) | None => Err(Problems(faults)),
        }
    }

    /// The warnings, or everything that is wrong; for who has no use for the configuration itself.
    pub(super) fn verdict(self) -> Result<Vec<Problem>, Problems> {
        let (faults, warnings) = self.in_order();
        if faults.is_empty() {
            Ok(warnings)
        } else {
            Err(Problems(faults))
        }
    }

    /// What is wrong with the part of the file that was read until now.
    pub(super) fn faults(&self) -> Vec<Problem> {
        self.found.borrow().faults.clone()
    }

    fn in_order(&self) -> (Vec<Problem>, Vec<Problem>) {
        let Found {
            mut faults,
            warnings,
            known_keys,
            unknown_keys,
        } = self.found.take();
        for place in unknown_keys {
            faults.push(self.problem(&place, spelling::advice(&place, &known_keys)));
        }
        (in_order(faults), in_order(warnings))
    }

    fn problem(&self, place: &Place, words: String) -> Problem {
        Problem {
            file: self.file.clone(),
            line: place.line,
            place: format!("{} {}", place.header, place.key).trim().to_owned(),
            words,
        }
    }
}

/// As a person reads the file; what has no line comes last.
fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
    problems
}
