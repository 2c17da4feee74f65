//! Posts to a receiver on loopback that answers as the test says.

use std::net::SocketAddr;

use jiff::SignedDuration;
use reqwest::dns::{Addrs, Name, Resolving};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;
use crate::secret::Secret;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// Long enough for a busy machine.
const PATIENT: Duration = Duration::from_secs(20);

/// Answers one request with these bytes, and returns the request. It then closes the connection.
async fn receiver(answer: String) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let request = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = String::new();
        let mut buffer = [0; 4096];
        while !is_complete(&request) {
            let count = stream.read(&mut buffer).await.unwrap();
            request.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
        }
        // A client that has read enough closes early.
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
        request
    });
    (address, request)
}

fn is_complete(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let head = head.to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|l| l.strip_prefix("content-length: "));
    length.is_none_or(|length| body.len() == length.parse::<usize>().unwrap())
}

fn answer(head: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn address(url: &str) -> Address {
    Address::parse(&Secret::new(url), Reach::Public).unwrap()
}

/// Finds every name on this machine.
struct Hosts(SocketAddr);

impl Resolve for Hosts {
    fn resolve(&self, _: Name) -> Resolving {
        let found: Addrs = Box::new([self.0].into_iter());
        Box::pin(async move { Ok(found) })
    }
}

fn client(addresses: &[Address], found: SocketAddr) -> HttpPost {
    HttpPost::with(addresses, Arc::new(Hosts(found)), PATIENT).unwrap()
}

async fn post(client: &HttpPost, address: &Address) -> Result<Receipt, PostError> {
    let headers = [("webhook-id", "msg_1".to_owned())];
    client.post(address, &headers, b"{}".to_vec(), NOW).await
}

/// Posts to a receiver that answers with these bytes.
async fn answered(bytes: String) -> Result<Receipt, PostError> {
    let (here, _) = receiver(bytes).await;
    let address = address(&format!("http://{here}/services/canary"));
    post(&HttpPost::new(&[]).unwrap(), &address).await
}

#[tokio::test]
async fn a_message_arrives_with_its_headers_and_its_answer_is_the_receipt() {
    let (here, request) = receiver(answer("202 Accepted", "{\"status\":\"success\"}")).await;
    let address = address(&format!("http://{here}/services/key?wait=true"));
    let receipt = post(&HttpPost::new(&[]).unwrap(), &address).await.unwrap();
    assert_eq!(
        (receipt.status, &*receipt.body),
        (202, "{\"status\":\"success\"}")
    );
    let request = request.await.unwrap();
    assert!(request.starts_with("POST /services/key?wait=true HTTP/1.1\r\n"));
    for line in [
        "\r\nwebhook-id: msg_1\r\n",
        "\r\ncontent-type: application/json\r\n",
        "\r\nuser-agent: perennial/",
        "\r\n\r\n{}",
    ] {
        assert!(request.contains(line), "{line:?} in {request}");
    }
}

#[tokio::test]
async fn only_2xx_is_success_and_410_is_final() {
    let refused = |status: u16, reason: &str, seconds: Option<i64>| {
        Err(PostError::Refused {
            status,
            reason: reason.to_owned(),
            retry_after: seconds.map(SignedDuration::from_secs),
        })
    };
    let redirect = " (a redirect, which is not followed; configure the final URL)";
    for (head, body, expected) in [
        ("204 No Content", "", Ok(204)),
        ("410 Gone", "no longer", Err(PostError::Gone)),
        (
            "404 Not Found",
            "no_service",
            refused(404, " (no_service)", None),
        ),
        ("400 Bad Request", "token EAAcanary", refused(400, "", None)),
        ("500 Oops", "", refused(500, "", None)),
        (
            "302 Found\r\nLocation: http://127.0.0.1:1/",
            "",
            refused(302, redirect, None),
        ),
        (
            "429 Slow\r\nRetry-After: 30",
            "rate_limited",
            refused(429, " (rate_limited)", Some(30)),
        ),
        (
            "503 Busy\r\nRetry-After: Thu, 01 Jan 1970 00:02:00 GMT",
            "",
            refused(503, "", Some(120)),
        ),
    ] {
        let result = answered(answer(head, body)).await;
        assert_eq!(result.map(|receipt| receipt.status), expected, "{head}");
    }
}

#[tokio::test]
async fn a_long_answer_is_cut_and_a_broken_one_counts_once_the_message_was_accepted() {
    let receipt = answered(answer("200 OK", &"x".repeat(ROOM + 5_000))).await;
    assert_eq!(receipt.unwrap().body.len(), ROOM);
    let broken = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_owned();
    assert_eq!(answered(broken).await.unwrap().status, 200);
    let garbage = answered("250 Hello\r\n".to_owned()).await;
    assert!(
        matches!(garbage, Err(PostError::Unreachable(_))),
        "{garbage:?}"
    );
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap();
    let client = HttpPost::with(&[], Arc::new(SystemResolver), Duration::from_millis(50)).unwrap();
    let result = post(&client, &address(&format!("http://{here}/"))).await;
    assert_eq!(result, Err(PostError::TimedOut));
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_is_refused_unless_that_is_allowed() {
    let (here, request) = receiver(answer("200 OK", "")).await;
    // No certificate is needed to see whether a connection was made.
    let url = Secret::new(format!("https://hooks.example.com:{}/canary", here.port()));
    let public = Address::parse(&url, Reach::Public).unwrap();
    let refused = post(&client(std::slice::from_ref(&public), here), &public).await;
    assert_eq!(refused, Err(PostError::PrivateAddress));
    assert!(!request.is_finished(), "no connection was made");

    let private = Address::parse(&url, Reach::Private).unwrap();
    let allowed = post(&client(std::slice::from_ref(&private), here), &private).await;
    assert!(
        matches!(allowed, Err(PostError::Unreachable(_))),
        "{allowed:?}"
    );
    request.abort();
}

#[tokio::test]
async fn localhost_is_this_machine_and_nothing_else() {
    let (here, _) = receiver(answer("200 OK", "")).await;
    let address = address(&format!("http://localhost:{}/", here.port()));
    assert!(post(&client(&[], here), &address).await.is_ok());
    let elsewhere = client(&[], ([10, 0, 0, 1], here.port()).into());
    let refused = post(&elsewhere, &address).await;
    assert_eq!(refused, Err(PostError::PrivateAddress));
}

#[tokio::test]
async fn no_error_reveals_the_address_or_the_message() {
    let unbound = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = unbound.local_addr().unwrap();
    drop(unbound);
    let closed = address(&format!("http://{here}/services/canary"));
    let client = client(&[], here);
    let named = address("https://canary.example.com/services/canary");
    for error in [
        post(&client, &closed).await.unwrap_err(),
        post(&client, &named).await.unwrap_err(),
        answered(answer("400 Bad", "unknown address /services/canary"))
            .await
            .unwrap_err(),
        answered(answer(
            "301 Moved\r\nLocation: https://canary.example.com/",
            "",
        ))
        .await
        .unwrap_err(),
    ] {
        let text = format!("{error} {error:?}");
        assert!(!text.contains("canary"), "{text}");
        assert!(!text.contains(&here.to_string()), "{text}");
    }
}
