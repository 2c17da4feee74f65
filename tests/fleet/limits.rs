//! The limits of the product's speed, and which of them a run exceeds.

use super::figures::{Measured, Memory, Phase, Run};
use super::meta::Shape;

struct Limit {
    phase: Phase,
    /// CPU time as a ratio to the floor.
    cpu: Option<f64>,
    /// The ratio that was measured last. Until it is within the limit, the check keeps it from getting worse.
    measured: f64,
    /// What a token takes in either shape of fleet.
    statements: f64,
    steps: f64,
}

/// Set `measured`, `statements` and `steps` to what the tables of `cargo bench` show after a change that is meant to
/// change them.
const LIMITS: [Limit; 5] = [
    // the phase, limit and last measure of the ratio to the floor, statements and steps of one token
    limit(Phase::LibraryImport, (None, 3.1), 4.0, 284.0),
    limit(Phase::LibraryFirst, (Some(3.0), 6.8), 4.0, 486.0),
    limit(Phase::LibrarySteady, (Some(1.25), 2.1), 1.0, 89.0),
    limit(Phase::DaemonFirst, (Some(8.0), 12.6), 9.2, 930.0),
    limit(Phase::DaemonSteady, (Some(1.6), 2.1), 1.0, 98.0),
];

/// How much the work for a token may differ between fleets, in parts of one.
const GROWTH: f64 = 0.1;
/// Smaller differences are what a sweep costs whatever its size: statements, rows and steps.
const NEGLIGIBLE: [f64; 3] = [0.05, 0.05, 2.0];
/// In megabytes, for fleets of up to so many tokens.
const PEAKS: [(usize, u64); 2] = [(100_000, 40), (1_000_000, 150)];
/// The daemon answers 99 of 100 requests for the status within it, in seconds.
const STATUS: f64 = 0.001;

/// A ratio may exceed its limit so many times on a busy machine before the check fails.
const BUSY: f64 = 1.5;
/// A peak may be so many hundredths of its limit before the check fails: how much of the program's file counts depends on
/// the machine.
const LARGER: u64 = 120;
/// What the daemon does for a token depends on when its tokens come, and contains the answers about its status. So its
/// growth may be this before the check fails.
const DAEMON_GROWTH: f64 = 0.2;
/// The work for a token may be so many times its number in the table, or the table is wrong.
const WORK: std::ops::RangeInclusive<f64> = 0.5..=1.5;

const fn limit(
    phase: Phase,
    (cpu, measured): (Option<f64>, f64),
    statements: f64,
    steps: f64,
) -> Limit {
    Limit {
        phase,
        cpu,
        measured,
        statements,
        steps,
    }
}

/// The limit of a phase as a ratio to the floor.
pub fn cpu_limit(phase: Phase) -> Option<f64> {
    let limit = LIMITS.iter().find(|limit| limit.phase == phase);
    limit.and_then(|limit| limit.cpu)
}

/// All limits that the runs miss.
pub fn missed(runs: &[Run]) -> Vec<String> {
    let mut missed = cpu(runs, |limit| limit.cpu);
    missed.extend(work(runs));
    missed.extend(growth(runs, GROWTH));
    missed.extend(shapes(runs));
    missed.extend(runs.iter().flat_map(|run| memory(run, 100)));
    missed.extend(runs.iter().flat_map(status));
    missed
}

/// What no busy machine explains.
pub fn clearly_exceeded(runs: &[Run]) -> Vec<String> {
    let mut exceeded = cpu(runs, |limit| Some(limit.cpu?.max(limit.measured) * BUSY));
    exceeded.extend(work(runs));
    exceeded.extend(growth(runs, DAEMON_GROWTH));
    exceeded.extend(runs.iter().flat_map(|run| memory(run, LARGER)));
    exceeded
}

fn cpu(runs: &[Run], most: impl Fn(&Limit) -> Option<f64>) -> Vec<String> {
    let judge = |run: &Run, limit: &Limit| {
        let ratio = run.ratio(run.phase(limit.phase)?);
        let most = most(limit)?;
        (ratio > most).then(|| {
            let (what, fleet) = (limit.phase.name(), run.name());
            format!(
                "{what} ({fleet}): {ratio:.2} times the CPU time of the floor; the limit is {most:.2}"
            )
        })
    };
    each(runs, judge)
}

