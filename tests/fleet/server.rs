//! A PostgreSQL server of the benchmark's own, on loopback. Its commits are durable, as SQLite's are here.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use tempfile::TempDir;

use super::process::times_of;
use super::{Result, disk};

pub struct Server {
    process: Child,
    port: u16,
    // After the process, which needs it.
    _folder: TempDir,
}

const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

impl Server {
    pub fn start() -> Result<Self> {
        let programs = programs().ok_or("there is no PostgreSQL on this machine")?;
        let folder = disk::folder()?;
        // The server refuses to run as root.
        let user = match geteuid().is_root() {
            true => Some(User::from_name("postgres")?.ok_or("there is no user postgres")?),
            false => None,
        };
        if let Some(user) = &user {
            chown(
                folder.path(),
                Some(user.uid.as_raw()),
                Some(user.gid.as_raw()),
            )?;
        }
        let program = |name: &str| {
            let mut command = Command::new(programs.join(name));
            command.current_dir(folder.path()).env("LC_ALL", "C");
            if let Some(user) = &user {
                command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
            }
            command
        };
        let mut make = program("initdb");
        make.args(["--auth=trust", "--encoding=UTF8", "--no-locale"])
            .args(["--username=perennial", "-D", "data"])
            .stdout(Stdio::null());
        if !make.status()?.success() {
            return Err("initdb failed".into());
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = File::create(folder.path().join("log"))?;
        let process = program("postgres")
            .args(["-D", "data", "-k", "", "-c", "listen_addresses=127.0.0.1"])
            .args(["-p", &port.to_string()])
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let server = Self {
            process,
            port,
            _folder: folder,
        };
        let ready = programs.join("pg_isready");
        let began = Instant::now();
        while !server.is_ready(&ready)? {
            if began.elapsed() > PATIENCE {
                return Err("PostgreSQL does not start".into());
            }
            sleep(PAUSE);
        }
        Ok(server)
    }

    fn is_ready(&self, program: &Path) -> Result<bool> {
        let mut ask = Command::new(program);
        ask.args(["--quiet", "--host=127.0.0.1", "--port"]);
        Ok(ask.arg(self.port.to_string()).status()?.success())
    }

    pub fn url(&self) -> String {
        format!("postgres://perennial@127.0.0.1:{}/postgres", self.port)
    }

    /// The CPU time of all its processes since it started, also of those that have ended.
    pub fn cpu(&self) -> Result<Duration> {
        let server = self.process.id();
        let mut cpu = times_of(server)?.with_children;
        for entry in fs::read_dir("/proc")? {
            let Ok(process) = entry?.file_name().to_string_lossy().parse() else {
                continue;
            };
            // A process may have ended since its folder was listed.
            if let Ok(times) = times_of(process)
                && times.parent == server
            {
                cpu += times.own;
            }
        }
        Ok(cpu)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ends its processes, too, and saves nothing.
        let server = Pid::from_raw(self.process.id().cast_signed());
        let _ = kill(server, Signal::SIGQUIT);
        let _ = self.process.wait();
    }
}

/// The folder with the programs of the newest PostgreSQL.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let versions = versions.filter_map(|version| {
        let version = version.ok()?;
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        let programs = version.path().join("bin");
        programs
            .join("initdb")
            .is_file()
            .then_some((number, programs))
    });
    versions.max().map(|(_, programs)| programs)
}
