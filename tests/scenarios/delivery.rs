//! New tokens reach those who use them: files, commands, webhooks; and who uses which version.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use nix::sys::signal::Signal;
use perennial::delivery::{Account, FileFormat, FileSink, Sink, SinkWorker, Target};
use perennial::model::{EventKind, OnDead};
use serde_json::Value;

use crate::world::company::{Company, webhook};
use crate::world::crash::Crasher;
use crate::world::daemon::Daemon;
use crate::world::hook::Hook;
use crate::world::{Result, World, days};

const FILES: &str = r#"
[[delivery]]
name = "bot"
tokens = ["ma*"]
file = { path = "{here}/tokens/{name}", readers = ["daemon"] }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_has_each_version_and_is_only_for_its_readers() -> Result {
    let company = Company::open(FILES).await?;
    let path = company.premises.path("tokens/maria");
    let token = company.import("maria")?;
    company.import("paul")?;
    company.until_delivered("maria", 1)?;
    assert_eq!(fs::read_to_string(&path)?, token);
    // The group bits are the mask of the access list: one user more, and nobody else.
    assert_eq!(path.metadata()?.permissions().mode() & 0o777, 0o440);
    let folder = company.premises.path("tokens");
    assert_eq!(folder.read_dir()?.count(), 1, "paul goes nowhere");
    assert_eq!(folder.metadata()?.permissions().mode() & 0o777, 0o710);

    let before = path.metadata()?.ino();
    let newer = company.replace("maria")?;
    company.until_delivered("maria", 2)?;
    assert_eq!(fs::read_to_string(&path)?, newer);
    assert_ne!(path.metadata()?.ino(), before, "a new file took its place");

    let list = company.get("/v1/deliveries?state=delivered")?;
    let versions: Vec<_> = list["deliveries"]
        .as_array()
        .ok_or("no list")?
        .iter()
        .collect();
    assert_eq!(versions.len(), 2, "{list}");
    assert_eq!(versions[0]["token"], "maria");
    assert_eq!(versions[0]["version"], 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_file_comes_back_and_one_that_is_right_is_not_written_again() -> Result {
    let mut company = Company::open(FILES).await?;
    let [maria, mario] = ["maria", "mario"].map(|name| company.premises.path("tokens").join(name));
    let token = company.import("maria")?;
    company.import("mario")?;
    company.until_delivered("maria", 1)?;
    company.until_delivered("mario", 1)?;
    let untouched = state_of(&mario)?;
    fs::remove_file(&maria)?;
    company.restart(Signal::SIGTERM)?;
    company.until_delivered_times("maria", 1, 2)?;
    assert_eq!(fs::read_to_string(&maria)?, token);
    assert_eq!(state_of(&mario)?, untouched, "after a start");

    fs::remove_file(&maria)?;
    assert_eq!(company.ask("reload")?.0, Some(0));
    company.until_delivered_times("maria", 1, 3)?;
    assert_eq!(fs::read_to_string(&maria)?, token);
    assert_eq!(state_of(&mario)?, untouched, "after a reload");
    Ok(())
}

/// What shows that a file was replaced or changed in any way: its number, when its content changed, and when its mode or
/// its access list did.
fn state_of(path: &Path) -> Result<(u64, [i64; 4])> {
    let is = path.metadata()?;
    let times = [is.mtime(), is.mtime_nsec(), is.ctime(), is.ctime_nsec()];
    Ok((is.ino(), times))
}

#[tokio::test]
async fn nothing_is_written_at_night_if_nothing_has_changed() -> Result {
    let mut world = World::new().await?;
    let folder = tempfile::tempdir()?;
    let tokens = folder.path().join("tokens");
    let file = FileSink {
        path: tokens.join("{name}").display().to_string(),
        readers: vec![Account::parse("daemon")],
        format: FileFormat::Env,
    };
    let sink = Sink {
        name: "bot".to_owned(),
        tokens: vec!["*".to_owned()],
        target: Target::File(file),
        on_dead: OnDead::Keep,
        grace: None,
    };
    let worker = SinkWorker::new(world.inventory.clone(), sink)?;
    let maria = world.person("Maria");
    world.import("maria", &world.log_in(&maria)?).await?;
    world.pass().await?;
    assert_eq!(worker.reconcile(world.now).await?, 1);
    assert_eq!(worker.pass(world.now).await?, 1);
    let written = || Ok((state_of(&tokens)?, state_of(&tokens.join("maria"))?));
    let before: Result<_> = written();
    let before = before?;
    for _ in 0..3 {
        world.live(days(1)).await?;
        assert_eq!(worker.reconcile(world.now).await?, 0);
        assert_eq!(worker.pass(world.now).await?, 0);
        assert_eq!(written()?, before);
    }
    assert_eq!(world.told(EventKind::Delivered).await?, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_gets_the_version_and_not_the_token_until_it_takes_it() -> Result {
    let hook = Hook::start()?;
    let company = Company::open(&webhook(&hook, "")).await?;
    hook.will_answer("500 Internal Server Error");
    let token = company.import("maria")?;
    let first = hook.next()?;
    assert!(!first.body.contains(&token), "{first:?}");
    let body: Value = serde_json::from_str(&first.body)?;
    assert_eq!(body["type"], "token.updated");
    assert_eq!(
        (&body["data"]["token"], &body["data"]["version"]),
        (&"maria".into(), &1.into())
    );
    assert!(
        first
            .header("webhook-signature")
            .is_some_and(|it| it.starts_with("v1,"))
    );

    company.daemon.follow_until("\"delivery_failed\"")?;
    hook.will_answer("200 OK\n\n{\"in_use\": true}");
    let (code, said) = company.ask("deliveries --retry bot")?;
    assert_eq!(code, Some(0), "{said}");
    let second = hook.next()?;
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    company.until_delivered("maria", 1)?;
    let list = company.get("/v1/deliveries?state=in_use")?;
    assert_eq!(list["deliveries"][0]["sink"], "bot", "{list}");
    let shown = company.get("/v1/tokens/maria")?;
    assert_eq!(shown["consumers"][0]["in_use_version"], 1, "{shown}");
    assert!(hook.is_quiet());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_left_alone_until_an_operator_says_otherwise() -> Result {
    let hook = Hook::start()?;
    let company = Company::open(&webhook(&hook, "")).await?;
    hook.will_answer("410 Gone");
    company.import("maria")?;
    hook.next()?;
    company.daemon.follow_until("\"sink_disabled\"")?;
    let before = company.get("/v1/deliveries?state=failed")?;
    assert_eq!(before["deliveries"][0]["token"], "maria", "{before}");

    let newer = company.replace("maria")?;
    company.daemon.follow_until("\"candidate_accepted\"")?;
    let (_, said) = company.ask("deliveries --test nobody")?;
    assert!(said.contains("no [[delivery]] has this name"), "{said}");
    let (code, said) = company.ask("deliveries --test bot")?;
    assert_eq!(code, Some(0), "{said}");
    assert!(
        hook.next()?.body.contains("perennial.test"),
        "a test is sent in any case"
    );
    company.ask("deliveries --retry")?;
    let request = hook.next()?;
    assert!(request.body.contains("\"version\":2"), "{request:?}");
    company.until_delivered("maria", 2)?;
    assert!(!request.body.contains(&newer) && hook.is_quiet());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_gets_the_token_on_its_standard_input_and_decides() -> Result {
    let command =
        "[[delivery]]\nname = \"bot\"\ntokens = [\"*\"]\ncommand = [\"{here}/take\", \"{here}\"]";
    let company = Company::open(command).await?;
    let script = "#!/bin/sh\nenv > $1/env; read -r token\n\
                  if [ -e $1/works ]; then printf %s \"$token\" > $1/got; else echo \"no $token\"; exit 3; fi\n";
    let program = company.premises.path("take");
    fs::write(&program, script)?;
    fs::set_permissions(&program, PermissionsExt::from_mode(0o755))?;
    let token = company.import("maria")?;
    let journal = company.daemon.follow_until("\"delivery_failed\"")?;
    assert!(
        journal.contains("exit status: 3: no (the token)"),
        "{journal}"
    );
    assert!(!journal.contains(&token));

    fs::write(company.premises.path("works"), "")?;
    company.ask("deliveries --retry")?;
    company.until_delivered("maria", 1)?;
    assert_eq!(fs::read_to_string(company.premises.path("got"))?, token);
    let names = fs::read_to_string(company.premises.path("env"))?;
    let names = names
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0));
    let own: Vec<&str> = names
        .filter(|name| !["PWD", "SHLVL", "_"].contains(name))
        .collect();
    assert_eq!(own.len(), 3, "{own:?}");
    assert!(own.iter().all(|name| name.starts_with("PERENNIAL_")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_uses_which_version_is_known() -> Result {
    let company = Company::open("").await?;
    company.import("maria")?;
    company.daemon.follow_until("\"changed\"")?;
    let old = company.ask("get maria")?.1;
    company.replace("maria")?;
    company.daemon.follow_until("\"candidate_accepted\"")?;

    let (_, behind) = company.ask("tokens --behind")?;
    assert!(behind.contains("maria"), "{behind}");
    assert_eq!(company.ask("get maria --version 1")?.1, old);
    let (code, said) = company.ask("in-use maria --version 3")?;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("has the versions 1 to 2"), "{said}");
    assert_eq!(company.ask("in-use maria")?.0, Some(0));
    let (_, behind) = company.ask("tokens --behind")?;
    assert!(!behind.contains("maria"), "{behind}");
    let (_, consumers) = company.ask("consumers maria")?;
    assert!(consumers.contains("root\t1\t"), "{consumers}");
    assert_eq!(company.ask("consumers maria --remove root")?.0, Some(0));
    let (code, said) = company.ask("consumers maria --remove root")?;
    assert_eq!(code, Some(1), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_with_its_token_if_its_sink_says_so_and_with_its_sink_in_any_case() -> Result {
    let removing = format!("{FILES}on_dead = \"remove\"\n");
    let company = Company::open(&removing).await?;
    for name in ["maria", "mario"] {
        company.import(name)?;
        company.until_delivered(name, 1)?;
    }
    let [maria, mario] = ["maria", "mario"].map(|name| company.premises.path("tokens").join(name));
    assert!(maria.exists() && mario.exists());
    company.ask("forget --yes maria")?;
    while maria.exists() {
        company.daemon.http("GET", "/healthz", "")?;
    }
    assert!(mario.exists());

    company.premises.configure(&company.world.meta.url(), "")?;
    assert_eq!(company.ask("reload")?.0, Some(0));
    while mario.exists() {
        company.daemon.http("GET", "/healthz", "")?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_token_moves_to_its_new_file() -> Result {
    let company = Company::open(FILES).await?;
    let token = company.import("maria")?;
    company.until_delivered("maria", 1)?;
    let folder = company.premises.path("tokens");
    let (code, said) = company.ask("rename maria mara")?;
    assert_eq!(code, Some(0), "{said}");
    company.until_delivered("mara", 1)?;
    assert_eq!(fs::read_to_string(folder.join("mara"))?, token);
    while folder.join("maria").exists() {
        company.daemon.http("GET", "/healthz", "")?;
    }
    company.ask("rename mara paul")?;
    while folder.join("mara").exists() {
        company.daemon.http("GET", "/healthz", "")?;
    }
    assert!(!folder.join("paul").exists(), "no sink gets this name");
    Ok(())
}

/// Whatever change of a file is the last one before a crash, readers see a whole token or none, and after the next start
/// the token is there with nothing beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_step_of_a_delivery_leaves_no_part_of_a_token() -> Result {
    let crasher = Crasher::new()?;
    let company = Company::open(FILES).await?;
    let token = company.import("maria")?;
    company.until_delivered("maria", 1)?;
    let (folder, premises) = (company.premises.path("tokens"), &company.premises);
    let path = folder.join("maria");
    let is_whole = || fs::read_to_string(&path).is_ok_and(|found| found == token);
    assert!(company.daemon.stop(Signal::SIGTERM)?.success());
    let mut crashes = 0;
    for step in 1.. {
        fs::remove_file(&path)?;
        let mut command = premises.command();
        crasher.prepare(command.arg("run"), step);
        let mut daemon = premises.launch_by(&mut command)?;
        let is_done = |daemon: &Daemon| is_whole() && is_delivered(daemon);
        while !(daemon.has_ended()? || is_done(&daemon)) {
            assert!(
                !path.exists() || is_whole(),
                "a part of a token after step {step}"
            );
        }
        if !daemon.has_ended()? {
            daemon.kill()?;
            break;
        }
        crashes += 1;
        assert!(
            !path.exists() || is_whole(),
            "a part of a token after step {step}"
        );
        let daemon = premises.start()?;
        while !is_whole() || !is_delivered(&daemon) {
            daemon.http("GET", "/healthz", "")?;
        }
        assert_eq!(folder.read_dir()?.count(), 1, "something is left beside it");
        daemon.kill()?;
    }
    assert!(crashes > 20, "{crashes}");
    Ok(())
}

/// Whether nothing waits any more, as far as the daemon can be asked.
fn is_delivered(daemon: &Daemon) -> bool {
    let pending = daemon.http("GET", "/v1/deliveries?state=pending", "");
    let all = daemon.http("GET", "/v1/deliveries?state=delivered", "");
    let is_empty = |answer: Result<(u16, String)>| {
        answer.is_ok_and(|(status, text)| status == 200 && text == "{\"deliveries\":[]}")
    };
    is_empty(pending) && !is_empty(all)
}
