//! The files that an operator would have: configuration, key and app secret.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::apps::{APP_SECRET, APPS, CHATBOT};
use super::error::Error;
use crate::config::{self, Machine};
use crate::graph_sim::Simulator;
use crate::secret::Key;

/// `public` is where the public pages listen already.
pub(super) fn furnish(
    folder: &Path,
    meta: &Simulator,
    public: &str,
) -> Result<config::Config, Error> {
    for inside in ["mail", "tokens"] {
        fs::create_dir(folder.join(inside))?;
    }
    write_secret(&folder.join("inventory.key"), &Key::generate()?.to_base64())?;
    write_secret(&folder.join("acme.secret"), APP_SECRET)?;
    let file = folder.join("perennial.toml");
    let apps: String = APPS.map(|app| app.section(folder, meta)).concat();
    fs::write(&file, text(&folder.display().to_string(), &apps, public))?;
    Ok(config::load(&file, &Machine::here())?)
}

fn text(here: &str, apps: &str, public: &str) -> String {
    format!(
        r#"timezone = "Europe/Berlin"

{apps}[inventory]
path = "{here}/inventory.db"
key = {{ file = "{here}/inventory.key" }}

[alerts]
from = "Perennial <perennial@acme.example>"
to = ["ops@acme.example"]
company = "Acme GmbH"
contact = "ops@acme.example"
directory = "{here}/mail"

[[delivery]]
name = "{CHATBOT}"
tokens = ["acme-*"]
file = {{ path = "{here}/tokens/{{name}}.json", format = "json" }}

[web]
listen = "{public}"
public_url = "http://{public}"

[status]
socket = "{here}/perennial.sock"
"#
    )
}

fn write_secret(path: &Path, content: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content.as_bytes())
}
