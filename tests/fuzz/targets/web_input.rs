//! What browsers and Meta send to the public pages: the requests of one connection. `{ticket}`, `{state}`, `{result}`,
//! `{deletion}` and `{calendar}` stand for tickets that the inventory has, `{verify}` for the verify token, `{signature}`
//! for a body's signature and `<signed JSON>` for a signed request. Rules: no answer is an error of the daemon; each has
//! the security headers; none has a secret or markup of the input; a redirect leads to ourselves or to Meta; what is taken
//! as Meta's was signed with the app's secret.

#![no_main]

use std::cell::RefCell;

use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use perennial::graph_api::FACEBOOK;
use perennial_fuzz::http::{Exchange, converse};
use perennial_fuzz::inventory;
use perennial_fuzz::text::{connection, contains, position, replaced};
use perennial_fuzz::world::{APP_SECRET, NOW, PUBLIC_URL, VERIFY_TOKEN, Who, World, run};
use serde_json::{Value, json};
use sha2::Sha256;

thread_local! {
    static PAGES: RefCell<Option<Pages>> = const { RefCell::new(None) };
}

struct Pages {
    world: World,
    /// What each input finds.
    file: Vec<u8>,
    /// What stands for what.
    known: Vec<(&'static str, String)>,
}

fuzz_target!(|input: &[u8]| {
    PAGES.with_borrow_mut(|pages| {
        let mut open = pages.take().unwrap_or_else(|| run(Pages::new()));
        let sent = open.connection(input);
        let exchanges = run(converse(open.world.web(), sent.clone()));
        for exchange in &exchanges {
            check(exchange, &sent);
        }
        if open.world.has_changed() {
            open.world = run(async { World::open(&open.file) });
        }
        *pages = Some(open);
    });
});

impl Pages {
    async fn new() -> Self {
        let world = World::open(&inventory::FILE);
        let calendar = world.calendar("10237682026353256").await;
        let calendar = calendar.rsplit('/').next().unwrap_or_default();
        let calendar = calendar.trim_end_matches(".ics").to_owned();
        let request = json!({"token": "acme-maria"}).to_string();
        let login = ask(
            &world.socket(Who::Operator),
            "POST",
            "/v1/logins",
            "application/json",
            &request,
        )
        .await;
        let login: Value = serde_json::from_slice(&login.body).expect("a login");
        let ticket = last_part(login["url"].as_str().expect("a link"));
        let click = ask(&world.web(), "POST", &format!("/login/{ticket}"), FORM, "").await;
        let state = form_field(
            click.header("location").split_once('?').expect("a query").1,
            "state",
        );
        let path = format!("/login/callback?state={state}&error=access_denied");
        let returned = ask(&world.web(), "GET", &path, FORM, "").await;
        let result = last_part(returned.header("location"));
        let deletion = signed_request(deletion_payload().as_bytes());
        let form = format!("signed_request={deletion}");
        let asked = ask(
            &world.web(),
            "POST",
            "/webhooks/acme/data-deletion",
            FORM,
            &form,
        )
        .await;
        let asked: Value = serde_json::from_slice(&asked.body).expect("a confirmation");
        let deletion = asked["confirmation_code"]
            .as_str()
            .expect("a code")
            .to_owned();
        // The state of a click that is still open.
        let click = ask(&world.web(), "POST", &format!("/login/{ticket}"), FORM, "").await;
        let state = form_field(
            click.header("location").split_once('?').expect("a query").1,
            "state",
        );
        let file = world.into_file();
        Self {
            world: World::open(&file),
            file,
            known: vec![
                ("{ticket}", ticket),
                ("{state}", state),
                ("{result}", result),
                ("{deletion}", deletion),
                ("{calendar}", calendar),
                ("{verify}", VERIFY_TOKEN.to_owned()),
            ],
        }
    }

