//! One client cannot crowd out the others.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::rate_limit::Rate;
use super::server::{Limits, serve_within};
use super::*;
use crate::http::{self, Backend, Shares};
use crate::inventory::{self, Inventory};
use crate::model::{Forecast, ForeseenLogin};
use crate::secret::Key;

struct House {
    current: watch::Sender<Current>,
    address: SocketAddr,
    inventory: Inventory,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<&'static str>,
    folder: tempfile::TempDir,
}

impl House {
    async fn open(limits: Limits) -> Self {
        Self::open_with(limits, http::Forecasts::channel().0).await
    }

    async fn open_with(limits: Limits, forecasts: http::Forecasts) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = inventory::Settings::of_file(
            &folder.path().join("inventory.db"),
            Key::generate().unwrap(),
        );
        let inventory = Inventory::open(&settings).unwrap();
        let listen = ListenAddress::Tcp("127.0.0.1:0".parse().unwrap());
        let listener = bind(&listen).await.unwrap();
        let settings = Settings {
            listen,
            public_url: "https://tokens.example.com".to_owned(),
            webhook_verify_token: None,
            sender: Sender {
                company: "Acme & Sons".to_owned(),
                contact: "help@acme.example".to_owned(),
            },
            language: Language::English,
            timezone: TimeZone::UTC,
            logins: login::Settings::default(),
        };
        let backend = Backend {
            inventory: inventory.clone(),
            new_work: watch::Sender::default(),
            journal: watch::Sender::default(),
            clock: Arc::new(|| Timestamp::UNIX_EPOCH),
            forecasts,
        };
        let current = Current {
            settings,
            app_signatures: AppSignatures::default(),
        };
        let (current, watched) = watch::channel(current);
        let address = listener.address().unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve_within(
            listener,
            backend,
            watched,
            limits,
            stop.clone(),
        ));
        Self {
            current,
            address,
            inventory,
            stop,
            task,
            folder,
        }
    }

    async fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// Names the calendar of a person. Returns its path.
    async fn calendar(&self, person: &'static str) -> String {
        let url = "https://tokens.example.com";
        let named = self
            .inventory
            .write(move |tx| tx.name_calendar("acme", person, url));
        let address = named.await.unwrap();
        address.trim_start_matches(url).to_owned()
    }

    /// As a browser asks.
    async fn open_page(&self, path: &str, language: &str) -> String {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/html,*/*;q=0.8\r\nAccept-Language: {language}\r\n\
             Connection: close\r\n\r\n"
        );
        self.send(&head).await
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
    assert!(answer.contains("in a few minutes.\n"), "{answer}");
    assert!(answer.ends_with("noch einmal.\n"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let length = format!("content-length: {}", body.len());
    assert!(head.contains(&length), "{answer}");
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

#[tokio::test]
async fn a_calendar_for_which_no_forecast_is_made_is_to_be_asked_for_again() {
    let house = House::open(Limits::default()).await;
    let path = house.calendar("7").await;
    let answer = house.get(&path).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    for header in ["retry-after: 60", "cache-control: no-store"] {
        assert!(answer.contains(header), "{header} is not in {answer}");
    }
}

/// Answers every question with one login.
fn one_login() -> http::Forecasts {
    let (forecasts, mut orders) = http::Forecasts::channel();
    let end = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(90 * 24);
    let forecast = Forecast {
        logins: vec![ForeseenLogin {
            by: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(60 * 24),
            person: "7".to_owned(),
            name: None,
            app: "acme".to_owned(),
            tokens: 1,
            pages: 0,
            round: 1,
        }],
        ..Forecast::of_nothing(Timestamp::UNIX_EPOCH, end)
    };
    let forecast = Arc::new(forecast);
    tokio::spawn(async move {
        while let Some(order) = orders.recv().await {
            order.answer.send(Ok(Arc::clone(&forecast))).unwrap();
        }
    });
    forecasts
}

#[tokio::test]
async fn a_calendar_is_served_while_the_inventory_cannot_be_written() {
    let house = House::open_with(Limits::default(), one_login()).await;
    let path = house.calendar("7").await;
    let file = house.folder.path().join("inventory.db");
    let other = rusqlite::Connection::open(file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let locked = house.get(&path).await;
    other.execute_batch("ROLLBACK").unwrap();
    let free = house.get(&path).await;
    for answer in [locked, free] {
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(
            answer.contains("\r\nUID:login-acme-7-1@perennial\r\n"),
            "{answer}"
        );
        assert!(answer.contains("\r\nSEQUENCE:0\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_browser_gets_short_answers_as_pages_in_its_language() {
    let house = House::open(Limits {
        each: Rate {
            at_once: 4.0,
            per_second: 0.001,
        },
        ..Limits::default()
    })
    .await;
    let german = house.open_page("/favicon.ico", "de-AT").await;
    let english = house.open_page("/", "fr, *;q=0.5").await;
    for (answer, expected) in [
        (&german, "Unter dieser Adresse gibt es nichts"),
        (&german, "<html lang=\"de\">"),
        (&german, "Wenden Sie sich an help@acme.example"),
        (&english, "There is nothing at this address"),
        (&english, "Acme &amp; Sons"),
        (&english, "Questions? Ask help@acme.example"),
    ] {
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
        assert!(
            answer.contains("content-type: text/html; charset=utf-8"),
            "{answer}"
        );
        assert!(answer.contains("cache-control: no-store"), "{answer}");
        assert!(answer.contains(expected), "{expected} is not in {answer}");
    }
    let calendar = house.calendar("7").await;
    let unavailable = house.open_page(&calendar, "de").await;
    assert!(unavailable.starts_with("HTTP/1.1 503 "), "{unavailable}");
    assert!(unavailable.contains("retry-after: 60"), "{unavailable}");
    assert!(
        unavailable.contains("Das geht im Moment nicht"),
        "{unavailable}"
    );
    house.get("/").await;

    let limited = house.open_page("/login/x", "de").await;
    assert!(limited.starts_with("HTTP/1.1 429 "), "{limited}");
    assert!(limited.contains("retry-after: 60"), "{limited}");
    assert!(limited.contains("Zu viele Aufrufe auf einmal"), "{limited}");
    let program = house.get("/login/x").await;
    assert!(
        program.ends_with("Too many requests. Try again in a minute.\n"),
        "{program}"
    );
    let style = house.get("/login/style.css").await;
    assert!(style.starts_with("HTTP/1.1 200 "), "it is counted: {style}");
}

#[tokio::test]
async fn short_pages_follow_a_reload() {
    let house = House::open(Limits::default()).await;
    let before = house.open_page("/", "en").await;
    assert!(before.contains("Acme &amp; Sons"), "{before}");
    house.current.send_modify(|current| {
        "Beta".clone_into(&mut current.settings.sender.company);
    });
    let after = house.open_page("/", "en").await;
    assert!(after.contains("Beta") && !after.contains("Acme"), "{after}");
}
