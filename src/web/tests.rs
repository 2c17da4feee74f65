//! One client cannot crowd out the others.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::rate_limit::Rate;
use super::server::{Limits, serve_within};
use super::*;
use crate::http::{self, Backend, Shares};
use crate::inventory::{self, Inventory};
use crate::secret::Key;

struct House {
    address: SocketAddr,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<&'static str>,
    _folder: tempfile::TempDir,
}

impl House {
    async fn open(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inventory = inventory::Settings::of_file(
            &folder.path().join("inventory.db"),
            Key::generate().unwrap(),
        );
        let listen = ListenAddress::Tcp("127.0.0.1:0".parse().unwrap());
        let listener = bind(&listen).await.unwrap();
        let settings = Settings {
            listen,
            public_url: "https://tokens.example.com".to_owned(),
            webhook_verify_token: None,
            sender: Sender::default(),
            language: Language::English,
            timezone: TimeZone::UTC,
            logins: login::Settings::default(),
        };
        let backend = Backend {
            inventory: Inventory::open(&inventory).unwrap(),
            new_work: watch::Sender::default(),
            journal: watch::Sender::default(),
            clock: Arc::new(|| Timestamp::UNIX_EPOCH),
            forecasts: http::Forecasts::channel().0,
        };
        let current = Current {
            settings,
            app_signatures: AppSignatures::default(),
        };
        let address = listener.address().unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve_within(
            listener,
            backend,
            watch::channel(current).1,
            limits,
            stop.clone(),
        ));
        Self {
            address,
            stop,
            task,
            _folder: folder,
        }
    }

    async fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn get(&self, path: &str) -> String {
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        self.send(&head).await
    }
}

#[tokio::test]
async fn a_caller_over_the_rate_limit_learns_how_long_to_wait() {
    let house = House::open(Limits {
        each: Rate {
            at_once: 3.0,
            per_second: 0.001,
        },
        ..Limits::default()
    })
    .await;
    for _ in 0..3 {
        assert!(house.get("/login/x").await.starts_with("HTTP/1.1 404 "));
    }
    let answer = house.get("/login/x").await;
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
    for header in [
        "retry-after: 60",
        "cache-control: no-store",
        "x-frame-options: DENY",
    ] {
        assert!(answer.contains(header), "{header} is not in {answer}");
    }
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let house = House::open(Limits {
        connections: http::Limits {
            head: Duration::from_millis(20),
            ..Limits::default().connections
        },
        ..Limits::default()
    })
    .await;
    let answer = house.send("GET /login/x HTTP/1.1\r\nHost:").await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408 "),
        "{answer}"
    );
}

#[tokio::test]
async fn what_is_not_in_the_table_does_not_exist_whatever_the_method() {
    let house = House::open(Limits::default()).await;
    for line in [
        "DELETE /login/x",
        "PUT /login/callback",
        "POST /login/result/x",
        "GET /metrics",
        "OPTIONS /",
    ] {
        let request = format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = house.send(&request).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{line}: {answer}");
        assert!(
            answer.ends_with("There is nothing here.\n"),
            "{line}: {answer}"
        );
    }
}

#[tokio::test]
async fn it_stops_when_asked_and_its_address_is_free_again() {
    let house = House::open(Limits::default()).await;
    house.stop.cancel();
    house.task.await.unwrap();
    assert!(TcpStream::connect(house.address).await.is_err());
}

#[tokio::test]
async fn a_peer_that_gets_no_slot_is_refused_at_once() {
    let house = House::open(Limits {
        connections: http::Limits {
            shares: Shares {
                common: 3,
                each: 2,
                reserved: 0,
            },
            ..Limits::default().connections
        },
        ..Limits::default()
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        stream
            .write_all(b"GET /login/x HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        stream.read_u8().await.unwrap();
        held.push(stream);
    }
    let answer = house.get("/login/x").await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
    assert!(answer.ends_with("in a few minutes.\n"), "{answer}");
    drop(held);
    while !house.get("/login/x").await.starts_with("HTTP/1.1 404 ") {}
}

#[tokio::test]
async fn a_body_that_is_too_large_is_read_on_so_that_the_answer_arrives() {
    let house = House::open(Limits::default()).await;
    let body = "x".repeat(200 * 1024);
    let request = format!(
        "POST /login/callback HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert!(house.send(&request).await.starts_with("HTTP/1.1 404 "));
}
