//! What the kernel knows of a process: its CPU time and its memory.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use super::Result;
use super::figures::{Measured, Memory, Work};

/// The unit of the times in `/proc/PID/stat`, which Linux fixes.
const TICKS_PER_SECOND: u64 = 100;

/// Measures this process while it does something.
pub struct Stopwatch {
    began: Instant,
    cpu: Duration,
}

impl Stopwatch {
    pub fn start() -> Result<Self> {
        Ok(Self {
            began: Instant::now(),
            cpu: own_cpu()?,
        })
    }

    pub fn stop(&self, tokens: usize, work: Work) -> Result<Measured> {
        Ok(Measured {
            tokens,
            wall: self.began.elapsed().as_secs_f64(),
            cpu: (own_cpu()? - self.cpu).as_secs_f64(),
            work,
            status: None,
        })
    }
}

/// The user and system time of this process.
fn own_cpu() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(micros.unsigned_abs()))
}

/// The user and system time of another process.
pub fn cpu_of(pid: u32) -> Result<Duration> {
    Ok(times_of(pid)?.own)
}

/// Who started a process, and its user and system time.
#[derive(Debug)]
pub struct Times {
    pub parent: u32,
    pub own: Duration,
    /// With those of its children that have ended.
    pub with_children: Duration,
}

pub fn times_of(pid: u32) -> Result<Times> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name before the last parenthesis may contain spaces.
    let (_, fields) = stat.rsplit_once(')').ok_or("no name")?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    let times = |fields: &[&str]| -> Result<Duration> {
        let ticks = fields
            .iter()
            .map(|field| field.parse::<u64>())
            .sum::<std::result::Result<u64, _>>()?;
        Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
    };
    Ok(Times {
        parent: fields[1].parse()?,
        own: times(&fields[11..13])?,
        with_children: times(&fields[11..15])?,
    })
}

/// The most memory that a process had at once, as its id or `self`.
pub fn peak_of(process: &str) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let mut lines = status.lines();
    let peak = lines.find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.ok_or("no VmHWM")?.trim().trim_end_matches(" kB");
    Ok(Memory {
        kilobytes: peak.parse()?,
    })
}
