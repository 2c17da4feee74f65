//! Collects the problems of a file while it is read, so that the operator sees all of them at once.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, DiagnosticList, Place};
use super::key_suggestions::{self, KnownKeys};

pub(super) struct Diagnostics {
    file: PathBuf,
    line_starts: Vec<usize>,
    found: RefCell<Found>,
}

#[derive(Default)]
struct Found {
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    known_keys: KnownKeys,
    unknown_keys: Vec<Place>,
}

impl Diagnostics {
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

    pub(super) fn reject(&self, place: &Place, message: impl Into<String>) {
        let error = self.problem(place, message.into());
        self.found.borrow_mut().errors.push(error);
    }

    pub(super) fn warn(&self, place: &Place, message: impl Into<String>) {
        let warning = self.problem(place, message.into());
        self.found.borrow_mut().warnings.push(warning);
    }

    /// Records a key that the program knows, whether or not the file has it.
    pub(super) fn known_key(&self, header: &str, key: &'static str) {
        let mut found = self.found.borrow_mut();
        found.known_keys.insert((header.to_owned(), key));
    }

    #[cfg(test)]
    pub(super) fn known_keys(&self) -> KnownKeys {
        self.found.borrow().known_keys.clone()
    }

    /// Records an unknown key. It is reported at the end, when all known keys are recorded.
    pub(super) fn unknown_key(&self, place: Place) {
        self.found.borrow_mut().unknown_keys.push(place);
    }

    /// Returns the warnings, or all errors.
    pub(super) fn into_warnings(self) -> Result<Vec<Diagnostic>, DiagnosticList> {
        let found = self.found.take();
        let unknown = found
            .unknown_keys
            .iter()
            .map(|place| self.problem(place, key_suggestions::advice(place, &found.known_keys)));
        let errors: Vec<Diagnostic> = found.errors.into_iter().chain(unknown).collect();
        if errors.is_empty() {
            Ok(in_order(found.warnings))
        } else {
            Err(DiagnosticList(in_order(errors)))
        }
    }

    /// Returns the errors in the part of the file that was read, which may have other invalid keys.
    pub(super) fn into_errors(self) -> DiagnosticList {
        DiagnosticList(self.found.into_inner().errors)
    }

    fn problem(&self, place: &Place, message: String) -> Diagnostic {
        Diagnostic {
            file: self.file.clone(),
            line: place.line,
            place: format!("{} {}", place.header, place.key).trim().to_owned(),
            message,
        }
    }
}

/// Sorts by line. Problems without a line come last.
fn in_order(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
    problems
}
