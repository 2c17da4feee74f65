//! What a client sends on the socket: a letter for who it is, a line break, and the requests of one connection. Rules: no
//! answer is an error of the daemon; each is JSON as it says; a secret is shown only to who may read it, by the one call
//! for that, and is recorded; who may only look changes nothing; a token that is handed in is not repeated.

#![no_main]

use std::cell::RefCell;

use axum::http::{Method, StatusCode};
use libfuzzer_sys::fuzz_target;
use perennial_fuzz::http::{Exchange, converse};
use perennial_fuzz::inventory;
use perennial_fuzz::text::{connection, position};
use perennial_fuzz::world::{Who, World, may_be_read, run};
use serde_json::Value;

thread_local! {
    static SOCKET: RefCell<Option<Socket>> = const { RefCell::new(None) };
}

struct Socket {
    world: World,
    /// Each token of the inventory with its secret.
    secrets: Vec<(String, String)>,
}

fuzz_target!(|input: &[u8]| {
    let (Some(letter), Some(input)) = (input.first(), input.get(2..)) else {
        return;
    };
    let who = match letter % 3 {
        0 => Who::Reader,
        1 => Who::Operator,
        _ => Who::Viewer,
    };
    let sent = connection(input, |head, body| (head.to_vec(), body.to_vec()));
    SOCKET.with_borrow_mut(|socket| {
        let mut open = socket.take().unwrap_or_else(Socket::new);
        let exchanges = run(converse(open.world.socket(who), sent.clone()));
        for exchange in &exchanges {
            open.check(who, exchange);
            assert_not_repeated(exchange, &sent);
        }
        // Each input finds the same inventory.
        if open.world.has_changed() {
            open.world = run(async { World::open(&inventory::FILE) });
        }
        *socket = Some(open);
    });
});

impl Socket {
    fn new() -> Self {
        run(async {
            let world = World::open(&inventory::FILE);
            let router = world.socket(Who::Root);
            let listed = converse(router.clone(), get("/v1/tokens?limit=1000")).await;
            let listed: Value = serde_json::from_slice(&listed[0].body).expect("a list");
            let tokens = listed["tokens"].as_array().expect("tokens");
            let mut secrets = Vec::new();
            for token in tokens {
                let name = token["name"].as_str().expect("a name").to_owned();
                let path = format!("/v1/tokens/{name}/secret");
                let read = converse(router.clone(), get(&path)).await;
                let read: Value = serde_json::from_slice(&read[0].body).expect("JSON");
                // A dead token is not given out.
                if let Some(secret) = read["access_token"].as_str() {
                    secrets.push((name, secret.to_owned()));
                }
            }
            assert!(secrets.len() >= 10, "{} secrets", secrets.len());
            Self {
                world: World::open(&inventory::FILE),
                secrets,
            }
        })
    }

    fn check(&self, who: Who, exchange: &Exchange) {
        exchange.assert_no_failure();
        assert_is_what_it_says(exchange);
        for (name, secret) in self
            .secrets
            .iter()
            .filter(|(_, secret)| exchange.shows(secret))
        {
            let may = who == Who::Reader && may_be_read(name);
            let asks = exchange.method == Method::GET && exchange.uri.path().ends_with("/secret");
            assert!(
                may && asks,
                "{who:?} is shown the secret of {name} by {}",
                exchange.uri
            );
            assert!(self.world.has_changed(), "{name} was read without a record");
            assert!(!secret.is_empty());
        }
        let reads = matches!(exchange.method, Method::GET | Method::HEAD);
        if who == Who::Viewer && !reads {
            assert!(exchange.status.as_u16() >= 400, "{exchange:?}");
        }
    }
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes()
}

fn assert_is_what_it_says(exchange: &Exchange) {
    let kind = exchange.header("content-type");
    if exchange.method == Method::HEAD || exchange.body.is_empty() {
        return;
    }
    let is_error =
        exchange.status.as_u16() >= 400 && exchange.status != StatusCode::SERVICE_UNAVAILABLE;
    if is_error {
        assert_eq!(kind, "application/problem+json", "{exchange:?}");
    }
    match kind {
        "application/problem+json" => {
            let problem: Value = serde_json::from_slice(&exchange.body).expect("JSON");
            assert_eq!(problem["status"], exchange.status.as_u16(), "{problem}");
            let is_told =
                |field: &str| problem[field].as_str().is_some_and(|text| !text.is_empty());
            assert!(
                is_told("type") && is_told("title") && is_told("detail"),
                "{problem}"
            );
        }
        "application/json" => {
            serde_json::from_slice::<Value>(&exchange.body).expect("JSON");
        }
        _ => {}
    }
}

/// A token that occurs nowhere else in what was sent.
fn assert_not_repeated(exchange: &Exchange, sent: &[u8]) {
    let Ok(request) = serde_json::from_slice::<Value>(&exchange.sent) else {
        return;
    };
    let Some(token) = request["access_token"]
        .as_str()
        .filter(|token| token.starts_with("EAA") && token.len() >= 12)
    else {
        return;
    };
    let first = position(sent, token.as_bytes());
    let again = first.is_some_and(|at| position(&sent[at + 1..], token.as_bytes()).is_some());
    if first.is_some() && !again {
        assert!(!exchange.shows(token), "{exchange:?}");
    }
}
