//! The overview: `perennial ui` beside a real daemon, asked by the browser that was let in and by everybody else.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use perennial::daemon::clock;

use super::world::daemon::{Daemon, PROGRAM, Premises};
use super::world::office::Ended;
use super::world::{Result, World};

const NOBODY: u32 = 65_534;
const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon with one token, whose logins have links.
struct Case {
    _world: World,
    premises: Premises,
    daemon: Option<Daemon>,
}

/// `perennial ui`, and a browser with its cookie.
struct Ui {
    process: Child,
    host: String,
    /// The one-time address without the host.
    opening: String,
    /// The prefix of all paths, with a slash at its beginning.
    base: String,
    cookie: String,
}

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Case {
    async fn open() -> Result<Self> {
        let world = World::new().await?;
        world.meta.set_now(clock::now());
        let url = world.meta.url();
        let premises = Premises::new(&url)?;
        let socket = premises.path("web.sock");
        let web = format!(
            "[web]\nlisten = \"unix:{}\"\npublic_url = \"https://tokens.example.com\"",
            socket.display()
        );
        premises.configure(&url, &web)?;
        let daemon = premises.start()?;
        let token = world.log_in(&world.person("Maria"))?;
        for line in ["import --app acme --name maria", "check maria"] {
            let arguments: Vec<&str> = line.split(' ').collect();
            Ended::of(premises.ask(&arguments, &token)?)?.with(0, &[], &[]);
        }
        Ok(Self {
            _world: world,
            premises,
            daemon: Some(daemon),
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .arg("--socket")
            .arg(self.premises.path("perennial.sock"))
            .arg("ui");
        command
    }

    fn daemon(&self) -> Result<&Daemon> {
        Ok(self.daemon.as_ref().ok_or("it is stopped")?)
    }
}

impl Ui {
    fn start(command: &mut Command) -> Result<Self> {
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let out = process.stdout.take().ok_or("no output")?;
        let mut address = String::new();
        BufReader::new(out).read_line(&mut address)?;
        let rest = address.trim().strip_prefix("http://").ok_or("no address")?;
        let (host, path) = rest.split_once('/').ok_or("no path")?;
        let (prefix, _) = path.split_once('/').ok_or("no prefix")?;
        Ok(Self {
            process,
            host: host.to_owned(),
            opening: format!("/{path}"),
            base: format!("/{prefix}"),
            cookie: String::new(),
        })
    }

    /// Starts it and opens the address that it prints.
    fn open(command: &mut Command) -> Result<Self> {
        let mut ui = Self::start(command)?;
        let answer = ui.ask("GET", &ui.opening.clone(), &[], "")?;
        assert_eq!(answer.status, 200, "{answer:?}");
        let cookie = answer.header("set-cookie").ok_or("no cookie")?;
        let (cookie, attributes) = cookie.split_once("; ").ok_or("no attributes")?;
        assert_eq!(
            attributes,
            format!("HttpOnly; SameSite=Strict; Path={}/", ui.base)
        );
        ui.cookie = cookie.to_owned();
        Ok(ui)
    }

    /// Exactly these headers, besides the usual Host if none is among them.
    fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer> {
        let mut stream = TcpStream::connect(&self.host)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.push_str(&format!("Host: {}\r\n", self.host));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = body.len();
        write!(stream, "{head}Content-Length: {length}\r\n\r\n{body}")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no head")?;
        let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
        Ok(Answer {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }

    /// A page, as the browser that was let in gets it.
    fn page(&self, path: &str) -> Result<Answer> {
        let path = format!("{}{path}", self.base);
        self.ask("GET", &path, &[("Cookie", &self.cookie)], "")
    }

    /// Sends a form as the browser does after the page before it.
    fn send(&self, path: &str, fields: &str) -> Result<Answer> {
        let page = self.page(path.split('?').next().unwrap_or(path))?;
        let token = page.between("name=\"form_token\" value=\"", "\"")?;
        let origin = format!("http://{}", self.host);
        let headers = [("Cookie", &*self.cookie), ("Origin", &*origin)];
        let body = format!("form_token={token}&{fields}");
        self.ask("POST", &format!("{}{path}", self.base), &headers, &body)
    }
}

impl Drop for Ui {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn between(&self, start: &str, end: &str) -> Result<&str> {
        let (_, rest) = self
            .body
            .split_once(start)
            .ok_or_else(|| self.lacks(start))?;
        Ok(rest.split_once(end).ok_or_else(|| self.lacks(end))?.0)
    }

    fn lacks(&self, text: &str) -> String {
        format!("there is no {text} in {}", self.body)
    }

    #[track_caller]
    fn with(self, status: u16, words: &[&str]) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        for word in words {
            assert!(self.body.contains(word), "{}", self.lacks(word));
        }
        self
    }
}

const PAGES: [&str; 9] = [
    "/",
    "/tokens",
    "/tokens?state=healthy&kind=user&prefix=ma&sort=name",
    "/token/maria",
    "/incidents",
    "/incidents?state=all",
    "/forecast",
    "/system",
    "/style.css",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_everything_but_secrets() -> Result {
    let case = Case::open().await?;
    let ui = Ui::open(&mut case.command())?;
    for path in PAGES {
        let answer = ui.page(path)?.with(200, &[]);
        assert!(answer.body.len() < 50_000, "{path}");
        assert!(!answer.body.contains("EAA"), "{path} shows a token");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'; "), "{path}");
    }
    ui.page("/")?.with(
        200,
        &["Nobody needs to act", "You are <strong>", "an operator"],
    );
    ui.page("/token/maria")?.with(
        200,
        &[
            "Maria",
            ">Clocks</h2>",
            " days left",
            "imported by ",
            ">Check</a>",
        ],
    );
    ui.page("/token/nobody")?
        .with(404, &["<h1>No such token</h1>"]);
    ui.page("/nothing")?.with(404, &["<h1>No such page</h1>"]);
    let csv = ui
        .page("/tokens.csv")?
        .with(200, &["name,app,kind,", "\r\nmaria,acme,user,"]);
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_else_gets_the_same_refusal() -> Result {
    let case = Case::open().await?;
    let ui = Ui::open(&mut case.command())?;
    let refusal = ui.ask("GET", "/", &[], "")?.with(403, &[]);
    let cookie = ("Cookie", &*ui.cookie);
    let first = format!("{}/", ui.base);
    let mut wrong = first.clone();
    wrong.replace_range(
        1..2,
        if wrong[1..].starts_with('A') {
            "B"
        } else {
            "A"
        },
    );
    let port = ui.host.rsplit(':').next().unwrap_or_default();
    let hosts = ["127.0.0.1.evil.com", "127.evil.com", "evil.com"];
    let hosts = hosts.map(|name| format!("{name}:{port}"));
    for (what, path, headers) in [
        ("a stranger", "/tokens", &[][..]),
        ("another user, who knows the address", &*first, &[]),
        ("the cookie without the prefix", "/tokens", &[cookie]),
        ("one wrong letter", &*wrong, &[cookie]),
        ("a second browser", &*ui.opening, &[]),
        ("the first browser again", &*ui.opening, &[cookie]),
        ("a rebound name", &*first, &[cookie, ("Host", &*hosts[0])]),
        ("a rebound name", &*first, &[cookie, ("Host", &*hosts[1])]),
        ("a rebound name", &*first, &[cookie, ("Host", &*hosts[2])]),
    ] {
        let answer = ui.ask("GET", path, headers, "")?;
        assert_eq!(
            (answer.status, &answer.body),
            (403, &refusal.body),
            "{what}"
        );
        assert_eq!(answer.header("set-cookie"), None, "{what}");
    }
    let forwarded = [cookie, ("Host", "localhost:12345")];
    ui.ask("GET", &first, &forwarded, "")?.with(200, &[]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_form_of_its_own_pages_gives_an_order() -> Result {
    let case = Case::open().await?;
    let ui = Ui::open(&mut case.command())?;
    let orders = || -> Result<usize> {
        let (_, journal) = case.daemon()?.http("GET", "/v1/events", "")?;
        Ok(journal.matches("\"kind\":\"ordered\"").count())
    };
    let before = orders()?;
    let token = ui.page("/token/maria/check")?;
    let token = token.between("name=\"form_token\" value=\"", "\"")?;
    let (cookie, own) = (("Cookie", &*ui.cookie), format!("http://{}", ui.host));
    let own = ("Origin", &*own);
    let good = format!("form_token={token}");
    let path = format!("{}/token/maria/check", ui.base);
    for (what, headers, body) in [
        ("no origin", &[cookie][..], &*good),
        (
            "a foreign origin",
            &[cookie, ("Origin", "http://evil.com")],
            &good,
        ),
        ("an unknown origin", &[cookie, ("Origin", "null")], &good),
        ("no form token", &[cookie, own], ""),
        ("a wrong form token", &[cookie, own], "form_token=x"),
        ("no cookie", &[own], &good),
    ] {
        let answer = ui.ask("POST", &path, headers, body)?;
        assert_eq!(answer.status, 403, "{what}: {answer:?}");
    }
    assert_eq!(orders()?, before);

    let answer = ui.send("/token/maria/check", "")?.with(303, &[]);
    let page = format!("{}/token/maria?ordered=check", ui.base);
    assert_eq!(answer.header("location"), Some(&*page));
    ui.page("/token/maria?ordered=check")?
        .with(200, &["A check is ordered."]);
    assert_eq!(orders()?, before + 1);
    let (_, journal) = case.daemon()?.http("GET", "/v1/events", "")?;
    let last = journal.rsplit("\"kind\":\"ordered\"").next();
    let by_the_command = format!("pid {}", ui.process.id());
    assert!(
        last.is_some_and(|event| event.contains(&by_the_command)),
        "{journal}"
    );
    ui.send("/token/maria/rotate", "")?.with(303, &[]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_makes_a_login_link() -> Result {
    let case = Case::open().await?;
    let ui = Ui::open(&mut case.command())?;
    ui.page("/login?token=maria")?
        .with(200, &["<h1>Make a login link?</h1>", "a link for Maria"]);
    ui.page("/login")?.with(400, &[]);
    let page = ui.page("/login?token=maria")?;
    let token = page.between("name=\"form_token\" value=\"", "\"")?;
    let origin = format!("http://{}", ui.host);
    let headers = [("Cookie", &*ui.cookie), ("Origin", &*origin)];
    let body = format!("form_token={token}&token=maria");
    let path = format!("{}/login", ui.base);
    let answer = ui.ask("POST", &path, &headers, &body)?.with(303, &[]);
    let page = answer.header("location").unwrap_or_default();
    let page = page.strip_prefix(&ui.base).ok_or("another place")?;
    ui.page(page)?.with(
        200,
        &[
            "Send this link to Maria",
            "value=\"https:&#x2f;&#x2f;tokens.example.com&#x2f;login&#x2f;",
            "The person has not logged in yet.",
        ],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_is_offered_no_orders_and_a_peer_without_a_role_is_told_so() -> Result {
    let can_run = Command::new("test")
        .args(["-x", PROGRAM])
        .uid(NOBODY)
        .status();
    if !nix::unistd::getuid().is_root() || !can_run.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let mut case = Case::open().await?;
    for (name, mode) in [("", 0o711), ("perennial.sock", 0o666)] {
        fs::set_permissions(case.premises.path(name), fs::Permissions::from_mode(mode))?;
    }
    let ui = Ui::open(case.command().uid(NOBODY))?;
    let page = ui
        .page("/token/maria")?
        .with(200, &["you may look, but not act"]);
    assert!(!page.body.contains("class=\"button"), "{}", page.body);
    for path in [
        "/token/maria/check",
        "/token/maria/rotate",
        "/login?token=maria",
    ] {
        ui.page(path)?.with(403, &["You may look, but not act"]);
    }
    // A program could send the form without the page.
    let origin = format!("http://{}", ui.host);
    let headers = [("Cookie", &*ui.cookie), ("Origin", &*origin)];
    let path = format!("{}/token/maria/check", ui.base);
    ui.ask("POST", &path, &headers, "")?.with(403, &[]);

    drop(case.daemon.take());
    ui.page("/")?.with(
        503,
        &[
            "<h1>The daemon does not answer</h1>",
            "systemctl status perennial",
        ],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_ends_with_its_command_and_listens_only_on_this_machine() -> Result {
    let case = Case::open().await?;
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let mut ui = Ui::open(&mut case.command())?;
        kill(Pid::from_raw(ui.process.id().cast_signed()), signal)?;
        assert_eq!(ui.process.wait()?.code(), Some(0), "{signal}");
        assert!(TcpStream::connect(&ui.host).is_err(), "{signal}");
    }
    for address in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
        let output = case.command().args(["--listen", address]).output()?;
        Ended::of(output)?.with(2, &[], &["listens only on this machine"]);
    }
    Ok(())
}
