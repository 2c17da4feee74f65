//! An inventory of an earlier version: copied, then upgraded, with systemd being asked for patience.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use nix::sys::signal::Signal;

use crate::world::Result;
use crate::world::crash::on_a_small_disk;
use crate::world::daemon::Premises;

/// Twelve days of the demo, as the first version left them.
const FIRST: &str = include_str!("../fixtures/inventory/0001.sql");

fn left_by_the_first_version() -> Result<Premises> {
    let premises = Premises::new("http://127.0.0.1:1")?;
    premises.tamper(FIRST)?;
    let key = FIRST.lines().find_map(|line| line.strip_prefix("-- key: "));
    premises.write_secret("inventory.key", key.ok_or("no key")?)?;
    Ok(premises)
}

fn copies(premises: &Premises) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(premises.path(""))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with("pre-upgrade-schema-1-") {
            names.push(name);
        }
    }
    Ok(names)
}

#[test]
fn an_older_inventory_is_copied_before_it_is_upgraded() -> Result {
    let premises = left_by_the_first_version()?;
    let daemon = premises.launch()?;
    daemon.wait_for("EXTEND_TIMEOUT_USEC=")?;
    daemon.wait_for("READY=1")?;
    let status = daemon.http("GET", "/v1/status", "")?.1;
    assert!(status.contains("\"total\":20"), "{status}");
    daemon.stop(Signal::SIGTERM)?;

    let [copy] = copies(&premises)?
        .try_into()
        .map_err(|all| format!("{all:?}"))?;
    let mode = fs::metadata(premises.path(&copy))?.permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // The way back stands open: it is an inventory of that version, and can be upgraded again.
    let copy = premises.path(&copy).display().to_string();
    let restored = premises.ask(&["restore", "--yes", &copy], "")?;
    assert!(restored.status.success(), "{restored:?}");
    premises.start()?.stop(Signal::SIGTERM)?;
    Ok(())
}

#[test]
fn a_newer_inventory_is_refused_as_it_is() -> Result {
    let premises = left_by_the_first_version()?;
    premises.tamper("PRAGMA user_version = 999")?;
    let before = fs::read(premises.path("inventory.db"))?;
    let ended = premises.ask(&["run"], "")?;
    assert_eq!(ended.status.code(), Some(78));
    let words = String::from_utf8(ended.stderr)?;
    assert!(
        words.contains("was written by a newer perennial (schema 999"),
        "{words}"
    );
    assert!(
        words.contains("restore a copy from before the upgrade"),
        "{words}"
    );
    assert!(fs::read(premises.path("inventory.db"))? == before);
    assert!(copies(&premises)?.is_empty());
    Ok(())
}

#[test]
fn without_room_for_the_copy_nothing_is_upgraded() -> Result {
    let premises = left_by_the_first_version()?;
    let (disk, before) = (premises.path("disk"), premises.path("disk.before"));
    fs::create_dir_all(&disk)?;
    fs::create_dir_all(&before)?;
    fs::rename(premises.path("inventory.db"), before.join("inventory.db"))?;
    let Some(mut command) = on_a_small_disk(&disk, 2) else {
        println!("no disk of its own can be had here");
        return Ok(());
    };
    let text = fs::read_to_string(premises.path("perennial.toml"))?;
    let text = text.replace("/inventory.db", "/disk/inventory.db");
    fs::write(premises.path("perennial.toml"), text)?;
    let config = premises.path("perennial.toml").display().to_string();
    let ended = command
        .args(["--config", &config, "run"])
        .stdin(Stdio::null())
        .output()?;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let words = String::from_utf8(ended.stderr)?;
    assert!(
        words.contains("MiB free, and a copy of the inventory needs"),
        "{words}"
    );
    assert!(words.contains("nothing was changed"), "{words}");
    Ok(())
}
