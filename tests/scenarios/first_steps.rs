//! What a new user tries on the first day, and what the commands answer.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use perennial::daemon::clock;

use crate::world::daemon::{Daemon, PROGRAM, Premises};
use crate::world::{APP_SECRET, Result, World};

#[track_caller]
fn ended(output: &Output, code: i32, said: &[&str]) -> String {
    let words = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words}");
    for expected in said {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
    words
}

async fn running() -> Result<(World, Premises, Daemon)> {
    let world = World::new().await?;
    world.meta.set_now(clock::now());
    let premises = Premises::new(&world.meta.url())?;
    let daemon = premises.start()?;
    Ok((world, premises, daemon))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_waits_for_meta_s_answer_and_lists_the_pages() -> Result {
    let (world, premises, _daemon) = running().await?;
    let maria = world.person("Maria");
    let token = world.log_in(&maria)?;
    world.page(&maria, "Bakery", &token)?;
    world.page(&maria, "Deli", &token)?;
    let import = ["import", "--name", "maria", "--discover"];
    let said = premises.ask(&import, &token)?;
    ended(
        &said,
        0,
        &[
            "Added as maria, fingerprint ",
            "maria: healthy, was unverified",
            "Found 2 pages:\n",
            "    acme-bakery    Bakery\n",
            "    acme-deli    Deli\n",
        ],
    );

    let paul = world.person("Paul");
    let token = world.log_in(&paul)?;
    world.meta.world().change_password(&paul)?;
    let said = premises.ask(&["import", "--app", "acme", "--name", "paul"], &token)?;
    ended(&said, 1, &["paul: dead", "perennial show paul"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_app_need_not_be_named_but_one_of_several_must() -> Result {
    let (world, premises, daemon) = running().await?;
    let zoe = world.log_in(&world.person("Zoe"))?;
    ended(&premises.ask(&["import"], &zoe)?, 0, &["healthy"]);
    let other = format!(
        "[[app]]\nname = \"other\"\nid = 1234567\nsecret = {{ file = \"{}\" }}\n",
        premises.path("acme.secret").display()
    );
    premises.configure(&world.meta.url(), &other)?;
    ended(&premises.ask(&["reload"], "")?, 0, &["is live"]);
    let said = premises.ask(&["import"], "EAAcanary")?;
    ended(&said, 1, &["no app is named", "--app"]);
    drop(daemon);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_email_into_a_directory_names_its_file() -> Result {
    let (_world, premises, _daemon) = running().await?;
    let said = ended(
        &premises.ask(&["mail-test"], "")?,
        0,
        &["The email was written to a file"],
    );
    assert!(!said.contains("mail server"), "{said}");
    let folder = premises.path("mail").display().to_string();
    let file = said
        .split_whitespace()
        .find(|word| word.starts_with(&folder));
    let file = file.ok_or("no file is named")?;
    assert!(fs::read_to_string(file)?.contains("To: ops@example.com"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_names_what_needs_a_restart_and_takes_over_the_rest() -> Result {
    let (world, premises, daemon) = running().await?;
    let url = world.meta.url();
    premises.configure(&url, "viewers = []")?;
    let text = fs::read_to_string(premises.path("perennial.toml"))?;
    let moved = text
        .replace("/inventory.db", "/moved.db")
        .replace("ops@example.com", "new@example.com");
    fs::write(premises.path("perennial.toml"), moved)?;
    let said = premises.ask(&["reload"], "")?;
    let words = [
        "needs a restart: inventory.path",
        "The rest of the new configuration is live.",
        "systemctl restart perennial",
    ];
    ended(&said, 0, &words);
    ended(&premises.ask(&["mail-test"], "")?, 0, &[]);
    let mut mail = fs::read_dir(premises.path("mail"))?;
    let mail = mail.next().ok_or("no email")??;
    assert!(fs::read_to_string(mail.path())?.contains("To: new@example.com"));
    assert!(!premises.path("moved.db").exists());
    // As long as it is not restarted, it says so.
    ended(&premises.ask(&["reload"], "")?, 0, &words[..1]);
    daemon.stop(Signal::SIGTERM)?;
    Ok(())
}

#[test]
fn the_settings_in_effect_are_a_configuration_without_secrets() -> Result {
    let premises = Premises::new("http://127.0.0.1:1")?;
    let shown = premises.ask(&["config", "show"], "")?;
    ended(&shown, 0, &["check_every = \"1d\"    # default"]);
    let text = String::from_utf8(shown.stdout)?;
    assert!(!text.contains(APP_SECRET) && !text.contains(&premises.key));
    fs::write(premises.path("perennial.toml"), &text)?;
    ended(&premises.ask(&["check-config"], "")?, 0, &["is valid"]);
    let again = premises.ask(&["config", "show", "--json"], "")?;
    let document: serde_json::Value = serde_json::from_slice(&again.stdout)?;
    assert_eq!(document["settings"]["app"][0]["name"], "acme");
    assert_eq!(document["defaults"], serde_json::json!([]), "{document:#}");

    fs::write(premises.path("perennial.toml"), text + "[rotation]\n")?;
    ended(
        &premises.ask(&["config", "show"], "")?,
        1,
        &["check-config"],
    );
    Ok(())
}

#[test]
fn a_check_needs_names_and_the_doctor_does_not() -> Result {
    let premises = Premises::new("http://127.0.0.1:1")?;
    ended(&premises.ask(&["check"], "")?, 2, &["<NAME>"]);
    ended(
        &premises.ask(&["doctor"], "")?,
        3,
        &["cannot reach the daemon"],
    );
    Ok(())
}

/// Runs a line on a terminal, with a `man` that only tells how it was called.
fn on_a_terminal(line: &str) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let man = folder.path().join("man");
    fs::write(
        &man,
        "#!/bin/sh\ncat >/dev/null\necho \"shown with $1 $2\"\n",
    )?;
    fs::set_permissions(&man, fs::Permissions::from_mode(0o755))?;
    let path = std::env::var("PATH")?;
    let output = Command::new("script")
        .args(["-qec", line, "/dev/null"])
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .stdin(Stdio::null())
        .output()?;
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn on_a_terminal_man_shows_a_page_and_in_a_pipe_its_source() -> Result {
    let shown = on_a_terminal(&format!("{PROGRAM} man import"))?;
    assert!(shown.contains("shown with -l -"), "{shown}");
    assert!(!shown.contains(".SH"), "{shown}");
    let source = on_a_terminal(&format!("{PROGRAM} man import --roff"))?;
    assert!(source.contains(".SH NAME"), "{source}");
    assert!(!source.contains("shown with"), "{source}");
    Ok(())
}

/// A demo that is left running, and ended whatever becomes of the test.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.0.id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let _ = self.0.wait();
    }
}

#[test]
fn orders_work_in_a_demo_that_is_left_running() -> Result {
    let demo = Command::new(PROGRAM)
        .args(["demo", "--days", "2", "--keep"])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut demo = Demo(demo);
    let out = demo.0.stdout.take().ok_or("no output")?;
    let mut lines = BufReader::new(out).lines();
    let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(" check ")));
    let line = line.ok_or("no command is named")??;
    assert!(line.trim().starts_with(PROGRAM), "{line}");
    for _ in 0..2 {
        let checked = Command::new("sh").args(["-c", line.trim()]).output()?;
        ended(&checked, 0, &["acme-maria: healthy"]);
    }
    Ok(())
}

#[test]
fn a_demo_that_ends_names_no_folder_that_is_gone() -> Result {
    let demo = Command::new(PROGRAM)
        .args(["demo", "--days", "2"])
        .output()?;
    let said = ended(&demo, 0, &["demo --keep"]);
    assert!(!said.contains("/perennial-demo-"), "{said}");
    Ok(())
}
