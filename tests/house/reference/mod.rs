//! The reference pages of the book are what the code says. With `UPDATE_REFERENCE=1`, the pages are written instead.

mod commands;
mod configuration;
mod emails;
mod event_examples;
mod events;
mod metrics;
mod shapes;
mod socket;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::{env, fs};

use perennial::api::metrics::{METRICS, Metric};
use perennial::api::types::{Problem, ProblemType};
use perennial::cli;
use perennial::config::reference::SECTIONS;
use perennial::model::{Cause, book};

use super::{Result, root};

const REGENERATE: &str = "UPDATE_REFERENCE=1 cargo test --test house reference";

/// Compares a page of the book with what the code says, or writes it.
fn compare(page: &str, text: &str) -> Result {
    let path = root().join("docs/src").join(page);
    if env::var_os("UPDATE_REFERENCE").is_some() {
        return Ok(fs::write(path, text)?);
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let differs = found
        .lines()
        .zip(text.lines())
        .position(|(found, text)| found != text);
    let line = 1 + differs.unwrap_or_else(|| found.lines().count().min(text.lines().count()));
    assert!(
        found == text,
        "docs/src/{page} differs from the code at line {line}. Write it again: {REGENERATE}"
    );
    Ok(())
}

/// The first lines of a page. `source` says what it is made from.
fn page(title: &str, source: &str) -> String {
    format!("# {title}\n\n<!-- Made from {source}. Do not edit this page: {REGENERATE} -->\n")
}

fn paragraph(page: &mut String, text: &str) {
    if !text.trim().is_empty() {
        let _ = write!(page, "\n{}\n", text.trim());
    }
}

fn table(page: &mut String, titles: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let heads = titles.iter().map(|title| (*title).to_owned()).collect();
    let _ = write!(page, "\n{}|{}\n", line(heads), "---|".repeat(titles.len()));
    for row in rows {
        page.push_str(&line(row.iter().map(|cell| in_cell(cell)).collect()));
    }
}

/// In one line, and without the sign between cells.
fn in_cell(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('|', "\\|")
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// Text that stands outside of code, without what Markdown would read as a tag.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(at, part)| match at % 2 {
        0 => part.replace('<', "&lt;"),
        _ => format!("`{part}`"),
    });
    parts.collect()
}

#[test]
fn the_commands() -> Result {
    compare("commands.md", &commands::text()?)
}

#[test]
fn the_configuration() -> Result {
    compare("configuration.md", &configuration::text())
}

#[test]
fn the_socket() -> Result {
    compare("socket.md", &socket::text())
}

#[test]
fn the_events() -> Result {
    compare("events.md", &events::text()?)
}

#[test]
fn the_metrics() -> Result {
    compare("metrics.md", &metrics::text())
}

#[test]
fn the_emails() -> Result {
    compare("emails-reference.md", &emails::text()?)
}

/// What programs, errors and emails point to.
#[test]
fn every_address_in_the_book_is_a_heading() -> Result {
    let folder = root().join("docs/src");
    let causes = Cause::ALL
        .iter()
        .map(|cause| book::section_of_cause(*cause));
    let problems = ProblemType::ALL.iter();
    let problems = problems.map(|problem| Problem::new(*problem, "").help.into_string());
    let mut addresses: Vec<String> = causes.chain(problems).collect();
    addresses.push(book::causes());
    assert!(addresses.len() > 60, "{addresses:?}");
    for address in addresses {
        let in_book = address.strip_prefix(book::FOLDER).ok_or("elsewhere")?;
        let (file, heading) = in_book.split_once('#').unwrap_or((in_book, ""));
        let text = fs::read_to_string(folder.join(file.trim_start_matches('/')))?;
        let is_there = heading.is_empty() || text.contains(&format!("\n### {heading}\n"));
        assert!(is_there, "{address} is no heading of the book");
    }
    Ok(())
}

/// So that nothing is left out of a page, however it is made.
#[test]
fn everything_that_is_counted_has_its_section() -> Result {
    let folder = root().join("docs/src");
    let sections = |page: &str| -> Result<BTreeSet<String>> {
        let text = fs::read_to_string(folder.join(page))?;
        let headings = text.lines().filter_map(|line| line.split_once("# "));
        Ok(headings.map(|(_, heading)| heading.to_owned()).collect())
    };
    let keys = SECTIONS
        .iter()
        .flat_map(|section| section.keys.iter().map(move |key| (section, key)));
    let keys = keys.map(|(section, key)| configuration::heading(section, key));
    let commands = cli::GROUPS.iter().flat_map(|(_, names)| names.split(' '));
    for (page, names, least) in [
        ("configuration.md", keys.collect::<Vec<_>>(), 90),
        (
            "metrics.md",
            METRICS.iter().map(Metric::full_name).collect(),
            30,
        ),
        (
            "events.md",
            event_examples::examples()?.into_keys().collect(),
            50,
        ),
        (
            "commands.md",
            commands.map(|name| format!("perennial {name}")).collect(),
            30,
        ),
    ] {
        let sections = sections(page)?;
        assert!(names.len() >= least, "{page}: only {}", names.len());
        for name in names {
            assert!(
                sections.contains(&name),
                "docs/src/{page} has no section {name}"
            );
        }
    }
    Ok(())
}
