//! A year in a process of its own, because its disk is full now and then.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::{env, fs, io, thread};

use clap::ValueEnum;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::Part;
use super::year::{Result, Sabotage};

/// Which year a worker lives.
#[derive(Clone)]
pub(super) enum Wanted<'a> {
    Year {
        seed: u64,
        part: &'a Part,
        sabotage: Option<Sabotage>,
    },
    /// The weeks in which each sabotage shows.
    Season(Option<Sabotage>),
}

/// What the year came to, of one of several `jobs` at a time. A year that ends with an error breaks a rule, too.
pub(super) fn live(wanted: &Wanted<'_>, job: usize) -> Result<Value> {
    let mut command = on_one_processor(job)?;
    command
        .args(["--one", "--worker"])
        .args(wanted.options())
        // What one thread allocates another often frees. With a heap of its own for each, that takes a fifth of a year.
        .env("MALLOC_ARENA_MAX", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut worker = command.spawn()?;
    // It stays open as long as this process wants the result.
    let _stdin = worker.stdin.take();
    let output = worker.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = || {
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        json!({ "breaches": { "ended": { "times": 1, "first": words } } })
    };
    Ok(serde_json::from_str(said.trim()).unwrap_or_else(|_| failed()))
}

/// The threads of a year wait for each other nearly always. To wake one on another processor takes longer than most of
/// what it then does, so that a year on one processor takes a seventh less.
fn on_one_processor(job: usize) -> Result<Command> {
    static PROCESSORS: LazyLock<Vec<String>> = LazyLock::new(processors);
    const TASKSET: &str = "/usr/bin/taskset";
    let program = env::current_exe()?;
    let processor = PROCESSORS.get(job % PROCESSORS.len().max(1));
    let Some(processor) = processor.filter(|_| Path::new(TASKSET).exists()) else {
        return Ok(Command::new(program));
    };
    let mut command = Command::new(TASKSET);
    command.args(["--cpu-list", processor]).arg(program);
    Ok(command)
}

/// Those that this process may use, of a list like `0-3,8`.
fn processors() -> Vec<String> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let list = lines.find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let mut processors = Vec::new();
    for range in list.unwrap_or_default().trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        if let (Ok(first), Ok(last)) = (first.parse::<usize>(), last.parse()) {
            processors.extend((first..=last).map(|processor| processor.to_string()));
        }
    }
    processors
}

impl Wanted<'_> {
    fn options(&self) -> Vec<String> {
        let (mut options, sabotage) = match self {
            Self::Year {
                seed,
                part,
                sabotage,
            } => (options_of(*seed, part), sabotage),
            Self::Season(sabotage) => (vec!["--season".to_owned()], sabotage),
        };
        if let Some(sabotage) = sabotage {
            options.extend(["--sabotage".to_owned(), name_of(*sabotage)]);
        }
        options
    }
}

pub(super) fn options_of(seed: u64, part: &Part) -> Vec<String> {
    let mut options = vec!["--seed".to_owned(), seed.to_string()];
    let tokens = part
        .tokens
        .map(|tokens| ["--tokens".to_owned(), tokens.to_string()]);
    options.extend(tokens.into_iter().flatten());
    let until = part
        .until
        .map(|until| ["--until".to_owned(), until.to_string()]);
    options.extend(until.into_iter().flatten());
    if !part.without.is_empty() {
        options.extend(["--without".to_owned(), part.without.join(",")]);
    }
    options
}

/// As it is in an option.
pub(super) fn name_of(sabotage: Sabotage) -> String {
    let value = sabotage.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Comes when the process that started this one has ended, because that closes its end of the pipe. A worker that
/// outlived it would go on for nothing, and leave its files in memory if it were killed.
pub(super) fn parent_has_ended() -> oneshot::Receiver<()> {
    let (ended, has_ended) = oneshot::channel();
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        let _ = ended.send(());
    });
    has_ended
}
