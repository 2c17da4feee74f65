//! The permanent form of the overview: `[ui]` behind the operator's own proxy, which here is the test.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use nix::unistd::{User, getuid};

use super::ui::{Answer, Case, NOBODY, PAGES, PATIENCE, Ui};
use super::world::Result;
use super::world::daemon::PROGRAM;

const HEADER: &str = "X-Remote-User";
const HOST: &str = "overview.example.com";
const ORIGIN: (&str, &str) = ("Origin", "https://overview.example.com");

/// The user that these tests, and so the daemon, run as.
fn me() -> Result<String> {
    Ok(User::from_uid(getuid())?.ok_or("no name")?.name)
}

/// `[ui]`, with a header that is believed from this user.
fn believing(peer: &str) -> String {
    format!(
        "[ui]\nlisten = \"unix:HERE/ui.sock\"\nuser_header = \"{HEADER}\"\nheader_peers = [\"{peer}\"]\n"
    )
}

/// What the proxy sends.
struct Proxy {
    socket: PathBuf,
}

impl Proxy {
    fn of(case: &Case) -> Self {
        Self {
            socket: case.premises.path("ui.sock"),
        }
    }

    fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer> {
        let stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Answer::to(stream, (method, path), HOST, headers, body)
    }

    fn page(&self, user: &str, path: &str) -> Result<Answer> {
        self.ask("GET", path, &[(HEADER, user)], "")
    }

