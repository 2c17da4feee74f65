//! `perennial login` against the running daemon, with and without `[web]`.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use perennial::daemon::clock;
use perennial::graph_sim::{DialogAnswer, EmbeddedSignup, PageSelection, SystemUserValidity};
use serde_json::Value;

use crate::world::daemon::{Daemon, Premises};
use crate::world::{APP, Result, World};

struct Office {
    world: World,
    premises: Premises,
    daemon: Daemon,
}

/// A command that waits, and its output so far.
struct Waiting {
    process: Child,
    out: BufReader<ChildStdout>,
    url: String,
}

impl Office {
    async fn open(web: &str) -> Result<Self> {
        let world = World::new().await?;
        world.meta.set_now(clock::now());
        let premises = Premises::new(&world.meta.url())?;
        let here = premises.path("").display().to_string();
        premises.configure(
            &world.meta.url(),
            &web.replace("HERE", here.trim_end_matches('/')),
        )?;
        let daemon = premises.start()?;
        Ok(Self {
            world,
            premises,
            daemon,
        })
    }

    /// Starts the command and reads the URL that it prints.
    fn begin(&self, arguments: &[&str]) -> Result<Waiting> {
        let mut process = self
            .premises
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut out = BufReader::new(process.stdout.take().ok_or("no output")?);
        let mut url = String::new();
        out.read_line(&mut url)?;
        Ok(Waiting {
            process,
            out,
            url: url.trim_end().to_owned(),
        })
    }
}

impl Waiting {
    fn end(mut self, input: &str) -> Result<(Option<i32>, String, String)> {
        let mut stdin = self.process.stdin.take().ok_or("no input")?;
        stdin.write_all(input.as_bytes())?;
        drop(stdin);
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out)?;
        let mut errors = self.process.stderr.take().ok_or("no errors")?;
        errors.read_to_string(&mut err)?;
        Ok((self.process.wait()?.code(), out, err))
    }
}

/// Requests a web page as a browser would. Returns the answer and the redirect.
fn browse(socket: &Path, method: &str, target: &str) -> Result<(String, Option<String>)> {
    let mut stream = UnixStream::connect(socket)?;
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )?;
    let mut location = None;
    let mut answer = String::new();
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if let Some(place) = line.strip_prefix("location: ") {
            location = Some(place.to_owned());
        }
        answer.push_str(&line);
        answer.push('\n');
    }
    Ok((answer, location))
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_public_part_the_address_is_pasted() -> Result {
    let office = Office::open("").await?;
    let person = office.world.person("Maria Schmidt");
    let refused = office.premises.ask(&["login"], "")?;
    let words = String::from_utf8(refused.stderr)?;
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        words.contains("there is no [web]") && words.contains("perennial login --paste"),
        "{words}"
    );

    let login = office.begin(&["login", "--paste"])?;
    assert!(
        login
            .url
            .starts_with("https://www.facebook.com/v25.0/dialog/oauth?"),
        "{}",
        login.url
    );
    assert!(
        login.url.contains("connect%2Flogin_success.html"),
        "{}",
        login.url
    );
    let back = {
        let mut meta = office.world.meta.world();
        meta.answer_dialog(&login.url, &person, DialogAnswer::allow())?
    };
    let (code, out, err) = login.end(&format!("{back}\n"))?;
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(
        out.contains("Maria Schmidt logged in: acme-maria-schmidt. 1 token that depends on this login works, 0 do not"),
        "{out}"
    );

    let again = office.begin(&["login", "--token", "acme-maria-schmidt", "--paste"])?;
    let (code, _, err) = again.end(&back)?;
    assert_eq!(code, Some(1));
    assert!(err.contains("belongs to another login"), "{err}");
    let shown = office.premises.ask(&["tokens"], "")?;
    assert!(
        String::from_utf8(shown.stdout)?
            .contains("acme-maria-schmidt\tMaria Schmidt\tacme\tuser\thealthy")
    );
    let log = std::fs::read_to_string(office.premises.path("log"))?;
    let secret = back.split("code=").nth(1).ok_or("no code")?;
    assert!(!log.contains(&secret[..40]), "the code is in the log");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_public_part_the_command_waits_for_the_person() -> Result {
    let web = "[web]\nlisten = \"unix:HERE/web.sock\"\npublic_url = \"http://127.0.0.1:9/tokens\"";
    let office = Office::open(web).await?;
    let socket = office.premises.path("web.sock");
    let person = office.world.person("Maria");
    let token = office.world.log_in(&person)?;
    let import = ["import", "--app", "acme", "--name", "maria"];
    assert_eq!(office.premises.ask(&import, &token)?.status.code(), Some(0));
    office.daemon.follow_until("\"changed\"")?;

    let login = office.begin(&["login", "--token", "maria"])?;
    let link = login
        .url
        .strip_prefix("http://127.0.0.1:9")
        .ok_or("another link")?
        .to_owned();
    let (page, _) = browse(&socket, "GET", &link)?;
    assert!(page.contains("<h1>Log in as Maria</h1>"), "{page}");
    let (_, dialog) = browse(&socket, "POST", &link)?;
    let back = {
        let mut meta = office.world.meta.world();
        meta.answer_dialog(&dialog.ok_or("no dialog")?, &person, DialogAnswer::allow())?
    };
    let back = back
        .strip_prefix("http://127.0.0.1:9")
        .ok_or("back elsewhere")?;
    let (_, outcome) = browse(&socket, "GET", back.trim_end_matches("#_=_"))?;
    let (code, out, err) = login.end("")?;
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("Maria logged in: maria."), "{out}");
    let outcome = outcome.ok_or("no outcome")?;
    let (page, _) = browse(
        &socket,
        "GET",
        outcome.trim_start_matches("http://127.0.0.1:9"),
    )?;
    assert!(page.contains("Thank you. Everything works"), "{page}");

    let denied = office.begin(&["login", "--token", "maria", "--paste"])?;
    let back = {
        let mut meta = office.world.meta.world();
        meta.answer_dialog(&denied.url, &person, DialogAnswer::Cancel)?
    };
    let (code, out, err) = denied.end(&back)?;
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(
        out.contains("The login failed") && out.contains("(code 200)"),
        "{out}"
    );
    let (status, view) = office.daemon.http("GET", "/v1/logins/2", "")?;
    let view: Value = serde_json::from_str(&view)?;
    assert_eq!(
        (status, &view["state"], &view["error"]),
        (200, &"refused".into(), &"not_allowed".into())
    );
    Ok(())
}

