//! `setup`: from nothing to a running daemon. What it asks for, tries, writes and leaves unchanged.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

use nix::sys::signal::Signal;
use perennial::daemon::clock;

use crate::world::daemon::{PROGRAM, Premises};
use crate::world::{APP, APP_SECRET, Result, World};

/// Runs setup as a script would. `more` is split at spaces.
fn set_up(premises: &Premises, more: &str) -> Result<Output> {
    Ok(Command::new(PROGRAM)
        .arg("setup")
        .arg("--config-dir")
        .arg(premises.path(""))
        .args(more.split(' '))
        .stdin(Stdio::null())
        .output()?)
}

fn answers(premises: &Premises, world: &World) -> String {
    format!(
        "--yes --app-name shop --app-id {APP} --app-secret-file {} --mail-to ops@example.com --company Acme --contact help@acme.example --mail-directory {} \
         --timezone Europe/Berlin --graph-url {} --dialog-url {}",
        premises.path("given").display(),
        premises.path("mail").display(),
        world.meta.url(),
        world.meta.url()
    )
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
fn ended(output: &Output, code: i32, said: &[&str]) {
    let words = words(output);
    assert_eq!(output.status.code(), Some(code), "{words}");
    for expected in said {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
    assert!(!words.contains(APP_SECRET), "{words}");
}

fn mode(premises: &Premises, name: &str) -> Result<u32> {
    Ok(fs::metadata(premises.path(name))?.permissions().mode() & 0o777)
}

fn listing(premises: &Premises) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for folder in ["", "credentials"] {
        for entry in fs::read_dir(premises.path(folder))? {
            let path = entry?.path();
            if path.is_file() {
                files.push((path.display().to_string(), fs::read(&path)?));
            }
        }
    }
    files.sort();
    Ok(files)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_a_daemon_that_runs() -> Result {
    let world = World::new().await?;
    world.meta.set_now(clock::now());
    let premises = Premises::empty()?;
    premises.write_secret("given", &format!("{APP_SECRET}\n"))?;
    let output = set_up(&premises, &answers(&premises, &world))?;
    ended(
        &output,
        0,
        &[
            "Meta accepts id and secret of app shop.",
            "A test email is written into ",
            "inventory.key    Back it up. Without this key the tokens cannot be recovered.",
            "Start it:\n    perennial --config ",
        ],
    );
    assert_eq!(
        fs::read_dir(premises.path("mail"))?.count(),
        1,
        "the test email"
    );
    assert_eq!(mode(&premises, "credentials")?, 0o700);
    for secret in ["inventory.key", "shop.secret"] {
        assert_eq!(mode(&premises, &format!("credentials/{secret}"))?, 0o600);
    }
    assert_eq!(mode(&premises, "perennial.toml")?, 0o640);

    let written = fs::read_to_string(premises.path("perennial.toml"))?;
    for line in ["company = \"Acme\"", "contact = \"help@acme.example\""] {
        assert!(
            written.lines().any(|written| written == line),
            "{line}\n{written}"
        );
    }

    let daemon = premises.start()?;
    assert_eq!(daemon.http("GET", "/healthz", "")?.0, 200);
    let token = world.log_in(&world.person("Maria"))?;
    let taken = premises.ask(&["import", "--app", "shop"], &token)?;
    ended(&taken, 0, &["Added as"]);
    daemon.stop(Signal::SIGTERM)?;

    let before = listing(&premises)?;
    let again = set_up(&premises, &answers(&premises, &world))?;
    ended(
        &again,
        0,
        &["already exists", "nothing was changed", "Start it:"],
    );
    assert_eq!(listing(&premises)?, before);
    Ok(())
}

#[test]
fn the_public_address_is_written_and_what_it_needs_elsewhere_is_said() -> Result {
    let premises = Premises::empty()?;
    premises.write_secret("given", APP_SECRET)?;
    let answers = format!(
        "--yes --app-name shop --app-id {APP} --app-secret-file {} --mail-to ops@example.com --mail-directory {} \
         --skip-checks --public-url tokens.example.com",
        premises.path("given").display(),
        premises.path("mail").display(),
    );
    let said = [
        "    tokens.example.com {\n        reverse_proxy 127.0.0.1:8480\n    }",
        "https://tokens.example.com/login/callback",
        "https://tokens.example.com/webhooks/shop/deauthorize",
        "https://tokens.example.com/webhooks/shop/data-deletion",
        "credentials/webhook.verify",
        "perennial.toml doctor",
    ];
    let output = set_up(&premises, &answers)?;
    ended(&output, 0, &said);
    let verify = fs::read_to_string(premises.path("credentials/webhook.verify"))?;
    assert!(verify.trim().len() > 20 && !words(&output).contains(verify.trim()));
    let written = fs::read_to_string(premises.path("perennial.toml"))?;
    let section = "[web]\n# An address of this machine";
    let url = "\npublic_url = \"https://tokens.example.com\"\n";
    assert!(
        written.contains(section) && written.contains(url),
        "{written}"
    );
    ended(&premises.ask(&["check-config"], "")?, 0, &["is valid"]);
    // Whoever needs it once more runs it again.
    ended(&set_up(&premises, "--yes")?, 0, &said);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_do_not_work_write_nothing() -> Result {
    let world = World::new().await?;
    world.meta.set_now(clock::now());
    let premises = Premises::empty()?;
    premises.write_secret("given", "00000000000000000000000000000000")?;
    let answers = answers(&premises, &world);
    let nothing_written = || -> Result {
        assert!(!premises.path("perennial.toml").exists());
        let left = fs::read_dir(premises.path(""))?;
        let left = left.map(|entry| Ok(entry?.file_name()));
        let left: std::io::Result<Vec<_>> = left.collect();
        let mut left = left?;
        left.retain(|name| name != "given" && name != "a file");
        assert!(left.is_empty(), "{left:?}");
        Ok(())
    };

    let output = set_up(&premises, &answers)?;
    ended(
        &output,
        1,
        &[
            "Meta refuses the app itself",
            "Nothing was written",
            "--skip-checks",
        ],
    );
    nothing_written()?;

    premises.write_secret("given", APP_SECRET)?;
    fs::write(premises.path("a file"), "in the way")?;
    let nowhere = answers.replace("/mail ", "/given ");
    ended(
        &set_up(&premises, &nowhere)?,
        1,
        &["Cannot send an email to ops@example.com: cannot write emails"],
    );
    nothing_written()?;

    nothing_written()?;
    ended(
        &set_up(&premises, &format!("{answers} --skip-checks"))?,
        0,
        &["Written:"],
    );
    Ok(())
}

#[test]
fn what_is_missing_is_named_all_at_once() -> Result {
    let premises = Premises::empty()?;
    ended(
        &set_up(
            &premises,
            "--yes --app-name shop --smtp-url smtps://user@example.com",
        )?,
        2,
        &[
            "--app-id ID",
            "--app-secret-file FILE",
            "--mail-to ADDRESS",
            "--smtp-password-file FILE",
        ],
    );
    ended(
        &set_up(&premises, "--yes --app-id 12a")?,
        2,
        &["must be digits only"],
    );
    ended(
        &set_up(&premises, "--yes --smtp-url smtps://user:word@example.com")?,
        2,
        &["secrets do not belong in the configuration"],
    );
    assert!(!premises.path("perennial.toml").exists());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cut_off_is_completed() -> Result {
    let world = World::new().await?;
    world.meta.set_now(clock::now());
    let premises = Premises::empty()?;
    premises.write_secret("given", APP_SECRET)?;
    fs::create_dir_all(premises.path(".setup-cut/credentials"))?;
    fs::create_dir(premises.path("credentials"))?;
    let key = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\n";
    premises.write_secret("credentials/inventory.key", key)?;
    ended(
        &set_up(&premises, &answers(&premises, &world))?,
        0,
        &["shop.secret\n"],
    );
    assert_eq!(
        fs::read_to_string(premises.path("credentials/inventory.key"))?,
        key
    );
    assert!(!premises.path(".setup-cut").exists());

    // Even without a configuration, a key that already seals tokens is not replaced.
    premises.start()?.stop(Signal::SIGTERM)?;
    fs::remove_file(premises.path("credentials/inventory.key"))?;
    ended(
        &set_up(&premises, "--yes")?,
        1,
        &["but its key is missing", "Restore this file", "lost"],
    );
    fs::remove_file(premises.path("inventory.db"))?;
    ended(
        &set_up(&premises, "--yes")?,
        0,
        &["Added ", "inventory.key"],
    );
    Ok(())
}
