//! `perennial doctor`: one line for each check, and what to do. Each check in both states, with a real daemon.

use std::fs;
use std::net::TcpListener;

use perennial::daemon::clock;
use perennial::graph_sim::{Endpoint, Outage};
use serde_json::Value;

use crate::world::daemon::Premises;
use crate::world::office::{Ended, Office};
use crate::world::{APP_SECRET, Result, World};

/// The findings of a check, as `result: says`.
fn found(document: &Value, check: &str) -> Vec<String> {
    let checks = document["checks"].as_array().into_iter().flatten();
    let of_check = checks.filter(|it| it["check"] == check);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    of_check
        .map(|it| format!("{}: {}", text(&it["result"]), text(&it["says"])))
        .collect()
}

fn results(document: &Value) -> Vec<&str> {
    let checks = document["checks"].as_array().into_iter().flatten();
    checks.filter_map(|it| it["result"].as_str()).collect()
}

fn ask(premises: &Premises, line: &str) -> Result<(Ended, Value)> {
    let arguments: Vec<&str> = line.split(' ').collect();
    let ended = Ended::of(premises.ask(&arguments, "")?)?;
    let document =
        serde_json::from_str(&ended.out).map_err(|error| format!("{error}: {ended:?}"))?;
    Ok((ended, document))
}

/// A free port of this machine.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_does_its_work_gets_a_tick_for_each_check() -> Result {
    let world = World::new().await?;
    world.meta.set_now(clock::now());
    let premises = Premises::new(&world.meta.url())?;
    let port = free_port()?;
    let web =
        format!("[web]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"");
    premises.configure(&world.meta.url(), &web)?;
    let daemon = premises.start()?;
    let token = world.log_in(&world.person("Maria"))?;
    let imported = premises.ask(&["import", "--app", "acme"], &token)?;
    assert!(imported.status.success(), "{imported:?}");
    daemon.follow_until("healthy")?;

    let calls = || world.meta.world().call_log().calls(Endpoint::DebugToken);
    let before = calls();
    let (ended, document) = ask(&premises, "doctor --json")?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let results = results(&document);
    assert!(
        results.iter().all(|result| *result != "problem"),
        "{document:#}"
    );
    for check in [
        "configuration",
        "credentials",
        "clock",
        "daemon",
        "app",
        "versions",
        "email",
        "consumers",
        "incidents",
    ] {
        assert!(
            found(&document, check)[0].starts_with("good: "),
            "{check}: {document:#}"
        );
    }
    let address = format!("good: http://127.0.0.1:{port} leads to this daemon");
    assert_eq!(found(&document, "public_address"), [address]);
    assert!(
        fs::read_dir(premises.path("mail"))?.next().is_none(),
        "no email"
    );
    assert_eq!(calls(), before + 1, "one call for one app");

    let shown = Ended::of(premises.ask(&["doctor"], "")?)?;
    let shown = shown.with(
        0,
        &[
            "Daemon\n",
            "✓ daemon           The daemon does its work.",
            "No problems",
        ],
        &[],
    );
    for secret in [APP_SECRET, &premises.key, &token] {
        assert!(!shown.out.contains(secret) && !ended.out.contains(secret));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_and_an_address_that_leads_elsewhere_are_problems() -> Result {
    let office = Office::open().await?;
    let premises = &office.premises;
    // The daemon read them before they were changed.
    premises.write_secret("acme.secret", "00000000000000000000000000000000")?;
    premises.write_secret(
        "inventory.key",
        &perennial::secret::Key::generate()?.to_base64(),
    )?;
    let web = format!("[web]\npublic_url = \"{}\"", office.world.meta.url());
    premises.configure(&office.world.meta.url(), &web)?;
    fs::remove_dir_all(premises.path("mail"))?;
    fs::write(premises.path("mail"), "in the way")?;

    let (ended, document) = ask(premises, "doctor --json")?;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for check in ["app", "public_address", "email"] {
        assert!(
            found(&document, check)[0].starts_with("problem: "),
            "{check}: {document:#}"
        );
    }
    let is_in_a_file = premises.database.url().is_none();
    if is_in_a_file {
        assert!(
            found(&document, "key")[0].starts_with("problem: "),
            "{document:#}"
        );
    }
    let shown = office.ask("doctor", "")?;
    let to_do = [
        "✗ app secret",
        "credentials/acme.secret",
        "perennial mail-test",
        "TLS proxy",
    ];
    shown.with(1, &to_do, &[]);
    // None of that is about this machine.
    let local = office.ask("doctor --local", "")?;
    local.with(1, &["not asked, because of --local"], &[]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_seen_in_meta_s_answer() -> Result {
    let office = Office::open().await?;
    office
        .world
        .meta
        .set_now(clock::now() + jiff::SignedDuration::from_hours(1));
    let (_, document) = ask(&office.premises, "doctor --json")?;
    let clock = found(&document, "clock");
    assert!(clock[0].contains("behind Meta's clock"), "{document:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_meta_is_told_from_a_wrong_secret() -> Result {
    let office = Office::open().await?;
    office.world.meta.world().set_outage(Some(Outage::Reset));
    let (ended, document) = ask(&office.premises, "doctor --json")?;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let app = found(&document, "app");
    assert!(
        app[0].starts_with("problem: ") && !app[0].contains("secret"),
        "{app:?}"
    );
    Ok(())
}

/// Without the daemon, everything else is still looked at.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_daemon_the_rest_is_checked() -> Result {
    let world = World::new().await?;
    world.meta.set_now(clock::now());
    let premises = Premises::new(&world.meta.url())?;
    let (ended, document) = ask(&premises, "doctor --json")?;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(found(&document, "daemon")[0].starts_with("problem: cannot reach the daemon"));
    for check in ["configuration", "app", "clock", "email", "versions"] {
        assert!(
            found(&document, check)[0].starts_with("good: "),
            "{check}: {document:#}"
        );
    }
    assert!(found(&document, "consumers")[0].starts_with("not_checked: "));

    let daemon = premises.start()?;
    daemon.kill()?;
    if premises.database.url().is_none() {
        let (_, document) = ask(&premises, "doctor --json")?;
        assert!(
            found(&document, "key")[0].starts_with("good: it opens "),
            "{document:#}"
        );
    }
    Ok(())
}

/// Who may only use the socket gets the rest, and is told what was left out.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_configuration_the_daemon_says_the_rest() -> Result {
    let office = Office::open().await?;
    let socket = office.premises.path("perennial.sock").display().to_string();
    fs::write(office.premises.path("perennial.toml"), "")?;
    let line = format!("--socket {socket} doctor --json");
    let (_, document) = ask(&office.premises, &line)?;
    assert!(found(&document, "configuration")[0].starts_with("problem: "));
    assert!(
        found(&document, "daemon")[0].starts_with("good: "),
        "{document:#}"
    );
    for check in ["app", "key", "public_address"] {
        assert!(
            found(&document, check)[0].starts_with("not_checked: "),
            "{check}: {document:#}"
        );
    }
    Ok(())
}
