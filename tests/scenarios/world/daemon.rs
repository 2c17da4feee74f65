//! Runs the real program as systemd would: it reports over a socket when it is ready, and a signal stops it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use perennial::secret::Key;

use super::database::Database;
use super::{APP, APP_SECRET, Result};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_perennial");

/// The time after which a wait fails. Every wait takes less than a tenth of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with everything that an operator would have set up.
pub struct Premises {
    folder: tempfile::TempDir,
    pub key: String,
    pub database: Database,
}

pub struct Daemon {
    process: Child,
    /// The daemon's messages to systemd. A thread reads them as they come, because the daemon blocks otherwise.
    words: Receiver<String>,
    notify: UnixDatagram,
    premises: PathBuf,
}

impl Premises {
    pub fn new(graph_url: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("mail"))?;
        let key = Key::generate()?.to_base64().to_string();
        let premises = Self {
            folder,
            key: key.clone(),
            database: Database::new()?,
        };
        if let Some(url) = premises.database.url() {
            premises.write_secret("inventory.url", url)?;
        }
        premises.write_secret("inventory.key", &key)?;
        premises.write_secret("acme.secret", APP_SECRET)?;
        premises.configure(graph_url, "")?;
        Ok(premises)
    }

    /// An empty folder.
    pub fn empty() -> Result<Self> {
        Ok(Self {
            folder: tempfile::tempdir()?,
            key: String::new(),
            database: Database::File,
        })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write_secret(&self, name: &str, content: &str) -> Result {
        let path = self.path(name);
        let mut file = fs::OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(path)?;
        Ok(file.write_all(content.as_bytes())?)
    }

    pub fn configure(&self, graph_url: &str, more: &str) -> Result {
        let here = self.folder.path().display();
        let place = self.database.line(self.folder.path());
        let text = format!(
            r#"timezone = "Europe/Berlin"
[[app]]
name = "acme"
id = "{APP}"
secret = {{ file = "{here}/acme.secret" }}
graph_url = "{graph_url}"
calls_per_hour = 10000
scopes = ["email", "pages_show_list", "pages_messaging"]
[inventory]
{place}
key = {{ file = "{here}/inventory.key" }}
[alerts]
from = "Perennial <perennial@example.com>"
to = ["ops@example.com"]
directory = "{here}/mail"
[status]
socket = "{here}/perennial.sock"
{more}
"#
        );
        Ok(fs::write(self.path("perennial.toml"), text)?)
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .arg("--config")
            .arg(self.path("perennial.toml"))
            .env_remove("PERENNIAL_SOCKET");
        if self.database.url().is_some() {
            // Beside a file, the monitor finds a place of its own.
            command.env("STATE_DIRECTORY", self.folder.path());
        }
        command
    }

    /// Runs a command to its end.
    pub fn ask(&self, arguments: &[&str], input: &str) -> Result<Output> {
        let mut process = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        process
            .stdin
            .take()
            .ok_or("no input")?
            .write_all(input.as_bytes())?;
        Ok(process.wait_with_output()?)
    }

    /// Starts the daemon and waits until it reports that it is ready.
    pub fn start(&self) -> Result<Daemon> {
        let daemon = self.launch()?;
        daemon.wait_for("READY=1")?;
        Ok(daemon)
    }

    /// Starts the daemon without waiting, because it may never become ready.
    pub fn launch(&self) -> Result<Daemon> {
        self.launch_by(self.command().arg("run"))
    }

    /// Like [`Premises::launch`], with a command that becomes the daemon.
    pub fn launch_by(&self, command: &mut Command) -> Result<Daemon> {
        let notify = self.path("notify.sock");
        let _ = fs::remove_file(&notify);
        let words = UnixDatagram::bind(&notify)?;
        let ears = words.try_clone()?;
        let words = listen(words);
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))?;
        let process = command
            .env("RUST_LOG", "trace")
            .env("NOTIFY_SOCKET", &notify)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let daemon = Daemon {
            process,
            words,
            notify: ears,
            premises: self.folder.path().to_owned(),
        };
        Ok(daemon)
    }
}

impl Daemon {
    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.process.try_wait()?.is_some())
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Waits until the daemon sends this message to systemd.
    pub fn wait_for(&self, word: &str) -> Result<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            // It says every few seconds that it is well.
            let left = until.saturating_duration_since(Instant::now());
            let said = self.words.recv_timeout(left).map_err(|error| {
                let log = fs::read_to_string(self.premises.join("log")).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(20).collect();
                format!("no {word} came: {error}\n{}", tail.join("\n"))
            })?;
            if said.contains(word) {
                return Ok(said);
            }
        }
    }

    pub fn signal(&self, signal: Signal) -> Result {
        Ok(kill(Pid::from_raw(self.pid().cast_signed()), signal)?)
    }

    /// Kills the daemon, as a crash would.
    pub fn kill(mut self) -> Result {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Stops the daemon with a signal and waits until it has ended.
    pub fn stop(mut self, signal: Signal) -> Result<ExitStatus> {
        self.signal(signal)?;
        self.wait_for("STOPPING=1")?;
        Ok(self.process.wait()?)
    }

    /// Sends a plain request over the socket, as any program could. Returns status and body.
    pub fn http(&self, method: &str, path: &str, body: &str) -> Result<(u16, String)> {
        http(&self.premises.join("perennial.sock"), method, path, body)
    }

    /// Follows the journal until a line contains `word`.
    pub fn follow_until(&self, word: &str) -> Result<String> {
        let mut stream = UnixStream::connect(self.premises.join("perennial.sock"))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream
            .write_all(b"GET /v1/events?after=0&follow=true HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        let mut seen = String::new();
        let mut buffer = [0; 4096];
        while !seen.contains(word) {
            let length = stream.read(&mut buffer);
            let length =
                length.map_err(|error| format!("{error} while waiting for {word}:\n{seen}"))?;
            if length == 0 {
                return Err(format!("the journal ended without {word}:\n{seen}").into());
            }
            seen.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
        Ok(seen)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
        let _ = self.notify.shutdown(Shutdown::Both);
    }
}

fn listen(words: UnixDatagram) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = words.recv(&mut buffer) {
            let said = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if sender.send(said).is_err() {
                return;
            }
        }
    });
    receiver
}

fn http(socket: &Path, method: &str, path: &str, body: &str) -> Result<(u16, String)> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let _ = stream.shutdown(Shutdown::Both);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no head")?;
    let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
    Ok((status, body.to_owned()))
}