    fn connection(&self, input: &[u8]) -> Vec<u8> {
        let mut input = input.to_vec();
        for (name, value) in &self.known {
            input = replaced(&input, name, value.as_bytes());
        }
        connection(&input, |head, body| {
            let body = with_signed_requests(body);
            let signature = format!("sha256={}", hex(&mac(&body)));
            (replaced(head, "{signature}", signature.as_bytes()), body)
        })
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// Of a person whom the inventory does not know.
fn deletion_payload() -> String {
    json!({"user_id": "4711", "algorithm": "HMAC-SHA256", "issued_at": NOW - 60}).to_string()
}

async fn ask(router: &axum::Router, method: &str, path: &str, kind: &str, body: &str) -> Exchange {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let mut exchanges = converse(router.clone(), request.into_bytes()).await;
    exchanges.pop().expect("an answer")
}

fn last_part(address: &str) -> String {
    address.rsplit('/').next().unwrap_or_default().to_owned()
}

fn form_field(form: &str, name: &str) -> String {
    let mut fields = form_urlencoded::parse(form.as_bytes());
    let found = fields.find(|(key, _)| key == name);
    found
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn with_signed_requests(body: &[u8]) -> Vec<u8> {
    const BEGIN: &[u8] = b"<signed ";
    let Some(at) = position(body, BEGIN) else {
        return body.to_vec();
    };
    let (before, rest) = body.split_at(at);
    let rest = &rest[BEGIN.len()..];
    let end = position(rest, b">").unwrap_or(rest.len());
    let signed = signed_request(&rest[..end]);
    let after = rest.get(end + 1..).unwrap_or_default();
    [before, signed.as_bytes(), after].concat()
}

fn signed_request(payload: &[u8]) -> String {
    let payload = URL_SAFE_NO_PAD.encode(payload);
    let tag = URL_SAFE_NO_PAD.encode(mac(payload.as_bytes()));
    format!("{tag}.{payload}")
}

fn mac(message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).expect("a key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check(exchange: &Exchange, sent: &[u8]) {
    exchange.assert_no_failure();
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(exchange.header(name), value, "{exchange:?}");
    }
    assert!(
        exchange
            .header("content-security-policy")
            .starts_with("default-src 'none';")
    );
    assert!(!exchange.header("cache-control").is_empty());
    // A challenge may be anything that the input has.
    for secret in [APP_SECRET, VERIFY_TOKEN, inventory::key_text()] {
        assert!(
            contains(sent, secret) || !exchange.shows(secret),
            "{exchange:?}"
        );
    }
    let location = exchange.header("location");
    let leads_home = location.is_empty() || location.starts_with(&format!("{PUBLIC_URL}/"));
    let leads_to_meta = location.starts_with(&format!("{}/", FACEBOOK.dialog_url));
    assert!(leads_home || leads_to_meta, "{location}");
    if exchange.header("content-type").starts_with("text/html") {
        let page = exchange.body.to_ascii_lowercase();
        assert!(
            !contains(&page, "<fuzz") && !contains(&page, "<script"),
            "{exchange:?}"
        );
    }
    check_signature(exchange);
}

/// Whether what was taken as Meta's is Meta's, by another implementation of the same rules.
fn check_signature(exchange: &Exchange) {
    let path = exchange.uri.path();
    if exchange.status != StatusCode::OK || !path.starts_with("/webhooks/") {
        return;
    }
    if exchange.method != Method::POST {
        let query = exchange.uri.query().unwrap_or_default();
        assert_eq!(form_field(query, "hub.verify_token"), VERIFY_TOKEN);
        assert_eq!(form_field(query, "hub.mode"), "subscribe");
        return;
    }
    let app = path.split('/').nth(2).unwrap_or_default();
    assert!(app == "acme" || app.contains('%'), "{app}");
    if path.matches('/').count() == 2 {
        let header = exchange.sent_headers.get("x-hub-signature-256");
        let header = header
            .and_then(|header| header.to_str().ok())
            .unwrap_or_default();
        let signature = header.strip_prefix("sha256=").unwrap_or_default();
        assert_eq!(
            signature.to_ascii_lowercase(),
            hex(&mac(&exchange.sent)),
            "{exchange:?}"
        );
        return;
    }
    let form = form_urlencoded::parse(&exchange.sent);
    let mut requests = form.filter(|(name, _)| name == "signed_request");
    let (_, request) = requests.next().expect("a signed request");
    let (tag, payload) = request.split_once('.').expect("a signature");
    let tag = URL_SAFE_NO_PAD.decode(tag.trim_end_matches('='));
    assert_eq!(
        tag.expect("base64"),
        mac(payload.as_bytes()),
        "{exchange:?}"
    );
}
