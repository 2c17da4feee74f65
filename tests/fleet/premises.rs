//! What an operator would have set up for the daemon: a folder with a configuration, a key and an app secret.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use perennial::secret::Key;

use super::Result;
use super::attached;
use super::meta::{APP, APP_SECRET};

#[derive(Debug)]
pub struct Premises(PathBuf);

impl Premises {
    pub fn new(folder: &Path, graph_url: &str) -> Result<Self> {
        fs::create_dir_all(folder.join("mail"))?;
        write_secret(&folder.join("inventory.key"), &Key::generate()?.to_base64())?;
        write_secret(&folder.join("fleet.secret"), APP_SECRET)?;
        let here = folder.display();
        let text = format!(
            r#"timezone = "UTC"
[[app]]
name = "fleet"
id = "{APP}"
secret = {{ file = "{here}/fleet.secret" }}
graph_url = "{graph_url}"
calls_per_hour = {}
[inventory]
path = "{here}/inventory.db"
key = {{ file = "{here}/inventory.key" }}
[alerts]
from = "Perennial <perennial@example.com>"
to = ["ops@example.com"]
directory = "{here}/mail"
[status]
socket = "{here}/perennial.sock"
"#,
            u32::MAX
        );
        fs::write(folder.join("perennial.toml"), text)?;
        Ok(Self(folder.to_owned()))
    }

    pub fn database(&self) -> PathBuf {
        self.0.join("inventory.db")
    }

    pub fn socket(&self) -> PathBuf {
        self.0.join("perennial.sock")
    }

    pub fn run(&self) -> Result<Child> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.0.join("log"))?;
        Ok(self
            .command()?
            .arg("run")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?)
    }

    pub fn import(&self, file: &Path) -> Result {
        let mut command = self.command()?;
        command.arg("import").arg(file).stdin(Stdio::null());
        let output = command.output()?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(format!("the import failed: {text}").into())
    }

    /// What the daemon logged last.
    pub fn log(&self) -> String {
        let log = fs::read_to_string(self.0.join("log")).unwrap_or_default();
        let start = log.lines().count().saturating_sub(20);
        log.lines().skip(start).collect::<Vec<_>>().join("\n")
    }

    fn command(&self) -> Result<Command> {
        let mut command = attached::command(&attached::program()?)?;
        command
            .arg("--config")
            .arg(self.0.join("perennial.toml"))
            .env_remove("PERENNIAL_SOCKET");
        Ok(command)
    }
}

fn write_secret(path: &Path, content: &str) -> Result {
    let mut new = OpenOptions::new();
    let mut file = new.create(true).write(true).mode(0o600).open(path)?;
    Ok(file.write_all(content.as_bytes())?)
}
