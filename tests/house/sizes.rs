//! Functions and files are short: most of them very, a few not quite. Tests, the simulator and the demo do not count.

use super::code::functions;
use super::tree::{Offence, Source};
use super::{Result, sources, stands};

/// The longest function, in lines of code.
const LONGEST: usize = 60;
/// Half of all functions, and nine tenths of them, are no longer than this.
const FUNCTIONS: (usize, usize) = (9, 22);
/// Half of all files are no longer than this.
const FILES: usize = 110;

#[test]
fn no_function_is_long() -> Result {
    let mut offences: Vec<Offence> = Vec::new();
    for source in counted()? {
        let functions = functions(&source.tokens()).into_iter();
        let long = functions.filter(|&(first, last)| source.code_lines(first, last) > LONGEST);
        offences.extend(long.map(|(first, _)| source.at(first, "is a long function")));
    }
    stands(
        &format!("A function has {LONGEST} lines of code at most: give its parts names."),
        &offences,
    );
    Ok(())
}

#[test]
fn most_functions_and_files_are_short() -> Result {
    let length = |source: &'static Source| {
        let functions = functions(&source.tokens()).into_iter();
        functions.map(|(first, last)| source.code_lines(first, last))
    };
    let (half, most) = (|count: usize| count / 2, |count: usize| count * 9 / 10);
    let functions: Vec<usize> = counted()?.flat_map(length).collect();
    let found = (nth(functions.clone(), half), nth(functions, most));
    assert!(
        found.0 <= FUNCTIONS.0 && found.1 <= FUNCTIONS.1,
        "half of the functions have up to {} lines, nine tenths up to {}; the limits are {FUNCTIONS:?}",
        found.0,
        found.1
    );
    let files = nth(counted()?.map(Source::lines).collect(), half);
    assert!(
        files <= FILES,
        "half of the files have up to {files} lines; the limit is {FILES}"
    );
    Ok(())
}

fn counted() -> Result<impl Iterator<Item = &'static Source>> {
    let is_counted =
        |source: &&Source| !source.is_test && !source.is_in("graph_sim") && !source.is_in("demo");
    Ok(sources()?.iter().filter(is_counted))
}

fn nth(mut lengths: Vec<usize>, place: impl Fn(usize) -> usize) -> usize {
    lengths.sort_unstable();
    lengths[place(lengths.len())]
}
