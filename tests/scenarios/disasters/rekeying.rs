//! Changes of the inventory key, cut off at every step.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use nix::sys::signal::Signal;
use perennial::inventory::{Error, Inventory, Settings};
use perennial::secret::Key;

use super::{ended, import};
use crate::world::Result;
use crate::world::crash::{Crasher, Cut};
use crate::world::daemon::Premises;

fn key(path: &Path) -> Result<Key> {
    Ok(Key::read(&fs::read(path)?)?)
}

/// Opens the inventory with the key, as a starting daemon would, and reads the token.
async fn reads_its_token(premises: &Premises, key: Key) -> Result<bool> {
    let path = premises.path("inventory.db");
    let settings = Settings::of_file(&path, key);
    let inventory = loop {
        match Inventory::open(&settings) {
            Ok(inventory) => break inventory,
            Err(Error::WrongKey { .. }) => return Ok(false),
            // A program that another test starts holds the lock between fork and exec.
            Err(Error::InUse(_)) => tokio::task::yield_now().await,
            Err(error) => return Err(error.into()),
        }
    };
    let secret = inventory.read(|view| {
        let token = view.token_named("first")?;
        token.map(|token| view.secret_of(&token)).transpose()
    });
    let secret = secret.await?.flatten().ok_or("no token")?;
    Ok(secret.secret.expose() == "EAAcanaryfirst")
}

fn furnished() -> Result<Premises> {
    let premises = Premises::new("http://127.0.0.1:1")?;
    let daemon = premises.start()?;
    import(&premises, "first")?;
    daemon.stop(Signal::SIGTERM)?;
    Ok(premises)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_in_its_place_opens_the_inventory_wherever_the_change_is_cut_off() -> Result {
    let steps = cut_off_everywhere(&["rekey"]).await?;
    println!("{steps} steps");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn new_data_keys_that_are_cut_off_anywhere_lose_no_token() -> Result {
    let steps = cut_off_everywhere(&["rekey", "--data-keys"]).await?;
    println!("{steps} steps");
    Ok(())
}

/// Cuts the command off at every step. Returns the number of steps.
async fn cut_off_everywhere(line: &[&str]) -> Result<u32> {
    let premises = furnished()?;
    let crasher = Crasher::new()?;
    let place = premises.path("inventory.key");
    let old = key(&place)?;
    let database = fs::read(premises.path("inventory.db"))?;
    let mut steps = 0;
    loop {
        steps += 1;
        let cut = crasher.cut(steps, &premises.path("perennial.toml"), line)?;
        assert!(
            reads_its_token(&premises, key(&place)?).await?,
            "cut off at step {steps}"
        );
        if cut == Cut::NotReached {
            break;
        }
        let words = ["and only it opens", "Keep a copy of the new key elsewhere"];
        ended(&ask_when_free(&premises, line)?, 0, &words);
        assert!(
            reads_its_token(&premises, key(&place)?).await?,
            "finished after step {steps}"
        );
        assert!(
            !reads_its_token(&premises, key_again(&old)?).await?,
            "the old one after step {steps}"
        );
        back_to_the_beginning(&premises, &old, &database)?;
    }
    assert!(steps > 15, "only {steps} steps");
    Ok(steps)
}

/// A disk that said too early that it had kept the new name of the key, and then lost power.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_new_name_was_lost_gets_it_by_the_same_command() -> Result {
    let premises = furnished()?;
    let (place, waiting) = (
        premises.path("inventory.key"),
        premises.path("inventory.key.new"),
    );
    let old = key(&place)?;
    ended(&ask_when_free(&premises, &["rekey"])?, 0, &[]);
    let new = key(&place)?;
    fs::rename(&place, &waiting)?;
    let kept = premises.path(&format!("inventory.key.old-{}", old.id()));
    fs::rename(&kept, &place)?;

    let refused = premises.ask(&["run"], "")?;
    ended(&refused, 78, &["sudo perennial rekey"]);
    let finished = ask_when_free(&premises, &["rekey"])?;
    let words = ["it is finished now", "Keep a copy of the new key elsewhere"];
    ended(&finished, 0, &words);
    assert_eq!(key(&place)?.id(), new.id());
    assert_eq!(key(&kept)?.id(), old.id());
    assert!(!waiting.exists());
    assert!(reads_its_token(&premises, new).await?);

    // A key that opens nothing is left alone.
    premises.write_secret("inventory.key.new", &old.to_base64())?;
    premises.write_secret("inventory.key", &Key::generate()?.to_base64())?;
    let refused = ask_when_free(&premises, &["rekey"])?;
    ended(&refused, 1, &["was sealed with key"]);
    assert_eq!(key(&waiting)?.id(), old.id());
    Ok(())
}

/// A program that another test starts holds the lock between fork and exec.
fn ask_when_free(premises: &Premises, line: &[&str]) -> Result<Output> {
    loop {
        let output = premises.ask(line, "")?;
        if !String::from_utf8_lossy(&output.stderr).contains("another perennial is using") {
            return Ok(output);
        }
    }
}

fn key_again(key: &Key) -> Result<Key> {
    Ok(Key::read(key.to_base64().as_bytes())?)
}

fn back_to_the_beginning(premises: &Premises, key: &Key, database: &[u8]) -> Result {
    for entry in fs::read_dir(premises.path(""))? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.starts_with("inventory.") {
            fs::remove_file(path)?;
        }
    }
    fs::write(premises.path("inventory.db"), database)?;
    premises.write_secret("inventory.key", &key.to_base64())
}

