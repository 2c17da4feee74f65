//! What is measured of one fleet.

use serde::{Deserialize, Serialize};

use super::meta::Shape;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    LibraryImport,
    LibraryFirst,
    LibrarySteady,
    DaemonFirst,
    DaemonSteady,
}

/// One phase, as a whole. Times are in seconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Measured {
    pub tokens: usize,
    pub wall: f64,
    pub cpu: f64,
    pub work: Work,
    /// How long the status took meanwhile, where it was asked for.
    pub status: Option<Status>,
}

/// One phase of the library with its inventory on a server.
#[derive(Debug)]
pub struct OnServer {
    pub phase: Phase,
    /// The CPU time is that of the library's process.
    pub measured: Measured,
    /// The CPU time of the server, in seconds.
    pub server: f64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Status {
    /// According to the daemon. Each time is the upper limit of a bucket.
    pub in_daemon: Latency,
    /// As its client saw it, which shares the processor with all else.
    pub at_client: Latency,
}

/// What the database did.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Work {
    pub statements: u64,
    pub rows: u64,
    pub steps: u64,
}

/// In seconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Latency {
    pub median: f64,
    /// 99 of 100 took no longer.
    pub most: f64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Memory {
    pub kilobytes: u64,
}

/// Everything about one fleet.
#[derive(Debug)]
pub struct Run {
    pub tokens: usize,
    pub shape: Shape,
    pub phases: Vec<(Phase, Measured)>,
    pub on_server: Vec<OnServer>,
    floors: Vec<f64>,
    pub library_memory: Option<Memory>,
    pub daemon_memory: Option<Memory>,
    /// The size of the library's database, in bytes.
    pub database: Option<u64>,
    /// How long the library takes to read the figures of the status.
    pub figures: Option<Latency>,
    /// How long the weekly summary takes, in seconds.
    pub summary: Option<f64>,
    /// The CPU time until the restarted daemon answers, in seconds.
    pub daemon_start: Option<f64>,
}

impl Phase {
    pub const fn name(self) -> &'static str {
        match self {
            Self::LibraryImport => "library: import",
            Self::LibraryFirst => "library: first sweep",
            Self::LibrarySteady => "library: steady sweep",
            Self::DaemonFirst => "daemon: import and first sweep",
            Self::DaemonSteady => "daemon: steady sweep",
        }
    }

    pub const fn is_of_daemon(self) -> bool {
        matches!(self, Self::DaemonFirst | Self::DaemonSteady)
    }
}

impl Measured {
    pub fn each(&self, whole: f64) -> f64 {
        whole / self.tokens.max(1) as f64
    }

    pub fn cpu_each(&self) -> f64 {
        self.each(self.cpu)
    }

    pub fn statements_each(&self) -> f64 {
        self.each(self.work.statements as f64)
    }

    pub fn rows_each(&self) -> f64 {
        self.each(self.work.rows as f64)
    }

    pub fn steps_each(&self) -> f64 {
        self.each(self.work.steps as f64)
    }
}

impl Work {
    pub const fn since(self, before: Self) -> Self {
        Self {
            statements: self.statements - before.statements,
            rows: self.rows - before.rows,
            steps: self.steps - before.steps,
        }
    }
}

impl From<perennial::inventory::Work> for Work {
    fn from(work: perennial::inventory::Work) -> Self {
        Self {
            statements: work.statements,
            rows: work.rows,
            steps: work.steps,
        }
    }
}

impl Latency {
    pub fn of(mut taken: Vec<f64>) -> Option<Self> {
        taken.sort_unstable_by(f64::total_cmp);
        Some(Self {
            median: *taken.get(taken.len() / 2)?,
            most: *taken.get(taken.len() * 99 / 100)?,
        })
    }

    /// From a histogram: the limits of its buckets, and how many took no longer than each.
    pub fn within(buckets: &[(f64, u64)]) -> Option<Self> {
        let (_, all) = *buckets.last()?;
        let limit = |percent| {
            let enough = |(_, count): &&(f64, u64)| count * 100 >= all * percent;
            buckets.iter().find(enough).map(|(limit, _)| *limit)
        };
        Some(Self {
            median: limit(50)?,
            most: limit(99)?,
        })
    }
}

impl Memory {
    pub const fn megabytes(self) -> u64 {
        self.kilobytes / 1024
    }
}

impl Run {
    pub const fn new(tokens: usize, shape: Shape) -> Self {
        Self {
            tokens,
            shape,
            phases: Vec::new(),
            on_server: Vec::new(),
            floors: Vec::new(),
            library_memory: None,
            daemon_memory: None,
            database: None,
            figures: None,
            summary: None,
            daemon_start: None,
        }
    }

    pub fn add(&mut self, phase: Phase, measured: Measured) {
        self.phases.push((phase, measured));
    }

    pub fn add_floor(&mut self, measured: Measured) {
        self.floors.push(measured.cpu_each());
    }

    /// The CPU time of the floor for each token, in seconds: the median of its passes.
    pub fn floor(&self) -> f64 {
        let passes = Latency::of(self.floors.clone());
        passes.map_or(f64::NAN, |passes| passes.median)
    }

    pub fn ratio(&self, measured: &Measured) -> f64 {
        measured.cpu_each() / self.floor()
    }

    pub fn phase(&self, phase: Phase) -> Option<&Measured> {
        let found = self.phases.iter().find(|(other, _)| *other == phase);
        found.map(|(_, measured)| measured)
    }

    pub fn name(&self) -> String {
        format!("{} tokens, {}", grouped(self.tokens), self.shape.name())
    }
}

/// `1,822`
pub fn grouped(number: usize) -> String {
    perennial::model::number::grouped(number as u64)
}
