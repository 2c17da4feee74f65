//! No peer can block the socket for the others: not with slow, large or many requests, and not by never reading.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::world::{CANARY, Served, World, received};
use crate::api::state::Limits;
use crate::http::{self, Shares};

const ALIVE: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Returns the answer to one request, and leaves the connection open.
async fn head(stream: &mut UnixStream) -> String {
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(answer).unwrap()
}

const ALIVE_ONCE: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// The user of the test, which is also the daemon's.
fn of_one_user(reserved: usize) -> Shares {
    Shares {
        common: 0,
        each: 0,
        reserved,
    }
}

fn connections(change: impl FnOnce(&mut http::Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits.connections);
    limits
}

fn hurried() -> Limits {
    let moment = Duration::from_millis(250);
    Limits {
        body: moment,
        ..connections(|limits| {
            limits.head = moment;
            limits.stall = moment;
            limits.shutdown = moment;
        })
    }
}

async fn is_alive(served: &Served) -> bool {
    served.client.text("/healthz").await.is_ok()
}

#[tokio::test]
async fn a_slow_head_is_hung_up_on() {
    let world = World::new();
    let served = world.serve_within(hurried());
    assert_eq!(
        served.send(b"GET /healthz HTTP/1.1\r\nhost: local").await,
        ""
    );
    assert_eq!(served.send(b"").await, "");
    assert!(is_alive(&served).await);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let world = World::new();
    let served = world.serve_within(hurried());
    assert!(served.send(ALIVE).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn a_slow_body_is_refused() {
    let world = World::new();
    let served = world.serve_within(hurried());
    let request =
        b"POST /v1/tokens HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                    content-length: 100\r\n\r\n{\"app\":";
    let answer = served.send(request).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(
        answer.contains("urn:perennial:problem:too-slow"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_gets_a_clear_error_however_it_is_sent() {
    let world = World::new();
    let served = world.serve();
    let (head, size) = (
        "POST /v1/tokens HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\n",
        10 << 20,
    );
    let body = CANARY.repeat(size / CANARY.len());
    for request in [
        format!("{head}content-length: {}\r\n\r\n{body}", body.len()),
        format!(
            "{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        ),
        format!("{head}expect: 100-continue\r\ncontent-length: 99999\r\n\r\n"),
        format!("{head}content-length: 99999999999\r\n\r\n"),
    ] {
        let answer = served.send(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(
            answer.contains("urn:perennial:problem:too-large"),
            "{answer}"
        );
        assert!(!answer.contains(CANARY));
    }
}

#[tokio::test]
async fn what_is_not_http_is_hung_up_on() {
    let world = World::new();
    let served = world.serve();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"HELO\r\n\r\n",
        &[b'A'; 200_000],
    ] {
        let mut stream = served.connect().await;
        // The server may close the connection before it has read everything.
        stream.write_all(bytes).await.ok();
        let answer = received(&mut stream).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{answer}"
        );
    }
    assert!(is_alive(&served).await);
}

#[tokio::test]
async fn a_peer_that_gets_no_slot_is_refused_at_once_and_gets_the_next_free_one() {
    let world = World::new();
    let served = world.serve_within(connections(|limits| limits.shares = of_one_user(2)));
    let mut first = served.connect().await;
    let mut second = served.connect().await;
    for stream in [&mut first, &mut second] {
        stream.write_all(ALIVE).await.unwrap();
        head(stream).await;
    }
    let mut third = served.connect().await;
    third.write_all(ALIVE).await.unwrap();
    let answer = received(&mut third).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
    assert!(
        answer.contains("urn:perennial:problem:too-many-connections"),
        "{answer}"
    );
    // The server notices a moment later that the first connection has ended.
    first.shutdown().await.unwrap();
    received(&mut first).await;
    while !served.send(ALIVE_ONCE).await.starts_with("HTTP/1.1 200 ") {}
}

#[tokio::test]
async fn a_connection_that_is_never_idle_is_closed_when_its_time_is_over() {
    let world = World::new();
    let served = world.serve_within(connections(|limits| {
        limits.age = Duration::from_millis(250);
    }));
    let mut stream = served.connect().await;
    let mut answers = 0;
    while stream.write_all(ALIVE).await.is_ok() {
        let mut first = [0; 1];
        if stream.read(&mut first).await.unwrap_or(0) == 0 {
            break;
        }
        head(&mut stream).await;
        let mut body = [0; 14];
        stream.read_exact(&mut body).await.unwrap();
        answers += 1;
    }
    assert!(answers > 0);
    assert!(is_alive(&served).await);
}

#[tokio::test]
async fn followers_are_counted_apart_and_are_not_too_many() {
    let world = World::new();
    let served = world.serve_within(Limits {
        followers: of_one_user(2),
        ..connections(|limits| limits.shares = of_one_user(1))
    });
    let follow = b"GET /v1/events?follow=true HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut followers = Vec::new();
    for _ in 0..2 {
        let mut stream = served.connect().await;
        stream.write_all(follow).await.unwrap();
        let head = head(&mut stream).await;
        assert!(
            head.starts_with("HTTP/1.1 200 ") && head.contains("connection: close"),
            "{head}"
        );
        followers.push(stream);
    }
    let answer = served
        .client
        .text("/v1/events?follow=true")
        .await
        .unwrap_err();
    assert!(
        answer.to_string().contains("follows the journal 2 times"),
        "{answer}"
    );
    assert!(is_alive(&served).await);
}

#[tokio::test]
async fn a_peer_that_never_reads_loses_its_slot() {
    let world = World::new();
    for index in 0..200 {
        world
            .import(&format!("acme-{index:0>90}"), &format!("EAA{index}"))
            .await;
    }
    let served = world.serve_within(connections(|limits| {
        limits.shares = of_one_user(1);
        limits.stall = Duration::from_millis(50);
    }));
    let mut deaf = served.connect().await;
    let ask = b"GET /v1/tokens?limit=1000 HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(20);
    deaf.write_all(&ask).await.unwrap();
    while !is_alive(&served).await {}
    let received = received(&mut deaf).await;
    assert!(
        received.starts_with("HTTP/1.1 200 "),
        "it was answered before it was cut off"
    );
}

#[tokio::test]
async fn an_open_request_is_finished_when_the_daemon_stops() {
    let world = World::new();
    let served = world.serve();
    let mut stream = served.connect().await;
    let body = "{\"app\":\"acme\",\"name\":\"late\",\"access_token\":\"EAAlate\"}";
    let head = format!(
        "POST /v1/tokens HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    self::head(&mut stream).await;
    served.stop.cancel();
    stream.write_all(body.as_bytes()).await.unwrap();
    assert!(received(&mut stream).await.starts_with("HTTP/1.1 201 "));
    served.server.await.unwrap();
    assert!(!world.socket().exists());
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_keep_the_daemon() {
    let world = World::new();
    let served = world.serve_within(connections(|limits| {
        limits.shutdown = Duration::from_millis(50);
    }));
    let mut stream = served.connect().await;
    let head = b"POST /v1/tokens HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                 expect: 100-continue\r\ncontent-length: 100\r\n\r\n";
    stream.write_all(head).await.unwrap();
    self::head(&mut stream).await;
    served.stop.cancel();
    served.server.await.unwrap();
    assert_eq!(received(&mut stream).await, "");
}

/// As Python's http.client does it: it sends the head, then the body, and reads only after that.
#[tokio::test]
async fn a_refused_request_is_read_to_its_end_before_the_connection_closes() {
    let world = World::new();
    let served = world.serve();
    let body = vec![b'x'; 4 << 20];
    for (request, status) in [
        ("POST /v1/nothing", "404"),
        ("PUT /v1/status", "405"),
        ("POST /v1/tokens", "415"),
        ("POST /v1/tokens/nobody/check", "404"),
        ("GET /v1/status?x=1", "400"),
    ] {
        let mut stream = served.connect().await;
        let head = format!(
            "{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        for piece in body.chunks(64 * 1024) {
            stream.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        let answer = received(&mut stream).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_refused_request_whose_body_never_comes_is_answered_at_once_and_ended() {
    let world = World::new();
    let served = world.serve_within(hurried());
    let request = b"POST /v1/nothing HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{";
    assert!(served.send(request).await.starts_with("HTTP/1.1 404 "));
    assert!(is_alive(&served).await);
}
