//! The files that the daemon reads, and the inventory that it opens with them.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use perennial::config::{self, Config, Machine};
use perennial::daemon::Services;
use perennial::inventory::Inventory;

use super::Result;
use super::fleet::{APPS, OPERATOR, SCOPES};

/// What the configuration of one year says, besides what every year has.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) graph_url: String,
    /// The secret of each app.
    pub(super) secrets: [String; 2],
    pub(super) calls_per_hour: u64,
}

pub(super) fn open(folder: &Path) -> Result<(Config, Inventory, Services)> {
    let config = config::load(&folder.join("perennial.toml"), &Machine::here())?;
    let inventory = Inventory::open(&config.inventory)?;
    let services = Services::new(&config, &inventory)?;
    Ok((config, inventory, services))
}

/// Writes the configuration, and with a key also this.
pub(super) fn furnish(folder: &Path, wanted: &Wanted, key: Option<&str>) -> Result {
    let here = folder.display();
    let Wanted {
        graph_url,
        secrets,
        calls_per_hour,
    } = wanted;
    let scopes: Vec<String> = SCOPES.iter().map(|scope| format!("{scope:?}")).collect();
    let scopes = scopes.join(", ");
    let mut text = String::from("timezone = \"Europe/Berlin\"\n");
    for ((name, id, _), secret) in APPS.iter().zip(secrets) {
        write_secret(folder.join(format!("{name}.secret")), secret)?;
        text += &format!(
            "[[app]]\nname = \"{name}\"\nid = \"{id}\"\nsecret = {{ file = \"{here}/{name}.secret\" }}\n\
             graph_url = \"{graph_url}\"\ndialog_url = \"{graph_url}\"\n\
             scopes = [{scopes}]\ncalls_per_hour = {calls_per_hour}\n"
        );
    }
    if let Some(key) = key {
        write_secret(folder.join("inventory.key"), key)?;
    }
    text += &format!(
        "[inventory]\npath = \"{here}/inventory.db\"\nkey = {{ file = \"{here}/inventory.key\" }}\n\
         keep_events = \"90d\"\n\
         [web]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1:8480\"\n\
         [[delivery]]\nname = \"consumer\"\ntokens = [\"*\"]\n\
         file = {{ path = \"{here}/tokens/{{name}}\" }}\n\
         [alerts]\nfrom = \"perennial@example.com\"\nto = [\"{OPERATOR}\"]\ndirectory = \"{here}/mail\"\n\
         [status]\nsocket = \"{here}/perennial.sock\"\n"
    );
    Ok(fs::write(folder.join("perennial.toml"), text)?)
}

fn write_secret(path: PathBuf, content: &str) -> Result {
    let mut file = fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    Ok(std::io::Write::write_all(&mut file, content.as_bytes())?)
}
