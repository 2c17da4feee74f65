//! `perennial man`: the manual, generated from the command line, the reference of the configuration and the OpenAPI
//! document, so that it is always up to date.

mod api;
mod configuration;
mod roff;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;

use crate::cli::terminal::output::Medium;
use crate::cli::{Answer, Error, Result, Terminal, groups};

/// Show the manual of a command, the configuration or the socket
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The name of a command; perennial.toml for the configuration; api for the socket
    #[arg(value_name = "PAGE")]
    page: Option<String>,
    /// Write all pages into this directory
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "page")]
    all: Option<PathBuf>,
    /// Print the source of the page, as when the output is not a terminal
    #[arg(long, conflicts_with = "all")]
    roff: bool,
}

pub(crate) fn run(options: &Options, terminal: &mut Terminal) -> Result {
    match &options.all {
        Some(directory) => write_all(directory)?,
        None => show(&page(options.page.as_deref())?, options, terminal)?,
    }
    Ok(Answer::Yes)
}

fn show(page: &str, options: &Options, terminal: &mut Terminal) -> Result<()> {
    let is_for_people = matches!(terminal.format.medium, Medium::Terminal { .. }) && !options.roff;
    if is_for_people {
        match view(page) {
            Ok(true) => return Ok(()),
            Ok(false) => terminal.warn("man could not show the page; this is its source."),
            Err(error) => terminal.warn(&format!(
                "man cannot be started ({error}); this is the source of the page."
            )),
        }
    }
    terminal.print(page)
}

/// Whether `man` has shown it.
fn view(page: &str) -> io::Result<bool> {
    let mut man = Command::new("man")
        .args(["-l", "-"])
        .stdin(Stdio::piped())
        .spawn()?;
    if let Some(mut input) = man.stdin.take() {
        // A reader who has seen enough closes it, and that is no error.
        let _ = input.write_all(page.as_bytes());
    }
    Ok(man.wait()?.success())
}

fn write_all(directory: &Path) -> Result<()> {
    for (file, text) in pages()? {
        fs::write(directory.join(file), text)?;
    }
    Ok(())
}

/// All pages, each with its file name. `help` and hidden commands have none.
fn pages() -> Result<Vec<(String, String)>> {
    let mut whole = groups::command();
    whole.build();
    let mut pages = vec![
        ("perennial.1".to_owned(), of_command(&whole)?),
        ("perennial.toml.5".to_owned(), configuration::page()),
        ("perennial-api.8".to_owned(), api::page()),
    ];
    for command in whole.get_subcommands() {
        if !command.is_hide_set() && command.get_name() != "help" {
            let file = format!("perennial-{}.1", command.get_name());
            pages.push((file, of_command(command)?));
        }
    }
    Ok(pages)
}

fn page(name: Option<&str>) -> Result<String> {
    let file = match name {
        None => "perennial.1".to_owned(),
        Some("perennial.toml") => "perennial.toml.5".to_owned(),
        Some(name) => format!("perennial-{name}."),
    };
    let found = pages()?
        .into_iter()
        .find(|(page, _)| page.starts_with(&file));
    found.map(|(_, text)| text).ok_or_else(|| {
        let name = name.unwrap_or_default();
        Error::Usage(format!(
            "There is no page {name}. See the commands: perennial --help"
        ))
    })
}

fn of_command(command: &clap::Command) -> Result<String> {
    let mut text = Vec::new();
    let page = clap_mangen::Man::new(command.clone())
        .manual("Perennial")
        .source(concat!("perennial ", env!("CARGO_PKG_VERSION")));
    page.render(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_command_has_a_page_and_every_page_its_name() {
        let pages = pages().unwrap();
        let names: BTreeSet<&str> = pages.iter().map(|(file, _)| file.as_str()).collect();
        assert_eq!(names.len(), pages.len());
        for shown in ["perennial.1", "perennial-import.1", "perennial-graph-sim.1"] {
            assert!(names.contains(shown), "{names:?}");
        }
        for (file, text) in &pages {
            let (page, _) = file.rsplit_once('.').unwrap();
            let name = format!(".SH NAME\n{} \\- ", page.replace('-', "\\-"));
            assert!(text.contains(&name), "{file}");
        }
    }

    #[test]
    fn a_missing_page_says_where_to_look() {
        let refusal = page(Some("impart")).unwrap_err();
        assert!(refusal.to_string().contains("perennial --help"));
    }
}