    fn form_token(&self, user: &str) -> Result<String> {
        let page = self.page(user, "/token/maria/check")?.with(200, &[]);
        Ok(page
            .between("name=\"form_token\" value=\"", "\"")?
            .to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_user_of_the_header_sees_and_orders_and_the_journal_names_that_user() -> Result {
    let me = me()?;
    let case = Case::open_with(&believing(&me)).await?;
    let proxy = Proxy::of(&case);
    let mode = fs::metadata(&proxy.socket)?.permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    for path in PAGES {
        let answer = proxy.page(&me, path)?.with(200, &[]);
        assert!(!answer.body.contains("EAA"), "{path} shows a token");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("set-cookie"), None, "{path}");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'; "), "{path}");
    }
    let page = proxy.page(&me, "/")?.with(200, &["an operator"]);
    assert!(
        page.body
            .contains(&format!("You are <strong>{me}</strong>"))
    );
    assert!(page.body.contains("href=\"/tokens\""), "{}", page.body);
    proxy
        .page(&me, "/token/nobody")?
        .with(404, &["<h1>No such token</h1>"]);
    let head = proxy.ask("HEAD", "/tokens", &[(HEADER, &me)], "")?;
    assert_eq!((head.status, &*head.body), (200, ""));
    let csv = proxy.page(&me, "/tokens.csv")?;
    csv.with(200, &["name,app,kind,", "\r\nmaria,acme,user,"]);

    let before = case.orders()?;
    let form = format!("form_token={}", proxy.form_token(&me)?);
    let headers = [(HEADER, &*me), ORIGIN];
    let answer = proxy.ask("POST", "/token/maria/check", &headers, &form)?;
    assert_eq!(
        answer.with(303, &[]).header("location"),
        Some("/token/maria?ordered=check")
    );
    assert_eq!(case.orders()?, before + 1);
    let journal = case.journal()?;
    let last = journal
        .rsplit("\"kind\":\"ordered\"")
        .next()
        .ok_or("no order")?;
    let named = format!("{me} (uid {})\"", getuid());
    assert!(last.contains(&named), "{last}");

    let form = format!("{form}&token=maria");
    let answer = proxy.ask("POST", "/login", &headers, &form)?.with(303, &[]);
    let link = answer.header("location").ok_or("no link")?;
    proxy
        .page(&me, link)?
        .with(200, &["Send this link to Maria", "tokens.example.com"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_does_not_say_who_asks_gets_a_page_that_says_what_to_do() -> Result {
    let me = me()?;
    let case = Case::open_with(&believing(&me)).await?;
    let proxy = Proxy::of(&case);
    for (headers, words) in [
        (&[][..], "The proxy named no user"),
        (&[(HEADER, "")], "The proxy named no user"),
        (&[("X-Forwarded-User", &*me)], "The proxy named no user"),
        (
            &[(HEADER, &*me), (HEADER, &*me)],
            "The proxy named more than one user",
        ),
        (
            &[(HEADER, &*me), (HEADER, "nobody")],
            "The proxy named more than one user",
        ),
        (
            &[(HEADER, "nobody-of-that-name")],
            "This machine does not know you",
        ),
        (&[(HEADER, "0")], "This machine does not know you"),
        (
            &[(HEADER, &*format!("{me},nobody"))],
            "This machine does not know you",
        ),
    ] {
        for path in PAGES.iter().filter(|path| **path != "/style.css") {
            let answer = proxy.ask("GET", path, headers, "")?;
            let answer = answer.with(403, &[&format!("<h1>{words}</h1>"), HEADER]);
            assert!(!answer.body.contains("maria"), "{}", answer.body);
            let policy = answer.header("content-security-policy");
            assert!(policy.is_some(), "{path}");
        }
        let order = proxy.ask("POST", "/token/maria/check", headers, "")?;
        order.with(403, &[words]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_listed_peer_names_users_and_a_reload_changes_the_list() -> Result {
    let me = me()?;
    let case = Case::open_with(&believing("somebody-else")).await?;
    let proxy = Proxy::of(&case);
    for headers in [&[(HEADER, &*me)][..], &[]] {
        let answer = proxy.ask("GET", "/tokens", headers, "")?;
        let answer = answer.with(
            403,
            &["<h1>This program may not name users</h1>", "header_peers"],
        );
        assert!(answer.body.contains(&me), "{}", answer.body);
    }
    case.reload_with(&believing(&me))?;
    proxy.page(&me, "/tokens")?.with(200, &["maria"]);
    case.reload_with(&believing("somebody-else"))?;
    proxy.page(&me, "/tokens")?.with(403, &[]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_form_of_the_same_host_and_user_gives_an_order() -> Result {
    let me = me()?;
    let case = Case::open_with(&believing(&me)).await?;
    case.admit_all()?;
    let proxy = Proxy::of(&case);
    let before = case.orders()?;
    let good = format!("form_token={}", proxy.form_token(&me)?);
    let user = (HEADER, &*me);
    for (what, headers, body) in [
        ("no origin", &[user][..], &*good),
        (
            "a foreign origin",
            &[user, ("Origin", "https://evil.example")],
            &good,
        ),
        ("an unknown origin", &[user, ("Origin", "null")], &good),
        (
            "another port",
            &[user, ("Origin", "https://overview.example.com:8443")],
            &good,
        ),
        (
            "two origins",
            &[user, ORIGIN, ("Origin", "https://evil.example")],
            &good,
        ),
        (
            "another host",
            &[user, ORIGIN, ("Host", "evil.example")],
            &good,
        ),
        ("no form token", &[user, ORIGIN], ""),
        ("a wrong form token", &[user, ORIGIN], "form_token=x"),
        (
            "the form of another user",
            &[(HEADER, "nobody"), ORIGIN],
            &good,
        ),
    ] {
        let answer = proxy.ask("POST", "/token/maria/check", headers, body)?;
        assert_eq!(answer.status, 403, "{what}: {answer:?}");
        assert!(answer.body.contains("<h1>"), "{what}: {answer:?}");
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        let answer = proxy.ask(method, "/token/maria", &[user, ORIGIN], &good)?;
        assert_eq!(answer.status, 404, "{method}: {answer:?}");
    }
    assert_eq!(case.orders()?, before);
    Ok(())
}

/// A proxy that is cut off while it sends shows a gateway error instead of the answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_refused_is_read_to_its_end() -> Result {
    let case = Case::open_with(&believing(&me()?)).await?;
    let form = "form_token=x&".repeat(1_000);
    let mut stream = UnixStream::connect(Proxy::of(&case).socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = form.len();
    write!(
        stream,
        "POST /token/maria/check HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    )?;
    let mut begin = [0; 12];
    stream.read_exact(&mut begin)?;
    assert_eq!(&begin, b"HTTP/1.1 403");
    stream.write_all(form.as_bytes())?;
    let mut rest = String::new();
    stream.read_to_string(&mut rest)?;
    assert!(rest.contains("<h1>"), "{rest}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_the_rights_of_the_socket_and_no_more() -> Result {
    let me = me()?;
    let case = Case::open_with(&believing(&me)).await?;
    let proxy = Proxy::of(&case);
    let answer = proxy.page("nobody", "/tokens")?;
    answer.with(
        403,
        &[
            "<h1>You may not use the socket</h1>",
            "sudo adduser nobody perennial",
        ],
    );
    proxy.page("nobody", "/style.css")?.with(200, &[]);

    case.admit_all()?;
    let page = proxy.page("nobody", "/token/maria")?;
    let page = page.with(
        200,
        &["You are <strong>nobody</strong>: you may look, but not act"],
    );
    assert!(!page.body.contains("class=\"button"), "{}", page.body);
    for path in [
        "/token/maria/check",
        "/token/maria/rotate",
        "/login?token=maria",
    ] {
        proxy
            .page("nobody", path)?
            .with(403, &["You may look, but not act"]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_header_the_process_that_asks_counts() -> Result {
    let me = me()?;
    let case = Case::open_with("[ui]\nlisten = \"unix:HERE/ui.sock\"\n").await?;
    let proxy = Proxy::of(&case);
    let page = proxy.page("nobody", "/")?.with(200, &["an operator"]);
    assert!(
        page.body
            .contains(&format!("You are <strong>{me}</strong>"))
    );
    let form = format!("form_token={}", proxy.form_token("nobody")?);
    let answer = proxy.ask("POST", "/token/maria/check", &[ORIGIN], &form)?;
    answer.with(303, &[]);
    let by = format!("{me} (uid {}, pid {})", getuid(), std::process::id());
    assert!(case.journal()?.contains(&by));
    Ok(())
}

/// What a peer without a role gets on each page.
const REFUSAL: [&str; 2] = [
    "<h1>Not permitted</h1>",
    "The user nobody may not look at this. To permit it, add &quot;nobody&quot; to viewers under [status]",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_a_role_gets_the_refusal_of_the_socket_on_every_page() -> Result {
    let me = me()?;
    let case = Case::open_with(&believing(&me)).await?;
    let proxy = Proxy::of(&case);
    let confirmations = [
        "/token/maria/check",
        "/token/maria/rotate",
        "/login?token=maria",
    ];
    let pages = PAGES.iter().filter(|path| **path != "/style.css");
    let pages: Vec<&str> = pages
        .copied()
        .chain(confirmations)
        .chain(["/tokens.csv"])
        .collect();
    let can_run = Command::new("test")
        .args(["-x", PROGRAM])
        .uid(NOBODY)
        .status();
    let is_root = getuid().is_root() && can_run.is_ok_and(|status| status.success());
    for viewers in ["", "\"somebody-else\""] {
        case.restrict(&format!("viewers = [{viewers}]"), &believing(&me))?;
        case.admit_all()?;
        for path in &pages {
            proxy.page("nobody", path)?.with(403, &REFUSAL);
        }
        if is_root {
            let ui = Ui::open(case.command().uid(NOBODY))?;
            for path in &pages {
                ui.page(path)?.with(403, &REFUSAL);
            }
        }
    }
    Ok(())
}
