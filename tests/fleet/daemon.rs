//! The daemon as it is installed: the program itself, with its configuration, socket and database.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::Result;
use super::figures::{Measured, Memory, Status};
use super::metrics::Metrics;
use super::premises::Premises;
use super::probe::{self, Probe};
use super::process::{cpu_of, peak_of};

pub struct Daemon {
    premises: Premises,
    process: Option<Child>,
    file: PathBuf,
    /// The most memory of its processes.
    pub peak: Memory,
    /// The CPU time that the latest start took until the socket answered, in seconds.
    pub start_cpu: f64,
}

/// Even a million tokens are imported and checked within it.
const PATIENCE: Duration = Duration::from_secs(3_600);
const START: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(20);

/// Everything is due, as it is a day after the first sweep.
const ALL_DUE: &str = "UPDATE schedule SET due_at = unixepoch() WHERE due_at IS NOT NULL";
const ALERTS_WAIT: &str = "SELECT EXISTS (SELECT 1 FROM incident_queue)";

impl Daemon {
    pub fn set_up(folder: &Path, graph_url: &str, file: &Path) -> Result<Self> {
        Ok(Self {
            premises: Premises::new(folder, graph_url)?,
            process: None,
            file: file.to_owned(),
            peak: Memory { kilobytes: 0 },
            start_cpu: 0.0,
        })
    }

    /// Imports the fleet over the socket and waits until each token was checked. The time of `perennial import` itself
    /// does not count.
    pub fn import(&mut self, tokens: usize) -> Result<Measured> {
        self.start()?;
        self.measure(tokens, |daemon| daemon.premises.import(&daemon.file))
    }

    /// Restarts the daemon with every token due. Counts from the moment that the socket answers; what the start took
    /// until then is a figure of its own.
    pub fn sweep_again(&mut self, tokens: usize) -> Result<Measured> {
        self.stop()?;
        let db = Connection::open(self.premises.database())?;
        db.execute(ALL_DUE, [])?;
        drop(db);
        self.start()?;
        let measured = self.measure(tokens, |_| Ok(()))?;
        self.stop()?;
        Ok(measured)
    }

    fn measure(&mut self, tokens: usize, work: impl FnOnce(&Self) -> Result) -> Result<Measured> {
        let socket = self.premises.socket();
        let (began, cpu) = (Instant::now(), self.start_cpu);
        let probe = Probe::start(&socket);
        work(self)?;
        self.wait_until_checked(&probe, tokens)?;
        let (pid, metrics) = (self.pid()?, Metrics::read(&socket)?);
        let at_client = probe.latency().ok_or("the status was not asked for")?;
        let measured = Measured {
            tokens,
            wall: began.elapsed().as_secs_f64(),
            cpu: cpu_of(pid)?.as_secs_f64() - cpu,
            work: metrics.work()?,
            status: Some(Status {
                in_daemon: metrics.status()?,
                at_client,
            }),
        };
        drop(probe);
        let peak = peak_of(&pid.to_string())?;
        self.peak.kilobytes = self.peak.kilobytes.max(peak.kilobytes);
        Ok(measured)
    }

    /// Waits until the socket answers.
    fn start(&mut self) -> Result {
        self.process = Some(self.premises.run()?);
        let (began, socket) = (Instant::now(), self.premises.socket());
        while !probe::is_answered(&socket) {
            if began.elapsed() > START {
                return Err(format!("the daemon does not start:\n{}", self.premises.log()).into());
            }
            sleep(Duration::from_millis(2));
        }
        self.start_cpu = cpu_of(self.pid()?)?.as_secs_f64();
        Ok(())
    }

    fn wait_until_checked(&self, probe: &Probe, tokens: usize) -> Result {
        let began = Instant::now();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let db = Connection::open_with_flags(self.premises.database(), flags)?;
        while !is_checked(&probe.status()?, tokens) || alerts_wait(&db)? {
            if began.elapsed() > PATIENCE {
                let (status, log) = (probe.status()?, self.premises.log());
                return Err(format!("the sweep does not end: {status}\n{log}").into());
            }
            sleep(PAUSE);
        }
        Ok(())
    }

    fn stop(&mut self) -> Result {
        let pid = Pid::from_raw(self.pid()?.cast_signed());
        kill(pid, Signal::SIGTERM)?;
        if let Some(mut process) = self.process.take() {
            process.wait()?;
        }
        Ok(())
    }

    fn pid(&self) -> Result<u32> {
        Ok(self.process.as_ref().ok_or("no daemon runs")?.id())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn is_checked(status: &Value, tokens: usize) -> bool {
    let counts = |name: &str| status["tokens"][name].as_u64();
    let is_swept = status["sweep"]["last_finished_at"].is_string();
    counts("total") == Some(tokens as u64)
        && counts("unverified") == Some(0)
        && is_swept
        && status["sweep"]["due"] == 0
}

fn alerts_wait(db: &Connection) -> Result<bool> {
    Ok(db.query_row(ALERTS_WAIT, [], |row| row.get(0))?)
}
