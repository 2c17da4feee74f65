//! The commands against the running daemon: what they print, on which stream, and their exit codes.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::world::Result;
use crate::world::daemon::Premises;
use crate::world::office::{Ended, Office};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_imported_checked_and_forgotten() -> Result {
    let office = Office::open().await?;
    let token = office.world.log_in(&office.world.person("Maria"))?;
    let import = "import --app acme --name maria --owner maria@example.com";
    office
        .ask(import, &format!("{token}\n"))?
        .with(0, &["Added as maria, fingerprint "], &[]);
    office
        .ask(import, &token)?
        .with(0, &["This token is already in the inventory as maria"], &[]);

    office
        .ask("check maria", "")?
        .with(0, &["maria: healthy\n"], &[]);
    let status = office.ask("status", "")?;
    assert!(
        status.out.contains("The only token is healthy."),
        "{status:?}"
    );
    let tokens = office.ask("tokens --state healthy --kind user", "")?;
    assert!(
        tokens.out.starts_with("NAME\tSUBJECT\tAPP\tKIND\t"),
        "{tokens:?}"
    );
    assert!(
        tokens.out.contains("\nmaria\tMaria\tacme\tuser\thealthy\t"),
        "{tokens:?}"
    );
    office
        .ask("tokens --state dead", "")?
        .with(0, &[], &["No token matches"]);
    office.ask("show maria", "")?.with(
        0,
        &["maria is healthy", "owners       maria@example.com"],
        &[],
    );
    office.ask("events --token maria", "")?.with(
        0,
        &[
            "\timported\tmaria\timported by ",
            "\tmaria\thealthy, was unverified\n",
        ],
        &[],
    );

    office
        .ask("forget maria", "")?
        .with(2, &[], &["perennial forget --yes NAME"]);
    office.ask("forget --yes maria nobody", "")?.with(
        1,
        &["maria is removed.\n"],
        &["nobody: there is no token with this name"],
    );
    office
        .ask("show maria", "")?
        .with(1, &[], &["there is no token with this name"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_the_socket_s_own_json() -> Result {
    let office = Office::open().await?;
    office.import("maria")?;
    office.ask("check maria", "")?.with(0, &[], &[]);
    for (line, path) in [
        ("tokens --json", "/v1/tokens?limit=1000"),
        ("show maria --json", "/v1/tokens/maria"),
        ("incidents --json", "/v1/incidents"),
        ("events --json", "/v1/events"),
    ] {
        let (_, expected) = office.daemon.http("GET", path, "")?;
        let expected = unchunked(&expected);
        let ended = office.ask(line, "")?;
        assert_eq!(ended.out.trim_end(), expected.trim_end(), "{line}");
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{line}");
    }
    let status: serde_json::Value = serde_json::from_str(&office.ask("status --json", "")?.out)?;
    assert_eq!(status["tokens"]["total"], 1);
    Ok(())
}

/// Joins the chunks of the journal into its lines.
fn unchunked(body: &str) -> String {
    let lines = body.lines().filter(|line| line.starts_with('{'));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_is_alone_on_standard_output() -> Result {
    let office = Office::open().await?;
    let token = office.import("maria")?;
    office.ask("check maria", "")?.with(0, &[], &[]);
    let got = office.ask("get maria --min-remaining 12h", "")?;
    if nix::unistd::getuid().is_root() {
        assert_eq!(
            (got.code, got.out, got.err),
            (Some(0), format!("{token}\n"), String::new())
        );
        let late = office.ask("get maria --min-remaining 3000d", "")?;
        let late = late.with(1, &[], &["sooner than you asked for", "--min-remaining"]);
        assert_eq!(late.out, "");
    } else {
        let refused = got.with(
            1,
            &[],
            &["may not read the secret of maria", "[[status.reader]]"],
        );
        assert_eq!(refused.out, "");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn discovered_pages_are_called_what_people_call_them() -> Result {
    let office = Office::open().await?;
    let person = office.world.person("Maria");
    let token = office.world.log_in(&person)?;
    let mut ids = Vec::new();
    for name in ["Bäckerei Müller", "Deli", "Deli", "東京"] {
        ids.push(office.world.page(&person, name, &token)?.0);
    }
    office
        .ask("import --app acme --name maria --discover", &token)?
        .with(0, &[], &[]);
    for id in ["acme-baeckerei-mueller", "acme-deli", ids[3].as_str()] {
        office.daemon.follow_until(id)?;
    }
    let other = format!("acme-{}", ids[3]);
    let with_digits = [&ids[1], &ids[2]].map(|id| format!("acme-deli-{}", &id[id.len() - 4..]));
    let names = format!(
        "acme-baeckerei-mueller acme-deli {other} {}",
        with_digits.join(" ")
    );
    // Of the two pages called Deli, one has the plain name.
    office.ask(&format!("check {names}"), "")?;
    let tokens = office.ask("tokens --sort name", "")?;
    let listed = |name: &&String| tokens.out.contains(&format!("\n{name}\tDeli\t"));
    assert_eq!(with_digits.iter().filter(listed).count(), 1, "{tokens:?}");
    let other = format!("\n{other}\t東京\t");
    tokens.with(
        0,
        &[
            "NAME\tSUBJECT\tAPP\t",
            "\nacme-baeckerei-mueller\tBäckerei Müller\tacme\t",
            "\nacme-deli\tDeli\t",
            &other,
        ],
        &[],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_followed_to_its_outcome() -> Result {
    let office = Office::open().await?;
    office.import("maria")?;
    let person = office.world.person("Paul");
    let token = office.world.log_in(&person)?;
    office
        .ask("import --app acme --name paul", &token)?
        .with(0, &[], &[]);
    // Meta returns a new token with the same expiry, as it usually does.
    office.ask("rotate maria", "")?.with(
        1,
        &["maria: a new token with the same expiry; not renewed"],
        &[],
    );
    office.ask("rotate maria", "")?.with(
        1,
        &[
            "not renewed: it was tried within the last 24 hours",
            "it may be tried again from 20",
        ],
        &[],
    );

    office.world.meta.world().change_password(&person)?;
    office.ask("check paul maria nobody", "")?.with(
        1,
        &[
            "maria: healthy\n",
            "paul: dead: the person's password was changed (code 190/460",
        ],
        &["nobody: there is no token with this name"],
    );
    office.ask("show paul", "")?.with(
        0,
        &["paul is dead", "perennial login --token paul --paste"],
        &[],
    );

    office
        .world
        .meta
        .world()
        .set_outage(Some(perennial::graph_sim::Outage::Reset));
    office.ask("check --timeout 0s maria", "")?.with(
        1,
        &[],
        &["No result yet for maria. The daemon still carries out the order"],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn during_an_outage_an_order_is_answered_at_once() -> Result {
    let office = Office::open().await?;
    office.import("maria")?;
    office.ask("check maria", "")?.with(0, &[], &[]);
    office
        .world
        .meta
        .world()
        .set_outage(Some(perennial::graph_sim::Outage::Reset));
    office.ask("check maria", "")?.with(1, &[], &[]);
    for order in ["check maria", "rotate maria"] {
        let began = Instant::now();
        office.ask(order, "")?.with(
            1,
            &["maria: not done: Meta does not answer; no calls until 20"],
            &["systemctl reload perennial"],
        );
        assert!(began.elapsed() < Duration::from_secs(20), "{order}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_is_judged_before_it_is_used() -> Result {
    let office = Office::open().await?;
    office.import("maria")?;
    let person = office.world.person("Paul");
    let token = office.world.log_in(&person)?;
    office
        .ask("import --app acme --name paul", &token)?
        .with(0, &[], &[]);
    office.ask("check paul maria", "")?.with(0, &[], &[]);

    let other = office.world.log_in(&office.world.person("Eve"))?;
    office.ask("import --replace paul", &other)?.with(
        1,
        &["the new secret was refused: it belongs to another person or page"],
        &["perennial show paul"],
    );
    let newer = office.world.log_in(&person)?;
    office.ask("import --replace paul", &newer)?.with(
        0,
        &["the new secret is confirmed and in use"],
        &[],
    );
    office
        .ask("import --replace paul", &newer)?
        .with(0, &["paul already has this secret"], &[]);
    office
        .ask("import --replace nobody", &newer)?
        .with(1, &[], &["no token with this name"]);
    office
        .ask("import --replace paul", "")?
        .with(1, &[], &["there is no token in it"]);
    office
        .ask("import --replace paul --app acme", "")?
        .with(2, &[], &["cannot be used with"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_are_reported_and_the_others_imported() -> Result {
    let office = Office::open().await?;
    let token = |number: u8| format!("EAAcanary{number:03}");
    let line = |number: u8, more: &str| format!(r#"{{"access_token":"{}"{more}}}"#, token(number));
    let mut file = Vec::new();
    for line in [
        line(1, r#","name":"one","owners":["maria@example.com"]"#).into_bytes(),
        Vec::new(),
        b"{\"access_token\":".to_vec(),
        b"\xff\xfe\xfa".to_vec(),
        line(2, r#","name":"one""#).into_bytes(),
        line(3, r#","app":"nowhere""#).into_bytes(),
        br#"{"access_token":""}"#.to_vec(),
        format!(r#"{{"access_token":"{}"}}"#, "E".repeat(10 << 20)).into_bytes(),
        line(1, "").into_bytes(),
        br#"{"access_token":"EAA canary with spaces"}"#.to_vec(),
        line(4, r#","owners":"maria@example.com""#).into_bytes(),
        line(5, r#","nmae":"x""#).into_bytes(),
        line(6, r#","name":"six""#).into_bytes(),
    ] {
        file.extend(line);
        file.push(b'\n');
    }
    fs::write(office.premises.path("tokens.jsonl"), &file)?;
    let path = office.premises.path("tokens.jsonl");
    let ended = office.ask(&format!("import --app acme {}", path.display()), "")?;
    let told = ended.with(
        1,
        &["2 added, 1 already known, 9 refused (lines 3, 4, 5, 6, 7, 8, 10, 11, 12)\n"],
        &[
            "line 3: is not JSON",
            "line 4: is not UTF-8 text",
            "line 5: another token has the name one",
            "line 6: there is no [[app]] of this name in the configuration",
            "line 7: access_token is empty",
            "line 8: is longer than 64 KiB",
            "line 10: this token cannot be imported",
            "line 11: owners must be a list of texts",
            "line 12: nmae is not a field",
            "import the file again",
        ],
    );
    assert!(
        !told.err.contains("canary") && !told.out.contains("canary"),
        "{told:?}"
    );
    let tokens = office.ask("tokens", "")?.out;
    assert!(
        tokens.contains("\none\t") && tokens.contains("\nsix\t"),
        "{tokens}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_taken_in_from_csv_and_again_without_harm() -> Result {
    let office = Office::open().await?;
    let mut csv = "name,access_token,owners\n".to_owned();
    for number in 0..2_500 {
        csv.push_str(&format!(
            "t-{number:04},EAAcanary{number},a@example.com b@example.com\n"
        ));
    }
    csv.push_str("broken,\"EAAcanary,\n");
    for sum in [
        "2,500 added, 0 already known, 1 refused (line 2502)\n",
        "0 added, 2,500 already known, 1 refused (line 2502)\n",
    ] {
        let ended = office.ask("import --app acme -", &csv)?;
        ended.with(1, &[sum], &["line 2502: a quotation mark is not closed"]);
    }
    // Page by page, sorted by name, under one heading.
    let listed = office.ask("tokens", "")?.out;
    let names = listed.lines().filter_map(|line| line.split('\t').next());
    let expected = (0..2_500).map(|number| format!("t-{number:04}"));
    assert!(
        names
            .map(str::to_owned)
            .eq(["NAME".to_owned()].into_iter().chain(expected))
    );

    // A reader that closes the pipe early causes no error message.
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let mut command = office.premises.command();
    let ended = command
        .arg("tokens")
        .stdin(Stdio::null())
        .stdout(writer)
        .output()?;
    let ended = Ended::of(ended)?.with(0, &[], &[]);
    assert_eq!(ended.err, "");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_email_can_be_previewed() -> Result {
    let office = Office::open().await?;
    let emails = tempfile::tempdir()?;
    office
        .ask(
            &format!("check-config --emails {}", emails.path().display()),
            "",
        )?
        .with(0, &["emails, each as .txt and .html"], &[]);
    let german = fs::read_to_string(emails.path().join("expires_soon-de.txt"))?;
    assert!(german.starts_with("Subject: Bitte bis 14. Dez. bei Facebook anmelden"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_itself_is_managed() -> Result {
    let office = Office::open().await?;
    let url = office.world.meta.url();
    office
        .ask("check-config", "")?
        .with(0, &["the configuration is valid"], &[]);
    office
        .ask("reload --wait", "")?
        .with(0, &["The new configuration is live."], &[]);

    office
        .premises
        .configure(&url, "vievers = [\"*\"]\noperators = 7")?;
    office.ask("check-config", "")?.with(
        1,
        &[
            "perennial.toml:18: [status] vievers",
            "perennial.toml:19: [status] operators",
        ],
        &["2 problems"],
    );
    office.ask("reload", "")?.with(
        1,
        &[],
        &["the old one stays", "vievers", "perennial check-config"],
    );

    office.ask("mail-test boss@example.com", "")?.with(
        0,
        &["The email was written to a file"],
        &[],
    );
    office
        .ask("mail-test nobody", "")?
        .with(1, &[], &["not an email address"]);
    office
        .ask("acknowledge 7 --until 3d", "")?
        .with(1, &[], &["perennial incidents"]);
    office
        .ask("acknowledge 7 --until sometime", "")?
        .with(2, &[], &["2026-12-24"]);
    office
        .ask("incidents", "")?
        .with(0, &[], &["There are no incidents to show"]);

    assert!(
        office
            .daemon
            .stop(nix::sys::signal::Signal::SIGTERM)?
            .success()
    );
    let gone = office.premises.ask(&["status"], "")?;
    Ended::of(gone)?.with(
        3,
        &[],
        &["cannot reach the daemon", "systemctl status perennial"],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_acknowledged() -> Result {
    let office = Office::open().await?;
    let person = office.world.person("Paul");
    let token = office.world.log_in(&person)?;
    office
        .ask("import --app acme --name paul", &token)?
        .with(0, &[], &[]);
    office.ask("check paul", "")?.with(0, &[], &[]);
    office.world.meta.world().change_password(&person)?;
    office.ask("check paul", "")?.with(1, &["paul: dead"], &[]);
    office.daemon.follow_until("incident_opened")?;

    let incidents = office.ask("incidents", "")?.with(
        0,
        &["\topen\t", "\tpassword_changed\tlogin\t1\t"],
        &["perennial acknowledge ID"],
    );
    let id = incidents
        .out
        .lines()
        .nth(1)
        .and_then(|line| line.split('\t').next());
    let id = id.ok_or("no incident")?;
    office
        .ask(&format!("acknowledge {id} --until 3d"), "")?
        .with(0, &["There are no reminders of incident"], &[]);
    office
        .ask("incidents --state acknowledged", "")?
        .with(0, &["\tacknowledged\t"], &[]);
    office
        .ask("incidents --state open", "")?
        .with(0, &[], &["There are no incidents to show"]);
    Ok(())
}

/// What the shell offers for the last word of the line.
fn completed(premises: &Premises, line: &str) -> Result<Vec<String>> {
    let words: Vec<&str> = ["perennial"].into_iter().chain(line.split(' ')).collect();
    let output = premises
        .command()
        .env("PERENNIAL_COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
        .env("PERENNIAL_SOCKET", premises.path("perennial.sock"))
        .arg("--")
        .args(words)
        .output()?;
    assert!(output.status.success(), "{output:?}");
    let offered = String::from_utf8(output.stdout)?;
    Ok(offered.lines().map(str::to_owned).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_completes_the_names_of_tokens() -> Result {
    let office = Office::open().await?;
    for name in ["acme", "acme-paul", "other"] {
        office.import(name)?;
    }
    let completed = |line: &str| completed(&office.premises, line);
    for line in [
        "show ac",
        "forget other ac",
        "rotate ac",
        "login --token ac",
        "tokens --parent=ac",
    ] {
        let offered = completed(line)?;
        let names = offered.iter().map(|it| it.trim_start_matches("--parent="));
        assert_eq!(names.collect::<Vec<_>>(), ["acme", "acme-paul"], "{line}");
    }
    assert_eq!(completed("get acme")?, ["acme", "acme-paul"]);
    let all = completed("check ")?;
    assert_eq!(all[..3], ["acme", "acme-paul", "other"], "{all:?}");
    assert_eq!(completed("show nobody")?, Vec::<String>::new());
    Ok(())
}

#[test]
fn what_needs_no_daemon_needs_none() -> Result {
    let premises = Premises::new("http://127.0.0.1:1")?;
    let ask = |line: &str| Ended::of(premises.ask(&line.split(' ').collect::<Vec<_>>(), "")?);
    for shell in ["bash", "zsh", "fish"] {
        ask(&format!("completions {shell}"))?.with(0, &["PERENNIAL_COMPLETE="], &[]);
    }
    assert_eq!(completed(&premises, "show ac")?, Vec::<String>::new());
    assert_eq!(completed(&premises, "mail")?, ["mail-test"]);
    ask("version")?.with(
        0,
        &[concat!("perennial ", env!("CARGO_PKG_VERSION"), "\n")],
        &["cannot reach the daemon"],
    );
    ask("tokens --help")?.with(0, &["--config <FILE>", "--socket <PATH>"], &[]);
    ask("--socket /nowhere man show")?.with(0, &[".TH perennial-show 1"], &[]);
    ask("man")?.with(0, &[".TH perennial 1"], &[]);
    ask("man import")?.with(0, &["require\\-scope"], &[]);
    ask("man nothing")?.with(2, &[], &["There is no page nothing"]);
    ask("tokens")?.with(3, &[], &["cannot reach the daemon"]);
    ask("import EAABsbCS1iHgBAcanary")?.with(2, &[], &["perennial import --app APP < FILE"]);
    ask("import --app acme /nowhere/tokens.csv")?.with(
        1,
        &[],
        &["/nowhere/tokens.csv cannot be read"],
    );
    Ok(())
}