fn work(runs: &[Run]) -> Vec<String> {
    let judge = |run: &Run, limit: &Limit| {
        let measured = run.phase(limit.phase)?;
        let pairs = [
            ("statements", measured.statements_each(), limit.statements),
            ("steps", measured.steps_each(), limit.steps),
        ];
        let wrong = pairs
            .into_iter()
            .find(|(_, found, number)| !WORK.contains(&(found / number)));
        wrong.map(|(of, found, number)| {
            let (what, fleet) = (limit.phase.name(), run.name());
            format!(
                "{what} ({fleet}): {found:.2} {of} for a token; the table of limits says {number}"
            )
        })
    };
    each(runs, judge)
}

fn each(runs: &[Run], judge: impl Fn(&Run, &Limit) -> Option<String>) -> Vec<String> {
    let judge = |run| {
        LIMITS.iter().filter_map({
            let judge = &judge;
            move |limit| judge(run, limit)
        })
    };
    runs.iter().flat_map(judge).collect()
}

/// Compares the fleets of each shape with the larger ones.
fn growth(runs: &[Run], of_daemon: f64) -> Vec<String> {
    let are_compared =
        |small: &Run, large: &Run| small.shape == large.shape && small.tokens < large.tokens;
    differences(runs, are_compared, of_daemon)
}

fn shapes(runs: &[Run]) -> Vec<String> {
    let are_compared = |many: &Run, one: &Run| {
        (many.shape, one.shape) == (Shape::Many, Shape::One) && many.tokens == one.tokens
    };
    differences(runs, are_compared, GROWTH)
}

fn differences(
    runs: &[Run],
    are_compared: impl Fn(&Run, &Run) -> bool,
    of_daemon: f64,
) -> Vec<String> {
    let pairs = runs.iter().flat_map(|one| {
        let compared = runs.iter().filter(|other| are_compared(one, other));
        compared.map(move |other| (one, other))
    });
    let mut found = Vec::new();
    for (one, other) in pairs {
        for (phase, measured) in &one.phases {
            let allowed = if phase.is_of_daemon() {
                of_daemon
            } else {
                GROWTH
            };
            let with = other.phase(*phase);
            let text = with.and_then(|with| difference(measured, with, allowed));
            found.extend(text.map(|text| {
                let (what, one, other) = (phase.name(), one.name(), other.name());
                format!("{what}: {text} for a token ({one}; {other})")
            }));
        }
    }
    found
}

fn difference(one: &Measured, other: &Measured, allowed: f64) -> Option<String> {
    let kinds = ["statements", "rows", "steps"];
    let pairs = work_each(one).into_iter().zip(work_each(other));
    let mut found = kinds.into_iter().zip(pairs).zip(NEGLIGIBLE);
    found.find_map(|((of, (one, other)), negligible)| {
        let by = (one - other).abs();
        let differs = by > negligible && by > allowed * one.min(other);
        differs.then(|| format!("{one:.2} and {other:.2} {of}"))
    })
}

fn work_each(measured: &Measured) -> [f64; 3] {
    [
        measured.statements_each(),
        measured.rows_each(),
        measured.steps_each(),
    ]
}

fn memory(run: &Run, hundredths: u64) -> Vec<String> {
    let limit = PEAKS.into_iter().find(|(tokens, _)| run.tokens <= *tokens);
    let Some((_, most)) = limit else {
        return Vec::new();
    };
    let most = most * hundredths / 100;
    let peaks = [
        ("library", run.library_memory),
        ("daemon", run.daemon_memory),
    ];
    let exceeds = |(what, peak): (&str, Option<Memory>)| {
        let peak = peak?.megabytes();
        let fleet = run.name();
        (peak > most)
            .then(|| format!("{what} ({fleet}): {peak} MB at the peak; the limit is {most}"))
    };
    peaks.into_iter().filter_map(exceeds).collect()
}

fn status(run: &Run) -> Vec<String> {
    let exceeds = |(phase, measured): &(Phase, Measured)| {
        let most = measured.status?.in_daemon.most;
        let (what, fleet) = (phase.name(), run.name());
        (most > STATUS).then(|| {
            let (most, limit) = (most * 1e3, STATUS * 1e3);
            format!("{what} ({fleet}): the daemon took up to {most:.1} ms for the status in 99 of 100 cases; the limit is {limit} ms")
        })
    };
    run.phases.iter().filter_map(exceeds).collect()
}
