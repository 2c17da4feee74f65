//! A PostgreSQL server for tests. It listens on a socket in a folder of its own, and ends with the last test that uses
//! it.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};

/// A server that takes longer does not start at all.
const PATIENCE: Duration = Duration::from_secs(60);

static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

pub(super) struct Cluster {
    place: Place,
    server: Child,
    settings: Vec<String>,
}

struct Place {
    folder: tempfile::TempDir,
    /// Where the programs of PostgreSQL are.
    programs: PathBuf,
    /// The server refuses to run as root.
    user: Option<User>,
}

impl Cluster {
    /// `None` where there is no PostgreSQL. With PERENNIAL_REQUIRE_POSTGRES=1 that is an error.
    pub(super) fn shared() -> Option<Arc<Self>> {
        let programs = required_programs()?;
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        Some(shared.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Self::start(programs, Vec::new()));
            *shared = Arc::downgrade(&started);
            started
        }))
    }

    /// A server that a test has to itself, because it stops it. Each of `settings` is a line of its configuration.
    pub(super) fn own(settings: &[&str]) -> Option<Self> {
        let settings = settings.iter().map(|line| (*line).to_owned()).collect();
        Some(Self::start(required_programs()?, settings))
    }

    fn start(programs: PathBuf, settings: Vec<String>) -> Self {
        let place = Place::new(programs);
        let mut make = place.program("initdb");
        make.args([
            "--no-sync",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
        ])
        .args(["--username=perennial", "-D"])
        .arg(place.path("data"));
        let made = make.output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let server = place.serve(&settings);
        let mut cluster = Self {
            place,
            server,
            settings,
        };
        cluster.wait_until_it_answers();
        cluster
    }

    fn wait_until_it_answers(&mut self) {
        let since = Instant::now();
        while self.try_psql("postgres", "SELECT 1").is_err() {
            let log = || fs::read_to_string(self.place.path("log")).unwrap();
            assert!(self.server.try_wait().unwrap().is_none(), "{}", log());
            assert!(since.elapsed() < PATIENCE, "{}", log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn port(&self) -> &str {
        let mut settings = self.settings.iter();
        let set = settings.find_map(|setting| setting.strip_prefix("port="));
        set.unwrap_or("5432")
    }

    /// The folder of its socket.
    pub(super) fn folder(&self) -> &Path {
        self.place.folder.path()
    }

    /// Where a program finds the database.
    pub(super) fn url(&self, database: &str) -> String {
        url_of(self.folder(), database)
    }

    /// Starts the server again with other settings.
    pub(super) fn reconfigure(&mut self, settings: &[&str]) {
        self.settings = settings.iter().map(|line| (*line).to_owned()).collect();
        self.restart();
    }

    /// Ends every session and starts the server again.
    pub(super) fn restart(&mut self) {
        self.stop();
        self.start_again();
    }

    /// Ends every session and the server.
    pub(super) fn stop(&mut self) {
        let server = i32::try_from(self.server.id()).unwrap();
        kill(Pid::from_raw(server), Signal::SIGINT).unwrap();
        self.server.wait().unwrap();
    }

    pub(super) fn start_again(&mut self) {
        self.server = self.place.serve(&self.settings);
        self.wait_until_it_answers();
    }

    /// Sends a signal to the server and to each of its sessions.
    pub(super) fn signal_all(&self, signal: Signal) {
        let server = self.server.id();
        let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let process: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
            let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
            let is_part = process == server || parent.trim().parse() == Ok(server);
            is_part.then_some(process)
        });
        for process in processes.collect::<Vec<_>>() {
            // A session may have ended meanwhile.
            let _ = kill(Pid::from_raw(i32::try_from(process).unwrap()), signal);
        }
    }

    /// Runs another program beside the server, as the server's user.
    pub(super) fn beside(&self, program: &str) -> Command {
        self.place.program(program)
    }

    /// Writes a file that only the server's user can read.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.place.path(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some(User { uid, gid, .. }) = &self.place.user {
            chown(&path, Some(uid.as_raw()), Some(gid.as_raw())).unwrap();
        }
        path
    }

    /// Makes an empty database.
    pub(super) fn create_database(&self, name: &str) {
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
    }

    /// What psql prints, without decoration. The script ends at its first error, unless it says otherwise.
    pub(super) fn psql(&self, database: &str, script: &str) -> String {
        self.try_psql(database, script).unwrap()
    }

    /// The error is what psql prints as one.
    pub(super) fn try_psql(&self, database: &str, script: &str) -> Result<String, String> {
        let mut psql = self
            .place
            .program("psql")
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "perennial",
                "-d",
                database,
            ])
            .arg("-h")
            .arg(self.place.folder.path())
            .args(["-p", self.port()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = psql.stdin.take().unwrap();
        let script = script.to_owned();
        // psql may have ended already, which its own error explains.
        let fed = thread::spawn(move || input.write_all(script.as_bytes()));
        let output = psql.wait_with_output().unwrap();
        let _ = fed.join().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        match output.status.success() {
            true => Ok(text(output.stdout)),
            false => Err(text(output.stderr)),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let server = i32::try_from(self.server.id()).unwrap();
        // Ends its processes, too, and saves nothing.
        kill(Pid::from_raw(server), Signal::SIGQUIT).unwrap();
        self.server.wait().unwrap();
    }
}

impl Place {
    fn new(programs: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let user = geteuid().is_root().then(|| {
            let names = ["postgres", "nobody"].into_iter();
            let mut users = names.filter_map(|name| User::from_name(name).unwrap());
            users.next().unwrap()
        });
        if let Some(User { uid, gid, .. }) = &user {
            chown(folder.path(), Some(uid.as_raw()), Some(gid.as_raw())).unwrap();
        }
        Self {
            folder,
            programs,
            user,
        }
    }

    fn serve(&self, settings: &[String]) -> Child {
        let log = File::create(self.path("log")).unwrap();
        let mut server = self.program("postgres");
        server
            .arg("-D")
            .arg(self.path("data"))
            .arg("-k")
            .arg(self.folder.path())
            .args(["-c", "listen_addresses=", "-c", "fsync=off"]);
        for setting in settings {
            server.args(["-c", setting]);
        }
        let log_too = log.try_clone().unwrap();
        server.stdout(log_too).stderr(log).spawn().unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(self.folder.path()).env("LC_ALL", "C");
        if let Some(User { uid, gid, .. }) = &self.user {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
        command
    }
}

/// The URL of a database on the socket in a folder.
pub(super) fn url_of(folder: &Path, database: &str) -> String {
    let folder = folder.display().to_string().replace('/', "%2F");
    format!("postgres://perennial@{folder}/{database}")
}

fn required_programs() -> Option<PathBuf> {
    let programs = programs();
    if programs.is_none() {
        let is_required = env::var("PERENNIAL_REQUIRE_POSTGRES").is_ok_and(|set| set == "1");
        assert!(!is_required, "there is no PostgreSQL on this machine");
        println!("skipped: there is no PostgreSQL on this machine");
    }
    programs
}

/// The folder with the programs of the newest PostgreSQL.
fn programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).find(|folder| has_server(folder));
    on_path.or_else(|| {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
        let folders = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
        folders
            .filter(|folder| has_server(folder))
            .max_by_key(|folder| version(folder))
    })
}

fn has_server(folder: &Path) -> bool {
    ["postgres", "initdb", "psql"]
        .iter()
        .all(|name| folder.join(name).is_file())
}

fn version(folder: &Path) -> Option<u32> {
    let version = folder.parent()?.file_name().and_then(OsStr::to_str)?;
    version.parse().ok()
}
