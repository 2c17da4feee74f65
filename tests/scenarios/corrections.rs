//! What an operator corrects later: a name, the owners, the permissions that a token needs.

use std::fs;
use std::os::unix::fs::FileTypeExt;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::world::Result;
use crate::world::office::{Ended, Office};

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_token_is_renamed_and_goes_on_under_its_new_name() -> Result {
    let office = Office::open().await?;
    let person = office.world.person("Maria");
    let token = office.world.log_in(&person)?;
    office.world.page(&person, "Deli", &token)?;
    office
        .ask("import --app acme --name mraia --discover", &token)?
        .with(0, &["Found 1 page:"], &[]);
    office.import("paul")?;

    office.ask("rename mraia paul", "")?.with(
        1,
        &[],
        &["another token has the name paul", "perennial show paul"],
    );
    office
        .ask("rename mraia -maria", "")?
        .with(2, &[], &["unexpected argument"]);
    office.ask("rename mraia maria/1", "")?.with(
        1,
        &[],
        &["name must have 1 to 100 letters", "--help"],
    );
    office
        .ask("rename nobody maria", "")?
        .with(1, &[], &["there is no token with this name"]);
    office.ask("rename mraia maria", "")?.with(
        0,
        &["mraia is now called maria.\n"],
        &["[[status.reader]]"],
    );

    office
        .ask("show mraia", "")?
        .with(1, &[], &["there is no token with this name"]);
    office.ask("show maria", "")?.with(
        0,
        &["maria is healthy", "children     acme-deli", ", was mraia"],
        &[],
    );
    office.ask("check maria acme-deli", "")?.with(
        0,
        &["maria: healthy", "acme-deli: healthy"],
        &[],
    );
    if nix::unistd::getuid().is_root() {
        let got = office.ask("get maria", "")?.with(0, &[], &[]);
        assert_eq!(got.out.trim_end(), token);
    }
    let events = office.ask("events --token maria", "")?;
    events.with(
        0,
        &["\timported\tmraia\t", "\trenamed\tmaria\trenamed by "],
        &[],
    );

    // The secret is bound to the name in the file, and still opens when the daemon starts again.
    assert!(office.daemon.stop(Signal::SIGTERM)?.success());
    let _daemon = office.premises.start()?;
    let checked = office.premises.ask(&["check", "maria"], "")?;
    Ended::of(checked)?.with(0, &["maria: healthy"], &[]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_people_to_notify_are_listed_and_changed() -> Result {
    let office = Office::open().await?;
    office.import("maria")?;
    let none = office.ask("owners maria", "")?.with(
        0,
        &[],
        &["maria has no owners of its own. Notified instead: the operators"],
    );
    assert_eq!(none.out, "");
    let add = "owners maria --add maria@example.com --add paul@example.com";
    let both = "maria@example.com\npaul@example.com\n";
    assert_eq!(office.ask(add, "")?.with(0, &[], &[]).out, both);
    let remove = "owners maria --remove maria@example.com --add eve@example.com";
    let after = office.ask(remove, "")?.with(0, &[], &[]);
    assert_eq!(after.out, "paul@example.com\neve@example.com\n");
    assert_eq!(office.ask("owners maria", "")?.out, after.out);

    for (line, words) in [
        ("owners maria --add paul", "owners must be email addresses"),
        (
            "owners maria --remove maria@example.com",
            "maria@example.com is not an owner of maria. Nothing was changed.",
        ),
        ("owners nobody", "there is no token with this name"),
    ] {
        office.ask(line, "")?.with(1, &[], &[words]);
    }
    let listed: Value = serde_json::from_str(&office.ask("owners maria --json", "")?.out)?;
    assert_eq!(
        listed["owners"],
        json!(["paul@example.com", "eve@example.com"])
    );
    office.ask("events --token maria", "")?.with(
        0,
        &[
            "owners changed by ",
            ": 2 added, 0 removed",
            ": 1 added, 1 removed",
        ],
        &[],
    );
    Ok(())
}

/// A token that lost nothing is measured against what it needs from now on.
#[tokio::test(flavor = "multi_thread")]
async fn other_permissions_are_required_over_the_socket() -> Result {
    let office = Office::open().await?;
    office.import("maria")?;
    let body = r#"{"require_scopes":["ads_read","email"]}"#;
    let (status, token) = office.daemon.http("PATCH", "/v1/tokens/maria", body)?;
    assert_eq!(status, 200, "{token}");
    office.daemon.follow_until("requirements_changed")?;
    office.ask("check maria", "")?.with(0, &[], &[]);
    office
        .ask("show maria", "")?
        .with(0, &["missing      ads_read"], &[]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_versions_of_program_and_daemon_are_compared() -> Result {
    let office = Office::open().await?;
    let version = env!("CARGO_PKG_VERSION");
    let same = office.ask("version", "")?;
    assert_eq!(
        (same.code, same.err.as_str()),
        (Some(0), ""),
        "the daemon is the same program"
    );
    assert_eq!(same.out, format!("perennial {version}\ndaemon {version}\n"));
    let both: Value = serde_json::from_str(&office.ask("version --json", "")?.out)?;
    assert_eq!(both["version"], version);
    assert_eq!(both["daemon"]["version"], version);
    let short = office.ask("--version", "")?;
    assert_eq!(short.out, format!("perennial {version}\n"));

    // An older daemon, still running after an upgrade.
    assert!(office.daemon.stop(Signal::SIGTERM)?.success());
    let socket = office.premises.path("perennial.sock");
    let _ = fs::remove_file(&socket);
    let listener = std::os::unix::net::UnixListener::bind(&socket)?;
    assert!(fs::metadata(&socket)?.file_type().is_socket());
    let older = std::thread::spawn(move || answer_once(&listener));
    Ended::of(office.premises.ask(&["version"], "")?)?.with(
        0,
        &["daemon 0.0.1\n"],
        &["systemctl restart perennial"],
    );
    older.join().map_err(|_| "no older daemon")??;
    Ok(())
}

fn answer_once(listener: &std::os::unix::net::UnixListener) -> std::io::Result<()> {
    use std::io::{Read, Write};
    let (mut stream, _) = listener.accept()?;
    let mut request = [0; 1024];
    let _ = stream.read(&mut request)?;
    let body = r#"{"version":"0.0.1","started_at":"2026-11-22T09:00:00Z"}"#;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
