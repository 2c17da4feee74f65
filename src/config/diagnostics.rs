//! Collects the problems of a file while it is read, so that the operator sees all of them at once.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, DiagnosticList};
use super::key_suggestions::{self, KnownKeys};

/// A position in the file.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) line: Option<usize>,
    /// The section as written in its header, such as `[rotation]`; empty at the top of the file.
    pub(super) header: String,
    pub(super) key: String,
}

impl Place {
    /// The whole file, or a line outside of any section.
    pub(super) const fn top(line: Option<usize>) -> Self {
        Self {
            line,
            header: String::new(),
            key: String::new(),
        }
    }
}

pub(super) struct Diagnostics {
    file: PathBuf,
    line_starts: Vec<usize>,
    found: RefCell<Found>,
}

#[derive(Default)]
struct Found {
    template_errors: Vec<Diagnostic>,
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
        self.found.borrow_mut().template_errors.push(error);
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

    /// Records an unknown key. It is reported at the end, when all known keys are recorded.
    pub(super) fn unknown_key(&self, place: Place) {
        self.found.borrow_mut().unknown_keys.push(place);
    }

    /// Returns the configuration with its warnings, or all errors.
    pub(super) fn into_result<T>(
        self,
        made: Option<T>,
    ) -> Result<(T, Vec<Diagnostic>), DiagnosticList> {
        let (template_errors, warnings) = self.in_order();
        match made {
            Some(made) if template_errors.is_empty() => Ok((made, warnings)),
            Some(_) | None => Err(DiagnosticList(template_errors)),
        }
    }

    /// Returns the warnings, or all errors, for callers that do not need the configuration itself.
    pub(super) fn into_warnings(self) -> Result<Vec<Diagnostic>, DiagnosticList> {
        let (template_errors, warnings) = self.in_order();
        if template_errors.is_empty() {
            Ok(warnings)
        } else {
            Err(DiagnosticList(template_errors))
        }
    }

    /// Returns the errors in the part of the file that was read so far.
    pub(super) fn template_errors(&self) -> Vec<Diagnostic> {
        self.found.borrow().template_errors.clone()
    }

    fn in_order(&self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        let Found {
            mut template_errors,
            warnings,
            known_keys,
            unknown_keys,
        } = self.found.take();
        for place in unknown_keys {
            template_errors
                .push(self.problem(&place, key_suggestions::advice(&place, &known_keys)));
        }
        (in_order(template_errors), in_order(warnings))
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
