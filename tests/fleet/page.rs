//! The page of the documentation about speed: what is measured, how, and the figures of the latest run.

use std::fs;
use std::path::Path;

use super::Result;
use super::figures::Run;
use super::library::now;
use super::tables;

pub fn write(path: &Path, runs: &[Run]) -> Result {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, text(runs)?)?)
}

const ON_SERVER: &str = "## On PostgreSQL

The library with its inventory on a PostgreSQL server, over loopback, compared with the same on SQLite in the same run.
The server is started for the run with its usual settings, and its commits are durable. The first ratio compares the CPU
time of Perennial's own process, the second one adds that of the server. A steady sweep may take at most 3 times the CPU
time of SQLite.
";

fn text(runs: &[Run]) -> Result<String> {
    let (cpu, work, other) = (tables::cpu(runs), tables::work(runs), tables::other(runs));
    let server =
        tables::on_server(runs).map_or_else(String::new, |table| format!("{ON_SERVER}\n{table}\n"));
    let (sizes, machine) = (tables::sizes(runs), machine()?);
    Ok(format!(
        r"# Performance

<!-- Written by: cargo bench -- --page docs/src/performance.md -->

What a check costs depends on the machine. So these figures are ratios: each is compared with a program that does the
least that any program must do for a token, in the same run, on the same machine.

## The floor

The floor is a small program with the same libraries and the same database settings as Perennial. For each token it:

1. reads the sealed token from a table, 2,500 at a time in the order of their ids,
2. opens the seal,
3. asks the simulated Meta about it, 50 tokens in a call and 8 calls at the same time,
4. parses the answer,
5. stores the answer, with one durable commit for 2,500 tokens.

It has no schedule, no rules, no events and no alerts, and it does not survive a bad answer. A ratio of 1.00 means that
Perennial needs no more CPU time than that.

## What is measured

Each fleet has {sizes} tokens in two shapes: 200 pages for each person, and all pages of one person. The user token of
each person is part of the fleet. Meta is the simulator that comes with Perennial, in a process of its own, whose time
does not count. Every result is stored durably, as in production.

- **Library: import**: tokens are sealed and stored, 1,000 in a transaction.
- **Library: first sweep**: everything that Meta says is new.
- **Library: steady sweep**: a day later nothing has changed. This is what Perennial does nearly all the time.
- **Daemon: import and first sweep**: the daemon as it is installed, while `perennial import` sends it a file over its
  socket. It ends when every token is checked and no alert waits. The time of `perennial import` itself does not count.
- **Daemon: steady sweep**: the daemon is restarted with every token due. It counts from the moment that the socket
  answers; the time of the start is shown separately.

While the daemon works, a client asks for its status every 10 milliseconds. The answers are part of the daemon's time.
How long they take is shown twice: as the daemon measures it (`perennial_request_duration_seconds`), and as the client
sees it, which shares the processor with the daemon, the simulator and the import.

Times are the median of several passes for the floor, and a single pass for all else.

## CPU time

{cpu}
## Work of the database

Statements, rows and the steps of SQLite's virtual machine do not depend on the machine. They show that a token costs
the same in a small fleet and in a large one, and the same if one person has all pages. A running daemon shows them as
metrics: `perennial_inventory_statements_total`, `perennial_inventory_rows_total` and `perennial_inventory_steps_total`.

{work}
## Memory and answers

{other}
{server}{machine}
## Measure it yourself

    cargo bench
    cargo bench -- --tokens 1000000 --shape many
    cargo bench -- --engine postgres
    cargo bench -- --check
    cargo bench -- forecast
    cargo bench -- overview

The third one needs PostgreSQL. The fourth one is a short run that fails when a limit is clearly exceeded. The
last two measure what a forecast costs, and what a page of the overview costs with a million tokens.
"
    ))
}

fn machine() -> Result<String> {
    let info = fs::read_to_string("/proc/cpuinfo")?;
    let model = info.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(':'));
    let model = model.map_or("an unknown processor", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism()?;
    let (version, date) = (env!("CARGO_PKG_VERSION"), now().strftime("%Y-%m-%d"));
    Ok(format!(
        "Measured with version {version} on {date}, with {cores} cores of {model}.\n"
    ))
}
