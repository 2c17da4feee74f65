//! Inventories written by another version: upgraded, or rejected and left unchanged.

use std::fs;

use nix::sys::signal::Signal;

use crate::world::Result;
use crate::world::daemon::Premises;

/// Twelve days of the demo, as stored by the first version.
const FIRST: &str = include_str!("../fixtures/inventory/0001.sql");

fn left_by_the_first_version() -> Result<Premises> {
    let premises = Premises::new("http://127.0.0.1:1")?;
    premises.tamper(FIRST)?;
    let key = FIRST.lines().find_map(|line| line.strip_prefix("-- key: "));
    premises.write_secret("inventory.key", key.ok_or("no key")?)?;
    Ok(premises)
}

#[test]
fn an_inventory_of_the_first_version_is_taken_over() -> Result {
    let premises = left_by_the_first_version()?;
    let daemon = premises.launch()?;
    daemon.wait_for("EXTEND_TIMEOUT_USEC=")?;
    daemon.wait_for("READY=1")?;
    let status = daemon.http("GET", "/v1/status", "")?.1;
    assert!(status.contains("\"total\":20"), "{status}");
    daemon.stop(Signal::SIGTERM)?;
    Ok(())
}

#[test]
fn an_inventory_from_before_the_first_release_is_refused_as_it_is() -> Result {
    let premises = left_by_the_first_version()?;
    premises.tamper("PRAGMA application_id = 1348825701; PRAGMA user_version = 7")?;
    let before = fs::read(premises.path("inventory.db"))?;
    let ended = premises.ask(&["run"], "")?;
    assert_eq!(ended.status.code(), Some(78));
    let stderr = String::from_utf8(ended.stderr)?;
    assert!(stderr.contains("before the first release"), "{stderr}");
    assert!(stderr.contains("import the tokens again"), "{stderr}");
    assert!(fs::read(premises.path("inventory.db"))? == before);
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
    Ok(())
}