#[test]
fn a_key_is_changed_and_the_old_one_kept_for_the_old_copies() -> Result {
    let premises = furnished()?;
    let path = |name: &str| premises.path(name).display().to_string();
    ended(&premises.ask(&["backup", &path("old.db")], "")?, 0, &[]);
    let running = premises.start()?;
    ended(
        &premises.ask(&["rekey"], "")?,
        1,
        &["another perennial is using"],
    );
    running.stop(Signal::SIGTERM)?;

    let same = premises.ask(&["rekey", "--new-key-file", &path("inventory.key")], "")?;
    ended(&same, 2, &["That is the key in use"]);
    let output = premises.ask(&["rekey"], "")?;
    let words = ended(&output, 0, &["Keep a copy of the new key elsewhere"]);
    premises.start()?.stop(Signal::SIGTERM)?;
    let kept = words
        .lines()
        .find_map(|line| line.split_once(" is the old key:"));
    let kept = kept.ok_or("no old key")?.0;
    let hint = format!("--key-file {kept}");
    ended(
        &premises.ask(&["restore", "--yes", &path("old.db")], "")?,
        1,
        &["was sealed with an earlier key", &hint],
    );
    let restored = premises.ask(
        &["restore", "--yes", "--key-file", kept, &path("old.db")],
        "",
    )?;
    let words = ended(&restored, 0, &["The previous inventory is kept"]);
    // The daemon would not start with the key in place. It does once the commands that are named are carried out.
    let commands = words.lines().filter(|line| line.starts_with("    "));
    let commands: Vec<&str> = commands.collect();
    assert_eq!(commands.len(), 2, "{words}");
    let done = Command::new("sh")
        .args(["-ec", &commands.join("\n")])
        .status()?;
    assert!(done.success(), "{words}");
    premises.start()?.stop(Signal::SIGTERM)?;
    Ok(())
}

/// systemd decrypts the key for the daemon, so only the operator can replace it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_put_in_place_by_hand_is_settled_at_the_next_start() -> Result {
    let premises = furnished()?;
    let new = Key::generate()?;
    premises.write_secret("new", &new.to_base64())?;
    let path = |name: &str| premises.path(name).display().to_string();
    let line = [
        "rekey",
        "--key-file",
        &path("inventory.key"),
        "--new-key-file",
        &path("new"),
    ];
    ended(
        &premises.ask(&line, "")?,
        0,
        &["Both keys open the inventory now"],
    );
    premises.start()?.stop(Signal::SIGTERM)?;
    let old = key(&premises.path("inventory.key"))?;
    premises.write_secret("inventory.key", &new.to_base64())?;
    premises.start()?.stop(Signal::SIGTERM)?;
    assert!(!reads_its_token(&premises, old).await?);
    Ok(())
}
