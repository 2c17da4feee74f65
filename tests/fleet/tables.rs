//! The figures as tables in Markdown, for the terminal and for the documentation.

use super::figures::{Latency, Measured, Run, grouped};
use super::limits;

pub fn all(runs: &[Run]) -> String {
    let mut tables = vec![cpu(runs), work(runs), other(runs)];
    tables.extend(on_server(runs));
    tables.join("\n")
}

pub fn cpu(runs: &[Run]) -> String {
    let head = [
        "Fleet",
        "Phase",
        "CPU per token",
        "Floor",
        "Ratio",
        "Limit",
        "Time per token",
    ];
    let mut rows = Vec::new();
    for run in runs {
        for (phase, measured) in &run.phases {
            let limit = limits::cpu_limit(*phase);
            rows.push(vec![
                run.name(),
                phase.name().to_owned(),
                micros(measured.cpu_each()),
                micros(run.floor()),
                format!("{:.2}", run.ratio(measured)),
                limit.map_or_else(String::new, |limit| limit.to_string()),
                micros(measured.each(measured.wall)),
            ]);
        }
    }
    table(&head, rows)
}

/// The library with its inventory on a server, compared with the same on SQLite. `None` if that was not measured.
pub fn on_server(runs: &[Run]) -> Option<String> {
    let head = [
        "Fleet",
        "Phase",
        "SQLite",
        "PostgreSQL: Perennial",
        "Ratio",
        "With the server",
        "Ratio",
        "Tokens per second",
        "SQLite",
    ];
    let mut rows = Vec::new();
    for run in runs {
        for on_server in &run.on_server {
            let measured = on_server.measured;
            let sqlite = run.phase(on_server.phase);
            let own = measured.cpu_each();
            let all = own + measured.each(on_server.server);
            let ratio = |cpu: f64| {
                let sqlite = sqlite.map(Measured::cpu_each);
                sqlite.map_or_else(String::new, |sqlite| format!("{:.2}", cpu / sqlite))
            };
            let speed = |measured: &Measured| {
                grouped((measured.tokens as f64 / measured.wall).round() as usize)
            };
            rows.push(vec![
                run.name(),
                on_server.phase.name().to_owned(),
                sqlite.map_or_else(String::new, |sqlite| micros(sqlite.cpu_each())),
                micros(own),
                ratio(own),
                micros(all),
                ratio(all),
                speed(&measured),
                sqlite.map_or_else(String::new, speed),
            ]);
        }
    }
    (!rows.is_empty()).then(|| table(&head, rows))
}

pub fn work(runs: &[Run]) -> String {
    let head = [
        "Fleet",
        "Phase",
        "Statements per token",
        "Rows per token",
        "Steps per token",
    ];
    let mut rows = Vec::new();
    for run in runs {
        for (phase, measured) in &run.phases {
            rows.push(vec![
                run.name(),
                phase.name().to_owned(),
                format!("{:.2}", measured.statements_each()),
                format!("{:.2}", measured.rows_each()),
                format!("{:.0}", measured.steps_each()),
            ]);
        }
    }
    table(&head, rows)
}

/// One column for each fleet.
pub fn other(runs: &[Run]) -> String {
    let mut head = vec![String::new()];
    head.extend(runs.iter().map(Run::name));
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let row = |name: &str, value: &dyn Fn(&Run) -> Option<String>| {
        let values = runs.iter().map(|run| value(run).unwrap_or_default());
        std::iter::once(name.to_owned()).chain(values).collect()
    };
    let mut rows: Vec<Vec<String>> = vec![
        row("Peak memory of the library", &|run| {
            Some(format!("{} MB", run.library_memory?.megabytes()))
        }),
        row("Peak memory of the daemon", &|run| {
            Some(format!("{} MB", run.daemon_memory?.megabytes()))
        }),
        row("Size of the database", &|run| {
            Some(format!("{} MB", run.database? / 1_000_000))
        }),
        row("Status figures in the library", &|run| {
            run.figures.map(latency)
        }),
        row("Weekly summary", &|run| {
            Some(format!("{:.0} ms", run.summary? * 1e3))
        }),
        row("CPU until the daemon answers", &|run| {
            Some(format!("{:.0} ms", run.daemon_start? * 1e3))
        }),
    ];
    let phases = runs.iter().flat_map(|run| &run.phases);
    let mut asked: Vec<_> = phases
        .filter(|(_, measured)| measured.status.is_some())
        .map(|(phase, _)| *phase)
        .collect();
    asked.dedup();
    asked.truncate(2);
    for phase in asked {
        let name = format!("Status, {}", phase.name());
        rows.push(row(&name, &|run| {
            Some(latency(run.phase(phase)?.status?.in_daemon))
        }));
        rows.push(row(&format!("{name}, at its client"), &|run| {
            Some(latency(run.phase(phase)?.status?.at_client))
        }));
    }
    rows.retain(|row| row.iter().skip(1).any(|value| !value.is_empty()));
    table(&head, rows)
}

fn latency(latency: Latency) -> String {
    format!(
        "{:.2} ms, 99 % within {:.2} ms",
        latency.median * 1e3,
        latency.most * 1e3
    )
}

fn micros(seconds: f64) -> String {
    format!("{:.1} µs", seconds * 1e6)
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([head[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: Vec<String>| {
        let cells = cells.iter().zip(&widths);
        let cells = cells.map(|(cell, width)| format!(" {cell:<width$} |"));
        format!("|{}\n", cells.collect::<String>())
    };
    let mut text = line(head.iter().map(|cell| (*cell).to_owned()).collect());
    text += &line(widths.iter().map(|width| "-".repeat(*width)).collect());
    text.extend(rows.into_iter().map(line));
    text
}

/// The sizes that were measured, in words.
pub fn sizes(runs: &[Run]) -> String {
    let mut sizes: Vec<usize> = runs.iter().map(|run| run.tokens).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let sizes: Vec<String> = sizes.into_iter().map(grouped).collect();
    sizes.join(" and ")
}
