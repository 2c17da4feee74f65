//! The monitor: a timer that queries the daemon and sends emails itself, and the unit that systemd starts when the
//! daemon fails.

use std::fs;
use std::process::{Output, Stdio};

use nix::sys::signal::Signal;

use crate::world::Result;
use crate::world::daemon::Premises;

const ALERT: [&str; 4] = ["doctor", "--alert", "--timeout", "0s"];

#[track_caller]
fn ended(output: &Output, code: i32, said: &[&str]) {
    let words = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words}");
    for expected in said {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
}

/// Returns every email, oldest first.
fn emails(premises: &Premises) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(premises.path("mail"))? {
        paths.push(entry?.path());
    }
    paths.sort();
    let read = |path| Ok(fs::read_to_string(path)?);
    paths.iter().map(read).collect()
}

/// Changes the stored times as if this many hours had passed since the last run.
fn age_alarms(premises: &Premises, hours: i64) -> Result {
    let path = premises.path("alarms.json");
    let mut memory: serde_json::Value = serde_json::from_str(fs::read_to_string(&path)?.trim())?;
    let down = &mut memory["alarms"]["down"];
    for key in ["notified_at", "gone_since"] {
        if let Some(at) = down[key].as_str() {
            let at: jiff::Timestamp = at.parse()?;
            let at = at - jiff::SignedDuration::from_hours(hours);
            down[key] = at.to_string().into();
        }
    }
    Ok(fs::write(&path, memory.to_string())?)
}

#[test]
fn a_daemon_that_is_down_is_reported_once_reminded_and_resolved() -> Result {
    let premises = Premises::new("http://127.0.0.1:1")?;
    ended(
        &premises.ask(&["doctor"], "")?,
        3,
        &["cannot reach the daemon", "systemctl status"],
    );
    assert!(emails(&premises)?.is_empty(), "nobody asked for emails");

    ended(
        &premises.ask(&ALERT, "")?,
        3,
        &["Sent: Perennial is down ("],
    );
    ended(&premises.ask(&ALERT, "")?, 3, &[]);
    let [first] = emails(&premises)?
        .try_into()
        .map_err(|all| format!("{all:?}"))?;
    assert!(first.contains("To: ops@example.com"), "{first}");
    assert!(first.contains("perennial check-config"), "{first}");
    age_alarms(&premises, 25)?;
    ended(
        &premises.ask(&ALERT, "")?,
        3,
        &["Sent: Reminder: Perennial is down ("],
    );
    assert!(emails(&premises)?[1].contains("In-Reply-To: <watch-down-"));

    let daemon = premises.start()?;
    ended(
        &premises.ask(&ALERT, "")?,
        0,
        &["The daemon does its work."],
    );
    assert_eq!(emails(&premises)?.len(), 2, "it may go down again at once");
    age_alarms(&premises, 1)?;
    ended(
        &premises.ask(&ALERT, "")?,
        0,
        &["Sent: Over: Perennial is down ("],
    );
    ended(&premises.ask(&ALERT, "")?, 0, &[]);
    ended(
        &premises.ask(&["doctor", "--local"], "")?,
        0,
        &["The daemon does its work."],
    );
    assert_eq!(emails(&premises)?.len(), 3);
    daemon.stop(Signal::SIGTERM)?;
    Ok(())
}

#[test]
fn a_program_reads_what_was_found_and_who_was_emailed() -> Result {
    let premises = Premises::new("http://127.0.0.1:1")?;
    let found = premises.ask(&["doctor", "--alert", "--timeout", "0s", "--json"], "")?;
    ended(&found, 3, &[]);
    let found: serde_json::Value = serde_json::from_slice(&found.stdout)?;
    assert_eq!(found["problems"][0]["alarm"], "down");
    let sent = found["emails"]["sent"][0].as_str().unwrap_or_default();
    assert!(sent.starts_with("Perennial is down ("), "{found}");
    Ok(())
}

/// Who may use the socket need not be able to read the configuration. What cannot be checked then is said.
#[test]
fn only_emails_need_the_configuration() -> Result {
    let premises = Premises::new("http://127.0.0.1:1")?;
    let _daemon = premises.start()?;
    let socket = premises.path("perennial.sock").display().to_string();
    fs::remove_file(premises.path("perennial.toml"))?;
    ended(
        &premises.ask(&["--socket", &socket, "doctor"], "")?,
        1,
        &[
            "The daemon does its work.",
            "there is no such file",
            "not checked: this user may not look at the disk",
        ],
    );
    ended(
        &premises.ask(&["--socket", &socket, "doctor", "--alert"], "")?,
        1,
        &["Cannot notify anyone", "perennial check-config"],
    );
    Ok(())
}

#[test]
fn an_email_that_cannot_leave_is_tried_again() -> Result {
    let premises = Premises::new("http://127.0.0.1:1")?;
    fs::remove_dir(premises.path("mail"))?;
    fs::write(premises.path("mail"), "in the way")?;
    ended(
        &premises.ask(&ALERT, "")?,
        1,
        &["could not be sent: cannot write emails", "mail-test"],
    );
    fs::remove_file(premises.path("mail"))?;
    ended(
        &premises.ask(&ALERT, "")?,
        3,
        &["Sent: Perennial is down ("],
    );
    Ok(())
}

#[test]
fn a_unit_that_systemd_gives_up_is_reported_with_the_reason() -> Result {
    let premises = Premises::new("http://127.0.0.1:1")?;
    premises.configure("http://127.0.0.1:1", "vievers = [\"*\"]")?;
    let alert = |set: &[(&str, &str)]| {
        premises
            .command()
            .arg("alert-unit-failure")
            .envs(set.iter().copied())
            .stdin(Stdio::null())
            .output()
    };
    ended(&alert(&[])?, 2, &["perennial doctor"]);
    let told = alert(&[
        ("MONITOR_UNIT", "perennial.service"),
        ("MONITOR_SERVICE_RESULT", "exit-code"),
        ("MONITOR_EXIT_STATUS", "78"),
        ("MONITOR_INVOCATION_ID", "0123abcd"),
    ])?;
    ended(&told, 0, &["Sent: Perennial is down ("]);
    let [email] = emails(&premises)?
        .try_into()
        .map_err(|all| format!("{all:?}"))?;
    for words in [
        "systemd has stopped restarting perennial.service",
        "vievers",
        "0123abcd",
    ] {
        assert!(email.contains(words), "{words}\n{email}");
    }
    // The timer does not report it again.
    ended(&premises.ask(&ALERT, "")?, 3, &[]);
    assert_eq!(emails(&premises)?.len(), 1);
    Ok(())
}