/// A page that was not ticked is looked at again, and nothing is written in the journal about it.
#[tokio::test(flavor = "multi_thread")]
async fn a_partial_login_ends_the_command_and_names_what_is_missing() -> Result {
    let office = Office::open("[schedule]\nsweep = \"* * * * * *\"").await?;
    let person = office.world.person("Maria Schmidt");
    let token = office.world.log_in(&person)?;
    let mut ticked = Vec::new();
    for name in ["Bakery", "Deli"] {
        let (id, _) = office.world.page(&person, name, &token)?;
        ticked.push(id);
    }
    let import = ["import", "--app", "acme", "--name", "maria", "--discover"];
    assert_eq!(office.premises.ask(&import, &token)?.status.code(), Some(0));
    office.daemon.follow_until("acme-deli")?;
    office
        .premises
        .ask(&["check", "maria", "acme-bakery", "acme-deli"], "")?;
    office.world.meta.world().change_password(&person)?;
    office
        .premises
        .ask(&["check", "maria", "acme-bakery", "acme-deli"], "")?;

    let login = office.begin(&["login", "--token", "maria", "--paste", "--timeout", "30s"])?;
    let back = {
        let mut meta = office.world.meta.world();
        let answer = DialogAnswer::Allow {
            declined: Vec::new(),
            pages: PageSelection::only(vec![ticked[0].clone()]),
        };
        meta.answer_dialog(&login.url, &person, answer)?
    };
    let began = Instant::now();
    let (code, out, err) = login.end(&back)?;
    assert!(began.elapsed() < Duration::from_secs(15), "{out}{err}");
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(
        out.contains("2 tokens that depend on this login work, 1 does not")
            && out.contains("The login does not include Deli"),
        "{out}"
    );
    assert!(
        err.contains("tick Deli") && err.contains("perennial login --token maria"),
        "{err}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_of_an_embedded_signup_is_read_from_standard_input() -> Result {
    let office = Office::open("").await?;
    let code = {
        let mut meta = office.world.meta.world();
        let business = meta.add_business("Bakery Ltd");
        meta.embedded_signup(&EmbeddedSignup {
            app: APP.to_owned(),
            business,
            scopes: vec!["whatsapp_business_messaging".to_owned()],
            whatsapp_accounts: None,
            validity: SystemUserValidity::Never,
        })?
    };
    let command = ["login", "--app", "acme", "--code", "--timeout", "30s"];
    for (input, words) in [
        ("", "contains no code"),
        ("two words\n", "not a code that Meta"),
    ] {
        let refused = office.premises.ask(&command, input)?;
        assert_eq!(refused.status.code(), Some(1));
        let err = String::from_utf8(refused.stderr)?;
        assert!(err.contains(words), "{err}");
    }
    let done = office.premises.ask(&command, &format!("{code}\n"))?;
    let (out, err) = (
        String::from_utf8(done.stdout)?,
        String::from_utf8(done.stderr)?,
    );
    assert_eq!(done.status.code(), Some(0), "{out}{err}");
    assert!(
        out.contains("Bakery Ltd logged in: acme-bakery-ltd."),
        "{out}"
    );
    let shown = office.premises.ask(&["tokens"], "")?;
    let shown = String::from_utf8(shown.stdout)?;
    assert!(
        shown.contains("acme-bakery-ltd\tBakery Ltd\tacme\tsystem_user\thealthy"),
        "{shown}"
    );

    let again = office.premises.ask(&command, &code)?;
    let out = String::from_utf8(again.stdout)?;
    assert_eq!(again.status.code(), Some(1), "{out}");
    assert!(out.contains("(code 36009)"), "{out}");
    let log = std::fs::read_to_string(office.premises.path("log"))?;
    let journal = String::from_utf8(office.premises.ask(&["events"], "")?.stdout)?;
    for text in [log, journal] {
        assert!(!text.contains(&code[..40]), "the code is in {text}");
    }
    Ok(())
}
