//! The rules between the modules, as tests. Each test checks one rule and names every place that breaks it.

#![expect(
    unreachable_pub,
    reason = "nothing is exported from here; pub marks what the rules use"
)]

#[path = "house/blocks.rs"]
mod blocks;
#[path = "house/book.rs"]
mod book;
#[path = "house/circles.rs"]
mod circles;
#[path = "house/code.rs"]
mod code;
#[path = "house/engines.rs"]
mod engines;
#[path = "house/files.rs"]
mod files;
#[path = "house/modules.rs"]
mod modules;
#[path = "house/names.rs"]
mod names;
#[path = "house/platforms.rs"]
mod platforms;
#[path = "house/reach.rs"]
mod reach;
#[path = "house/reference/mod.rs"]
mod reference;
#[path = "house/sizes.rs"]
mod sizes;
#[path = "house/tables.rs"]
mod tables;
#[path = "house/text.rs"]
mod text;
#[path = "house/tools.rs"]
mod tools;
#[path = "house/tree.rs"]
mod tree;

use std::path::Path;
use std::sync::LazyLock;
use std::{error, io};

use code::Token;
use tree::{Offence, Source};

type Result<T = ()> = std::result::Result<T, Box<dyn error::Error>>;
type Tree = LazyLock<io::Result<Vec<Source>>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Result<&'static [Source]> {
    static SOURCES: Tree = LazyLock::new(|| tree::read(root(), "src"));
    Ok(SOURCES.as_deref().map_err(ToString::to_string)?)
}

/// The sources in `tests/`, including this one.
fn stories() -> Result<&'static [Source]> {
    static STORIES: Tree = LazyLock::new(|| tree::read(root(), "tests"));
    Ok(STORIES.as_deref().map_err(ToString::to_string)?)
}

/// Fails with all violations, and with advice on how to fix them.
#[track_caller]
fn stands(advice: &str, offences: &[Offence]) {
    let places = offences.join("\n  ");
    assert!(offences.is_empty(), "{advice}\n  {places}\n");
}

/// The places outside tests where `is_there` is true.
fn places(source: &Source, is_there: impl Fn(&[Token<'_>], usize) -> bool) -> Vec<Offence> {
    let tokens = source.tokens();
    let found = (0..tokens.len()).filter(|&at| is_there(&tokens, at));
    found
        .map(|at| {
            let words: Vec<&str> = tokens[at..]
                .iter()
                .take(3)
                .map(|token| token.text)
                .collect();
            source.at(tokens[at].line, &words.join(" "))
        })
        .collect()
}
